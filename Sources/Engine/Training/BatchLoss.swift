/// What a batch's images show, on the training's device.
struct BatchAnswers {
  /// A class an image [n]; or, for images that may show several classes, targets of 0 or 1 [n, classes], or the answer of each
  /// [n classes] among absent, present and unknown.
  let values: Tensor
  /// What each target counts, [n, classes].
  let weights: Tensor?
}

/// The loss of a batch, its weights on the training's device.
struct BatchLoss {
  private let function: LossFunction
  private let weights: Tensor?
  /// For images that may show several classes.
  private let positiveWeights: [Float]?
  private let device: Device

  /// - Parameter training: The source whose labels balanced weights are counted from.
  init(_ function: LossFunction, training: any ImageSource, device: Device) throws {
    self.function = function
    self.device = device
    switch function {
    case .crossEntropy(let classWeights):
      let values = try classWeights.values(labels: training.labels, classes: training.classes)
      weights = try values.map { try Tensor($0, device: device) }
      positiveWeights = nil
    case .binaryCrossEntropy(let classWeights):
      weights = nil
      positiveWeights = try classWeights.positiveValues(targets: training.targets ?? [], classes: training.classes)
    case .threeWayCrossEntropy: (weights, positiveWeights) = (nil, nil)
    }
  }

  /// The cross-entropy by which every image counts the same.
  init(crossEntropyOn device: Device) {
    function = .crossEntropy()
    (weights, positiveWeights) = (nil, nil)
    self.device = device
  }

  /// - Parameter outputs: How many logits the network has for an image.
  /// - Throws: `EngineError.data` where the batch's labels or targets are not the network's classes.
  func answers(of batch: ImageBatch, outputs: Int) throws -> BatchAnswers {
    switch function {
    case .crossEntropy:
      guard batch.labels.allSatisfy({ (0..<outputs).contains($0) }) else {
        throw EngineError.data("labels go up to \(batch.labels.max() ?? 0), but the network has \(outputs) classes")
      }
      return BatchAnswers(values: try Tensor(labels: batch.labels, device: device), weights: nil)
    case .binaryCrossEntropy:
      guard let targets = batch.targets, targets.count == batch.count * outputs else {
        throw EngineError.data(
          "\(batch.targets?.count ?? 0) targets for \(batch.count) images, and the network has \(outputs) classes")
      }
      let shape = [batch.count, outputs]
      return BatchAnswers(
        values: try Tensor(targets.map { max($0, 0) }, shape: shape, device: device),
        weights: try Tensor(entryWeights(targets, outputs), shape: shape, device: device))
    case .threeWayCrossEntropy:
      guard let targets = batch.targets, 3 * targets.count == batch.count * outputs else {
        throw EngineError.data(
          "\(batch.targets?.count ?? 0) targets for \(batch.count) images, and the network has \(outputs) outputs, not three a class"
        )
      }
      return BatchAnswers(values: try Tensor(labels: targets.map(Self.answer), device: device), weights: nil)
    }
  }

  /// The loss of logits [n, outputs]: a number.
  func callAsFunction(_ logits: Tensor, _ answers: BatchAnswers) throws -> Tensor {
    switch function {
    case .crossEntropy: try logits.crossEntropy(answers.values, weights: weights)
    case .binaryCrossEntropy: try logits.binaryCrossEntropy(answers.values, weights: answers.weights)
    case .threeWayCrossEntropy: try logits.reshaped([answers.values.count, 3]).crossEntropy(answers.values)
    }
  }

  /// The answer of a target among absent, present and unknown.
  static func answer(_ target: Float) -> Int { target < 0 ? 2 : target > 0.5 ? 1 : 0 }

  /// What each target of a batch counts, so that the mean over all is the mean over what is known.
  private func entryWeights(_ targets: [Float], _ classes: Int) -> [Float] {
    let known = targets.count { $0 >= 0 }
    let share = Float(Double(targets.count) / Double(max(known, 1)))
    return targets.enumerated().map { index, target in
      target < 0 ? 0 : target > 0.5 ? share * (positiveWeights?[index % classes] ?? 1) : share
    }
  }
}
