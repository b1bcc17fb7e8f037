import Foundation

/// A vote of nearest neighbours among a network's features: every image is judged by the labelled images whose features
/// point most nearly the same way (Wu et al., *Unsupervised Feature Learning via Non-Parametric Instance Discrimination*,
/// CVPR 2018, and the study's released code: 200 neighbours, each counting exp(cosine / 0.1)).
public struct NearestNeighbours {
  /// How many neighbours vote; all of the bank where that has fewer.
  public static let neighbours = 200
  static let temperature = 0.1

  /// Unit vectors [count, width], and the class of each; or where images may show several, what each shows.
  private let bank: Tensor
  private let labels: [Int]
  private let targets: [Float]?
  private let classes: Int

  /// The features of every image of a source, without augmentation.
  ///
  /// - Throws: `EngineError.data` where the source has no images, and what the source throws.
  public init(
    _ network: any Network, on source: any ImageSource, batchSize: Int = 64, device: Device = .cpu
  ) throws {
    let (values, width) = try Self.features(network, of: source, batchSize: batchSize, device: device)
    bank = try Tensor(values, shape: [source.count, width], device: device)
    labels = source.labels
    targets = source.targets
    classes = source.classes
  }

  /// The share of the vote that each class has for each image of a source: [count x classes], row-major. Where images may
  /// show several classes, each class's share is of the votes of those neighbours of which it is known; 0 where of none.
  public func probabilities(
    _ network: any Network, on source: any ImageSource, batchSize: Int = 64, device: Device = .cpu
  ) throws -> [Float] {
    let (values, width) = try Self.features(network, of: source, batchSize: batchSize, device: device)
    let bankSize = bank.shape.first ?? 0
    var probabilities: [Float] = []
    for start in stride(from: 0, to: source.count, by: batchSize) {
      let end = min(source.count, start + batchSize)
      let rows = Array(values[start * width..<end * width])
      let cosines = try Native.recording(false) {
        try Tensor(rows, shape: [end - start, width], device: device).linear(bank, bias: nil).values()
      }
      for row in 0..<(end - start) {
        probabilities += vote(cosines[row * bankSize..<(row + 1) * bankSize])
      }
    }
    return probabilities
  }

  /// The classes' shares of the vote of the nearest; of equally near ones the first in the bank's order count.
  private func vote(_ cosines: ArraySlice<Float>) -> [Float] {
    let first = cosines.startIndex
    let nearest = cosines.indices.sorted { cosines[$0] == cosines[$1] ? $0 < $1 : cosines[$0] > cosines[$1] }
      .prefix(Self.neighbours)
    var votes = [Double](repeating: 0, count: classes)
    // Relative to the nearest, so that nothing overflows; shares do not change by it.
    let peak = nearest.first.map { Double(cosines[$0]) } ?? 0
    var totals = votes
    for index in nearest {
      let weight = exp((Double(cosines[index]) - peak) / Self.temperature)
      guard let targets else {
        votes[labels[index - first]] += weight
        continue
      }
      for label in 0..<classes where targets[(index - first) * classes + label] >= 0 {
        totals[label] += weight
        if targets[(index - first) * classes + label] > 0.5 { votes[label] += weight }
      }
    }
    if targets != nil { return zip(votes, totals).map { $1 > 0 ? Float($0 / $1) : 0 } }
    let total = votes.reduce(0, +)
    return votes.map { Float($0 / total) }
  }

  /// What the head is given for every image, as unit vectors [count x width], row-major.
  private static func features(
    _ network: any Network, of source: any ImageSource, batchSize: Int, device: Device
  ) throws -> (values: [Float], width: Int) {
    guard source.count > 0 else { throw EngineError.data("no images to take features of") }
    var values: [Float] = []
    var width = 0
    try Native.recording(false) {
      for start in stride(from: 0, to: source.count, by: batchSize) {
        let batch = try source.batch(Array(start..<min(source.count, start + batchSize)), draws: nil, on: device)
        let features = try network.features(batch.tensor(on: device))
        width = features.shape.last ?? 0
        values += try features.values()
      }
    }
    for row in 0..<source.count {
      let range = row * width..<(row + 1) * width
      let length = values[range].reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
      for index in range { values[index] = length > 0 ? Float(Double(values[index]) / length) : 0 }
    }
    return (values, width)
  }
}

extension Network {
  /// What the head is given for images [n, 3, h, w]: [n, width], batch norms at their running statistics.
  ///
  /// - Throws: `EngineError.specification` for a network whose head is no linear layer.
  public func features(_ images: Tensor) throws -> Tensor {
    guard let input = tensors.lazy.compactMap(\.headInput).first else {
      throw EngineError.specification("this network has no head whose input could be taken as features")
    }
    input.isWatched = true
    defer { (input.isWatched, input.tensor) = (false, nil) }
    _ = try self(images, pass: .evaluation)
    guard let features = input.tensor else { throw EngineError.native("the head was given nothing") }
    return features
  }
}
