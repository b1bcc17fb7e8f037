/// How a network's tensors get their first values. The head is fresh in all of them.
public enum Initialisation: Sendable {
  /// Everything drawn as the backbone's library draws it.
  case random
  /// Tensors of depth up to `upTo` from the source; of the others, every one of a Linear or Conv2d drawn from a normal
  /// distribution of the source tensor's mean and standard deviation, norms reset, and class token, position embedding
  /// and relative position biases as `positional` says. This is the study's WT-ST-n.
  case transfer(StateDict, upTo: Int, positional: Positional = .kept)

  /// What becomes of a tensor that belongs to places in the image and not to a layer of numbers.
  public enum Positional: Sendable, Hashable {
    /// It stays the source's, as in the study's released code, whatever its depth.
    case kept
    /// It is drawn as a linear tensor is, where its depth asks for statistics.
    case sampled
  }

  /// Statistics transfer: no tensor's depth is -2.
  public static func statistics(_ source: StateDict, positional: Positional = .kept) -> Initialisation {
    .transfer(source, upTo: -2, positional: positional)
  }

  /// Weight transfer.
  public static func weights(_ source: StateDict) -> Initialisation { .transfer(source, upTo: .max) }
}

/// What an initialisation did to one tensor.
public struct TensorInitialisation: Sendable, Codable, Hashable {
  public enum Treatment: Sendable, Codable, Hashable {
    /// The source's values.
    case kept
    /// N(mean, standardDeviation), of the source's tensor.
    case sampled(mean: Double, standardDeviation: Double)
    /// A norm's identity: scale and variance 1, shift and mean 0.
    case reset
    /// Drawn as the library does, or a constant that it begins with.
    case fresh
  }

  public let name: String
  /// Where it stands from input to output, as `NetworkTensor.depth`; nil for a head.
  public let depth: Int?
  /// How many numbers it holds.
  public let count: Int
  public let treatment: Treatment

  init(_ entry: NetworkTensor, treatment: Treatment) {
    name = entry.name
    depth = entry.isHead ? nil : entry.depth
    count = entry.shape.reduce(1, *)
    self.treatment = treatment
  }
}

extension Initialisation {
  /// Fills the network's tensors. Each draws from a stream of the seed and its own name, so a tensor's draw depends on
  /// neither the other tensors nor on which others are drawn at all: the mixtures of one seed are nested, each tensor that
  /// two of them sample being the same in both. What the stream gives is scaled by the source tensor's own moments, so a
  /// draw follows the content of the source and never the place of its file.
  ///
  /// - Parameters:
  ///   - source: What the source weights are, for messages: a file's path.
  ///   - purpose: Begins the names of the streams.
  /// - Returns: What was done to each tensor, in the order of the state dict.
  /// - Throws: `EngineError.data` where source weights do not fit the network.
  @discardableResult
  public func apply(
    to network: any Network, seed: UInt64, source: String = "the source weights", purpose: String = "init"
  ) throws -> [TensorInitialisation] {
    switch self {
    case .random: break
    case .transfer(let weights, _, _): try network.checkSource(weights, what: source)
    }
    return try network.tensors.map { entry in
      var draws = RandomStream(seed: seed, purpose: "\(purpose)/\(entry.name)")
      let (values, treatment) = self.values(for: entry, family: network.family, draws: &draws)
      try entry.tensor.write(values)
      return TensorInitialisation(entry, treatment: treatment)
    }
  }

  private func values(for entry: NetworkTensor, family: NetworkFamily, draws: inout RandomStream)
    -> (values: [Float], treatment: TensorInitialisation.Treatment)
  {
    switch self {
    case .transfer(let source, let depth, let positional):
      guard !entry.isHead, let original = source[entry.name] else { break }
      if entry.depth <= depth { return (original.values, .kept) }
      switch entry.role {
      case .normScale, .runningVariance: return ([Float](repeating: 1, count: original.values.count), .reset)
      case .normShift, .runningMean: return ([Float](repeating: 0, count: original.values.count), .reset)
      case .embedding where positional == .kept, .biasTable where positional == .kept:
        return (original.values, .kept)
      case .linearWeight, .linearBias, .convolutionWeight, .convolutionBias, .patchWeight, .patchBias, .embedding,
        .biasTable:
        let (mean, deviation) = Self.moments(original.values)
        let values = Self.normal(original.values.count, mean: mean, deviation: deviation, draws: &draws)
        return (values, .sampled(mean: mean, standardDeviation: deviation))
      }
    case .random: break
    }
    return (FreshValues.draw(entry, family: family, draws: &draws), .fresh)
  }

  /// The mean and the unbiased standard deviation over all values; a single value has deviation 0.
  static func moments(_ values: [Float]) -> (mean: Double, standardDeviation: Double) {
    guard values.count > 1 else { return (values.first.map(Double.init) ?? 0, 0) }
    let mean = values.reduce(0.0) { $0 + Double($1) } / Double(values.count)
    let squares = values.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) }
    return (mean, (squares / Double(values.count - 1)).squareRoot())
  }

  static func normal(_ count: Int, mean: Double, deviation: Double, draws: inout RandomStream) -> [Float] {
    [Float](unsafeUninitializedCapacity: count) { buffer, filled in
      draws.fillNormal(UnsafeMutableBufferPointer(rebasing: buffer[..<count]), mean: mean, sd: deviation)
      filled = count
    }
  }
}
