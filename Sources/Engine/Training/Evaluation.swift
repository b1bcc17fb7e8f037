import Foundation

/// What a network says of every image of a source, in the source's order.
public struct Evaluation: Sendable {
  /// [count x classes], row-major.
  public let logits: [Float]
  public let labels: [Int]
  /// Where images may show several classes: [count x classes] as the source has them, and `labels` is empty.
  public let targets: [Float]?
  public let classes: Int

  /// The mean cross-entropy, every image and class that is known counting the same; NaN for no images.
  public private(set) var loss: Double

  /// softmax(logits), or sigmoid(logits) where an image may show several classes; [count x classes], row-major.
  public let probabilities: [Float]

  init(logits: [Float], labels: [Int], classes: Int) {
    self.logits = logits
    self.labels = labels
    targets = nil
    self.classes = classes
    var probabilities = [Float](repeating: 0, count: logits.count)
    var total = 0.0
    for (row, label) in labels.enumerated() {
      let scores = logits[row * classes..<(row + 1) * classes]
      let peak = Double(scores.max() ?? 0)
      var sum = 0.0
      for score in scores { sum += exp(Double(score) - peak) }
      for (column, score) in scores.enumerated() {
        probabilities[row * classes + column] = Float(exp(Double(score) - peak) / sum)
      }
      total += log(sum) + peak - Double(scores[scores.startIndex + label])
    }
    self.probabilities = probabilities
    loss = labels.isEmpty ? .nan : total / Double(labels.count)
  }

  /// - Parameter targets: 1, 0, or below 0 for unknown, for each class of each image, [count x classes].
  init(logits: [Float], targets: [Float], classes: Int) {
    self.logits = logits
    labels = []
    self.targets = targets
    self.classes = classes
    probabilities = logits.map { Float(1 / (1 + exp(-Double($0)))) }
    var total = 0.0
    var known = 0
    for (logit, target) in zip(logits, targets) where target >= 0 {
      known += 1
      // log(1 + e^x) - x t, without e^x of a large x.
      let x = Double(logit)
      total += max(x, 0) - x * Double(target) + log1p(exp(-x.magnitude))
    }
    loss = known == 0 ? .nan : total / Double(known)
  }

  /// Of three outputs a class, (absent, present, unknown): the probability is that of present where unknown is left out, and
  /// the loss the mean cross-entropy of all three, as Irvin et al., *CheXpert*, AAAI 2019, have it.
  ///
  /// - Parameter answers: [count x classes x 3].
  package init(answers: [Float], targets: [Float], classes: Int) {
    var logits: [Float] = []
    var total = 0.0
    for (entry, target) in targets.enumerated() {
      let scores = answers[(3 * entry)..<(3 * entry + 3)].map { Double($0) }
      logits.append(answers[3 * entry + 1] - answers[3 * entry])
      let peak = scores.max() ?? 0
      total += log(scores.reduce(0) { $0 + exp($1 - peak) }) + peak - scores[BatchLoss.answer(target)]
    }
    self.init(logits: logits, targets: targets, classes: classes)
    loss = targets.isEmpty ? .nan : total / Double(targets.count)
  }

  /// Shows every image to the network, without augmentation, its batch norms at their running statistics.
  ///
  /// - Throws: `EngineError.data` where the source has no images or labels the network has no class for, and what the
  ///   source throws.
  public static func of(
    _ network: any Network, on source: any ImageSource, batchSize: Int = 64, device: Device = .cpu
  ) throws -> Evaluation {
    guard source.count > 0 else { throw EngineError.data("no images to evaluate on") }
    var logits: [Float] = []
    try Native.recording(false) {
      try source.forEachBatch(of: batchSize, on: device) { _, images in
        logits += try network(images, pass: .evaluation).values()
      }
    }
    return try of(logits: logits, of: source)
  }

  /// What logits say of every image of a source, [count x outputs] in the source's order.
  ///
  /// - Throws: `EngineError.data` where they are not those of a network for the source's labels.
  package static func of(logits: [Float], of source: any ImageSource) throws -> Evaluation {
    let classes = source.count > 0 ? logits.count / source.count : 0
    if let targets = source.targets {
      if source.learnsUnknown, logits.count == 3 * targets.count {
        return Evaluation(answers: logits, targets: targets, classes: classes / 3)
      }
      guard targets.count == logits.count, !source.learnsUnknown else {
        throw EngineError.data("\(targets.count) targets for the \(logits.count) logits of \(source.count) images")
      }
      return Evaluation(logits: logits, targets: targets, classes: classes)
    }
    let labels = source.labels
    guard labels.allSatisfy({ (0..<classes).contains($0) }) else {
      throw EngineError.data("labels go up to \(labels.max() ?? 0), but the network has \(classes) classes")
    }
    return Evaluation(logits: logits, labels: labels, classes: classes)
  }
}

extension ImageBatch {
  /// The pixels as [count, channels, height, width].
  package func tensor(on device: Device) throws -> Tensor {
    if let prepared { return prepared.tensor }
    return try Tensor(pixels, shape: [count, shape.channels, shape.height, shape.width], device: device)
  }
}
