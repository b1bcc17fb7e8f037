/// First values as the backbones' libraries draw them.
enum FreshValues {
  static func draw(_ entry: NetworkTensor, family: NetworkFamily, draws: inout RandomStream) -> [Float] {
    let count = entry.shape.reduce(1, *)
    switch entry.role {
    case .normScale, .runningVariance: return [Float](repeating: 1, count: count)
    case .normShift, .runningMean: return [Float](repeating: 0, count: count)
    case .embedding, .biasTable: return truncatedNormal(count, draws: &draws)
    case .convolutionWeight:
      // torchvision's ResNet: Kaiming normal by the fan out, for rectifiers (He et al. 2015).
      let fanOut = entry.shape[0] * entry.shape[2] * entry.shape[3]
      return Initialisation.normal(count, mean: 0, deviation: (2 / Double(fanOut)).squareRoot(), draws: &draws)
    case .convolutionBias: return [Float](repeating: 0, count: count)
    case .patchWeight, .patchBias:
      // timm leaves the patch embedding at torch's default for convolutions: uniform within 1 / sqrt(fan in).
      return uniform(count, fanIn: entry.fanIn, draws: &draws)
    case .linearWeight, .linearBias:
      switch family {
      case .residual:
        // torch's default for Linear, weight and bias alike: uniform within 1 / sqrt(fan in).
        return uniform(count, fanIn: entry.fanIn, draws: &draws)
      case .transformer:
        // timm's vision transformer, its head included: normal weights of deviation 0.02, biases zero.
        return entry.role == .linearWeight ? truncatedNormal(count, draws: &draws) : [Float](repeating: 0, count: count)
      case .narrowTransformer:
        guard entry.role == .linearWeight else { return [Float](repeating: 0, count: count) }
        let deviation = 1 / Double(max(1, entry.fanIn)).squareRoot()
        return Initialisation.normal(count, mean: 0, deviation: deviation, draws: &draws)
      }
    }
  }

  /// N(0, 0.02). The libraries call it truncated, but cut at -2 and 2 as values, a hundred deviations out: never.
  private static func truncatedNormal(_ count: Int, draws: inout RandomStream) -> [Float] {
    Initialisation.normal(count, mean: 0, deviation: 0.02, draws: &draws)
  }

  private static func uniform(_ count: Int, fanIn: Int, draws: inout RandomStream) -> [Float] {
    let bound = 1 / Double(max(1, fanIn)).squareRoot()
    return [Float](unsafeUninitializedCapacity: count) { buffer, filled in
      draws.fillUniform(UnsafeMutableBufferPointer(rebasing: buffer[..<count]), low: -bound, high: bound)
      filled = count
    }
  }
}
