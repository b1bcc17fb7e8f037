/// Everything that a training's result depends on besides its data and first weights.
public struct TrainingOptions: Sendable, Codable, Hashable {
  /// Passes over the training images; at least 1.
  public var epochs: Int
  /// Images a step. A training set of fewer images is one batch of all of them.
  public var batchSize: Int
  public var optimizer: AdamWOptions
  /// What moves the learning rate, in order: a warm-up, then a plateau rule; either may be left out.
  public var schedule: [ScheduleStage]
  /// The greatest global norm of the gradients; nil clips nothing.
  public var gradientClip: Double?
  /// Epochs between validations; a fraction validates within epochs. The last step is always validated.
  public var validateEvery: Double
  /// The cell's seed: data order and augmentation draw from streams of it.
  public var seed: UInt64
  /// Images at a time in validation; it changes no more than the last digits.
  public var evaluationBatchSize: Int

  public init(
    epochs: Int, batchSize: Int, optimizer: AdamWOptions = AdamWOptions(), schedule: [ScheduleStage] = [],
    gradientClip: Double? = 1, validateEvery: Double = 1, seed: UInt64, evaluationBatchSize: Int = 64
  ) {
    self.epochs = epochs
    self.batchSize = batchSize
    self.optimizer = optimizer
    self.schedule = schedule
    self.gradientClip = gradientClip
    self.validateEvery = validateEvery
    self.seed = seed
    self.evaluationBatchSize = evaluationBatchSize
  }
}

/// AdamW: Loshchilov & Hutter, *Decoupled Weight Decay Regularization*, ICLR 2019. Weight decay acts on neither biases nor
/// other tensors of one axis.
public struct AdamWOptions: Sendable, Codable, Hashable {
  public var rate: Double
  public var weightDecay: Double
  public var beta1: Double
  public var beta2: Double
  public var epsilon: Double

  public init(
    rate: Double = 1e-4, weightDecay: Double = 1e-5, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8
  ) {
    self.rate = rate
    self.weightDecay = weightDecay
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
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
    expect(optimizer.rate > 0 && optimizer.rate.isFinite, "lr is \(optimizer.rate); give a number above 0")
    expect(
      optimizer.weightDecay >= 0 && optimizer.weightDecay.isFinite,
      "weight_decay is \(optimizer.weightDecay); give 0 or more")
    expect((0..<1).contains(optimizer.beta1) && (0..<1).contains(optimizer.beta2), "betas must lie in [0, 1)")
    expect(optimizer.epsilon > 0, "the optimizer's eps is \(optimizer.epsilon); give a number above 0")
    if let gradientClip { expect(gradientClip > 0, "gradient_clip is \(gradientClip); give a number above 0, or none") }
    faults += LearningRateSchedule.faults(schedule)
    guard faults.isEmpty else { throw EngineError.specification("training: " + faults.joined(separator: "; ")) }
  }
}
