/// How a network whose weights were learned on three colours takes images of one.
public enum Stem: String, Sendable, Hashable, CaseIterable {
  /// Grey images are shown in all three channels.
  case three
  /// The stem keeps its filters of the first channel, red, unscaled: as the study's released code does.
  case first
  /// The stem's filters are summed over the channels: what three equal channels come to.
  case sum
  /// The stem's filters are averaged over the channels.
  case mean

  /// Filters [out, 3, k, k] as filters [out, 1, k, k].
  func reduced(_ filters: StateDict.Entry) -> [Float] {
    let outputs = filters.shape[0]
    let area = filters.shape[2] * filters.shape[3]
    return (0..<(outputs * area)).map { place in
      let (output, pixel) = (place / area, place % area)
      let channels = (0..<3).map { Double(filters.values[(output * 3 + $0) * area + pixel]) }
      switch self {
      case .three, .first: return Float(channels[0])
      case .sum: return Float(channels[0] + channels[1] + channels[2])
      case .mean: return Float((channels[0] + channels[1] + channels[2]) / 3)
      }
    }
  }
}

extension StateDict {
  /// Weights of a network of three channels as those of the same network of one: the stem is reduced, all else kept.
  public func withStem(_ stem: Stem, for network: any Network) throws -> StateDict {
    var shapes: [String: [Int]] = [:]
    for tensor in network.tensors { shapes[tensor.name] = tensor.shape }
    var weights = StateDict()
    for entry in entries {
      guard let shape = shapes[entry.name], shape.count == 4, shape[1] == 1, entry.shape.count == 4,
        entry.shape[1] == 3, shape != entry.shape
      else {
        try weights.append(entry.name, shape: entry.shape, values: entry.values)
        continue
      }
      try weights.append(
        entry.name, shape: [entry.shape[0], 1, entry.shape[2], entry.shape[3]], values: stem.reduced(entry))
    }
    return weights
  }
}
