/// Everything that a training's result depends on besides its data and first weights.
public struct TrainingOptions: Sendable, Codable, Hashable {
  /// Passes over the training images; at least 1.
  public var epochs: Int
  /// Images a step: at most as many as the training set has.
  public var batchSize: Int
  public var optimizer: OptimizerOptions
  public var loss: LossFunction
  /// What moves the learning rate, in order: a warm-up, then one of the other links; either may be left out.
  public var schedule: [ScheduleStage]
  /// The greatest global norm of the gradients; nil clips nothing.
  public var gradientClip: Double?
  /// Epochs between validations; a fraction validates within epochs. The last step is always validated.
  public var validateEvery: Double
  /// The cell's seed: data order and augmentation draw from streams of it.
  public var seed: UInt64
  /// Images at a time in validation; it changes no more than the last digits.
  public var evaluationBatchSize: Int
  /// Whether the weights of the best validation are kept; else the last.
  public var keepsBest: Bool
  /// Nil: every epoch is trained.
  public var earlyStopping: EarlyStopping?
  /// Whether the head alone is trained, batch norms keeping their running statistics.
  public var freezesBackbone: Bool
  /// Whether validations also judge the features by their nearest training images.
  public var judgesNeighbours: Bool
  public var precision: Precision

  public init(
    epochs: Int, batchSize: Int, optimizer: OptimizerOptions = OptimizerOptions(), loss: LossFunction = .crossEntropy(),
    schedule: [ScheduleStage] = [], gradientClip: Double? = 1, validateEvery: Double = 1, seed: UInt64,
    evaluationBatchSize: Int = 64, keepsBest: Bool = true, earlyStopping: EarlyStopping? = nil,
    freezesBackbone: Bool = false, judgesNeighbours: Bool = false, precision: Precision = .float32
  ) {
    self.epochs = epochs
    self.batchSize = batchSize
    self.optimizer = optimizer
    self.loss = loss
    self.schedule = schedule
    self.gradientClip = gradientClip
    self.validateEvery = validateEvery
    self.seed = seed
    self.evaluationBatchSize = evaluationBatchSize
    self.keepsBest = keepsBest
    self.earlyStopping = earlyStopping
    self.freezesBackbone = freezesBackbone
    self.judgesNeighbours = judgesNeighbours
    self.precision = precision
  }
}

extension TrainingOptions {
  /// - Throws: `EngineError.specification` naming every option that cannot be.
  func check() throws {
    var faults: [String] = []
    func expect(_ sound: Bool, _ text: String) { if !sound { faults.append(text) } }
    expect(epochs >= 1, "epochs is \(epochs); give 1 or more")
    expect(batchSize >= 1, "batch_size is \(batchSize); give 1 or more")
    expect(evaluationBatchSize >= 1, "the evaluation batch size is \(evaluationBatchSize); give 1 or more")
    expect(validateEvery > 0 && validateEvery.isFinite, "val_every is \(validateEvery); give a number above 0")
    if let gradientClip { expect(gradientClip > 0, "gradient_clip is \(gradientClip); give a number above 0, or none") }
    if let earlyStopping {
      expect(earlyStopping.patience >= 1, "early_stopping's patience is \(earlyStopping.patience); give 1 or more")
      expect(
        earlyStopping.minimumDelta >= 0, "early_stopping's min_delta is \(earlyStopping.minimumDelta); give 0 or more")
    }
    if case .given(let weights) = loss.classWeights {
      let isSound = weights.allSatisfy { $0 >= 0 && $0.isFinite } && weights.contains { $0 > 0 }
      expect(isSound, "class_weights are \(weights); give numbers of 0 or more, not all 0")
    }
    faults += optimizer.faults + ScheduleStage.faults(schedule)
    guard faults.isEmpty else { throw EngineError.specification("training: " + faults.joined(separator: "; ")) }
  }
}
