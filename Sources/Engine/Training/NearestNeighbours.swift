/// A vote of nearest neighbours among a network's features: every image is judged by the labelled images whose features
/// point most nearly the same way.
public enum NearestNeighbours {
  /// The share of the vote that each class has for each image of a source: [count x classes], row-major. Where images may
  /// show several classes, each class's share is of the votes of those neighbours of which it is known; 0 where of none.
  ///
  /// - Parameter bank: The images that vote, with their labels. Neither they nor the source's are augmented.
  /// - Throws: `EngineError.data` where there are no images on either side, and what the sources throw.
  public static func probabilities(
    _ network: any Network, on source: any ImageSource, bank: any ImageSource, batchSize: Int = 64,
    device: Device = .cpu
  ) throws -> [Float] {
    let vote = NeighbourVote.standard
    var queries = FeatureRows()
    try forEachBatch(network, of: source, batchSize: batchSize, device: device) { try queries.append($0) }
    let search = try NeighbourSearch(queries: queries, k: min(vote.neighbours, max(1, bank.count)), device: device)
    try forEachBatch(network, of: bank, batchSize: batchSize, device: device) { try search.add($0) }
    let nearest = try search.neighbours(by: .all)
    guard let targets = bank.targets else {
      return try vote.shares(nearest, labels: bank.labels, classes: bank.classes)
    }
    return try vote.shares(nearest, targets: targets, classes: bank.classes)
  }

  /// What the head is given for the images of a source, batch by batch.
  private static func forEachBatch(
    _ network: any Network, of source: any ImageSource, batchSize: Int, device: Device,
    _ body: (PooledFeatures) throws -> Void
  ) throws {
    try Native.recording(false) {
      for start in stride(from: 0, to: source.count, by: batchSize) {
        let batch = try source.batch(Array(start..<min(source.count, start + batchSize)), draws: nil, on: device)
        try body(PooledFeatures(network.features(batch.tensor(on: device)), layout: .vector))
      }
    }
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
