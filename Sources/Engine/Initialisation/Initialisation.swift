/// How a network's tensors get their first values. The head is fresh in all of them.
public enum Initialisation: Sendable {
  /// Everything drawn as the backbone's library draws it.
  case random
  /// Every tensor of a Linear or Conv2d drawn from a normal distribution of the source tensor's mean and standard
  /// deviation; norms reset; class token and position embedding kept, as in the study's released code.
  case statistics(StateDict)
  /// The source's weights.
  case weights(StateDict)
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
  public let treatment: Treatment
}

extension Initialisation {
  /// Fills the network's tensors. Each draws from a stream of the seed and its own name, so a tensor's draw depends on
  /// neither the other tensors nor on which others are drawn at all.
  ///
  /// - Parameter source: What the source weights are, for messages: a file's path.
  /// - Returns: What was done to each tensor, in the order of the state dict.
  /// - Throws: `EngineError.data` where source weights do not fit the network.
  @discardableResult
  public func apply(to network: any Network, seed: UInt64, source: String = "the source weights") throws
    -> [TensorInitialisation]
  {
    switch self {
    case .random: break
    case .statistics(let weights), .weights(let weights): try network.checkSource(weights, what: source)
    }
    return try network.tensors.map { entry in
      var draws = RandomStream(seed: seed, purpose: "init/\(entry.name)")
      let (values, treatment) = self.values(for: entry, family: network.family, draws: &draws)
      try entry.tensor.write(values)
      return TensorInitialisation(name: entry.name, treatment: treatment)
    }
  }

  private func values(for entry: NetworkTensor, family: NetworkFamily, draws: inout RandomStream)
    -> (values: [Float], treatment: TensorInitialisation.Treatment)
  {
    switch self {
    case .weights(let source):
      if !entry.isHead, let kept = source[entry.name] { return (kept.values, .kept) }
    case .statistics(let source):
      guard !entry.isHead, let original = source[entry.name] else { break }
      switch entry.role {
      case .normScale, .runningVariance: return ([Float](repeating: 1, count: original.values.count), .reset)
      case .normShift, .runningMean: return ([Float](repeating: 0, count: original.values.count), .reset)
      case .embedding, .biasTable: return (original.values, .kept)
      case .linearWeight, .linearBias, .convolutionWeight, .convolutionBias, .patchWeight, .patchBias:
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
