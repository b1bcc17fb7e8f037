/// What a training makes small.
public enum LossFunction: Sendable, Codable, Hashable {
  /// The mean over images of -log softmax(logits)[class], each counting its class's weight (torch's `cross_entropy`).
  case crossEntropy(weights: ClassWeights = .equal)
  /// The mean over images and classes of the cross-entropy of sigmoid(logits) with targets of 0 or 1 (torch's
  /// `binary_cross_entropy_with_logits`), for images that may show several classes. Sources then give `targets`; what is
  /// below 0 is passed over. An image that shows a class counts that class's weight (torch's `pos_weight`).
  case binaryCrossEntropy(weights: ClassWeights = .equal)
  /// The mean over images and classes of -log softmax(absent, present, unknown)[target]: U-MultiClass of Irvin et al.,
  /// *CheXpert*, AAAI 2019. The network has three outputs a class.
  case threeWayCrossEntropy
}

extension LossFunction {
  var classWeights: ClassWeights {
    switch self {
    case .crossEntropy(let weights), .binaryCrossEntropy(let weights): weights
    case .threeWayCrossEntropy: .equal
    }
  }
}

/// What each class counts in the training loss.
public enum ClassWeights: Sendable, Codable, Hashable {
  case equal
  /// Images / (classes x images of the class), as scikit-learn's `balanced`; 0 for a class without images. Where images
  /// may show several classes: images without the class / images with it; 1 for a class without images.
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
    case .given(let weights): return try Self.checked(weights, classes: classes)
    }
  }

  /// What an image that shows a class counts for it; nil where every image counts the same.
  ///
  /// - Parameter targets: [image][class].
  /// - Throws: `EngineError.specification` where there is not one for each class.
  func positiveValues(targets: [Float], classes: Int) throws -> [Float]? {
    switch self {
    case .equal: return nil
    case .balanced:
      var present = [Int](repeating: 0, count: classes)
      var absent = present
      for (index, target) in targets.enumerated() where target >= 0 {
        if target > 0.5 { present[index % classes] += 1 } else { absent[index % classes] += 1 }
      }
      return zip(present, absent).map { $0 == 0 ? 1 : Float(Double($1) / Double($0)) }
    case .given(let weights): return try Self.checked(weights, classes: classes)
    }
  }

  private static func checked(_ weights: [Double], classes: Int) throws -> [Float] {
    guard weights.count == classes else {
      throw EngineError.specification(
        "class_weights names \(weights.count) weights, and the data set has \(classes) classes; give one for each")
    }
    return weights.map(Float.init)
  }
}
