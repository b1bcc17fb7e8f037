/// What a training makes small.
public enum LossFunction: Sendable, Codable, Hashable {
  /// The mean over images of -log softmax(logits)[class], each counting its class's weight (torch's `cross_entropy`).
  case crossEntropy(weights: ClassWeights = .equal)
  /// The mean over images and classes of the cross-entropy of sigmoid(logits) with targets of 0 or 1 (torch's
  /// `binary_cross_entropy_with_logits`), for images that may show several classes. Sources then give `targets`.
  case binaryCrossEntropy
}

/// What each class counts in the training loss.
public enum ClassWeights: Sendable, Codable, Hashable {
  case equal
  /// Images / (classes x images of the class), as scikit-learn's `balanced`; 0 for a class without images.
  case balanced
  /// One a class.
  case given([Double])

  /// The weights for a training set; nil where every image counts the same.
  ///
  /// - Throws: `EngineError.specification` where there is not one for each class.
  func values(labels: [Int], classes: Int) throws -> [Float]? {
    switch self {
    case .equal: return nil
    case .balanced:
      var counts = [Int](repeating: 0, count: classes)
      for label in labels where counts.indices.contains(label) { counts[label] += 1 }
      return counts.map { $0 == 0 ? 0 : Float(Double(labels.count) / (Double(classes) * Double($0))) }
    case .given(let weights):
      guard weights.count == classes else {
        throw EngineError.specification(
          "class_weights names \(weights.count) weights, and the data set has \(classes) classes; give one for each")
      }
      return weights.map(Float.init)
    }
  }
}

/// The loss of a batch, its weights on the training's device.
struct BatchLoss {
  private let function: LossFunction
  private let weights: Tensor?
  private let device: Device

  /// - Parameter training: The source whose labels balanced weights are counted from.
  init(_ function: LossFunction, training: any ImageSource, device: Device) throws {
    self.function = function
    self.device = device
    switch function {
    case .crossEntropy(let classWeights):
      let values = try classWeights.values(labels: training.labels, classes: training.classes)
      weights = try values.map { try Tensor($0, shape: [$0.count], device: device) }
    case .binaryCrossEntropy: weights = nil
    }
  }

  /// - Throws: `EngineError.data` where the batch's labels or targets are not the network's classes.
  func callAsFunction(_ logits: Tensor, _ batch: ImageBatch) throws -> Tensor {
    let classes = logits.shape.last ?? 0
    switch function {
    case .crossEntropy:
      guard batch.labels.allSatisfy({ (0..<classes).contains($0) }) else {
        throw EngineError.data("labels go up to \(batch.labels.max() ?? 0), but the network has \(classes) classes")
      }
      return try logits.crossEntropy(Tensor(labels: batch.labels, device: device), weights: weights)
    case .binaryCrossEntropy:
      guard let targets = batch.targets, targets.count == batch.count * classes else {
        throw EngineError.data(
          "\(batch.targets?.count ?? 0) targets for \(batch.count) images, and the network has \(classes) classes")
      }
      return try logits.binaryCrossEntropy(Tensor(targets, shape: [batch.count, classes], device: device))
    }
  }
}
