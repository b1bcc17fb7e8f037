/// A source tensor that was made for images, windows or patches of another size, and what was done to it.
public struct TensorResizing: Sendable, Hashable {
  public enum Kind: String, Sendable, Hashable {
    /// A position embedding: the class token's own stays, the patches' are interpolated.
    case positions
    /// A table of relative position biases.
    case relativePositions
    /// The filters of a patch embedding.
    case patchFilters

    /// Grids of a longer side are in no published weights: patches (images of 4,096 pixels in patches of 8), relative
    /// positions (windows of 128), pixels.
    private var longestSide: Int {
      switch self {
      case .positions: 512
      case .relativePositions: 255
      case .patchFilters: 64
      }
    }

    /// Whether tensors of these shapes differ in size alone; `from` and `to` are the sides of the two grids.
    func sides(from: [Int], to: [Int]) -> (from: Int, to: Int)? {
      guard let sides = grids(from, to), sides.from <= longestSide else { return nil }
      return sides
    }

    private func grids(_ from: [Int], _ to: [Int]) -> (from: Int, to: Int)? {
      switch self {
      case .positions:
        guard from.count == 3, to.count == 3, from[0] == 1, to[0] == 1, from[2] == to[2],
          let old = Self.root(from[1] - 1), let new = Self.root(to[1] - 1)
        else { return nil }
        return (old, new)
      case .relativePositions:
        guard from.count == 2, to.count == 2, from[1] == to[1], let old = Self.root(from[0]),
          let new = Self.root(to[0]), old % 2 == 1, new % 2 == 1
        else { return nil }
        return (old, new)
      case .patchFilters:
        guard from.count == 4, to.count == 4, from[..<2] == to[..<2], from[2] == from[3], to[2] == to[3],
          from[2] > 0, to[2] > 0
        else { return nil }
        return (from[2], to[2])
      }
    }

    /// The numbers of a tensor of the one shape as those of the other; nil where the shapes differ otherwise.
    package func resized(_ values: [Float], from: [Int], to: [Int]) -> [Float]? {
      guard let sides = sides(from: from, to: to), values.count == from.reduce(1, *) else { return nil }
      switch self {
      case .positions:
        let width = from[2]
        let matrix = GridResampling.bicubic(from: sides.from, to: sides.to)
        return Array(values.prefix(width))
          + GridResampling.apply(matrix, to: values.dropFirst(width), channels: width)
      case .relativePositions:
        let matrix = GridResampling.relativePositions(from: sides.from, to: sides.to)
        return GridResampling.apply(matrix, to: values, channels: from[1])
      case .patchFilters:
        let matrix = GridResampling.patchFilters(from: sides.from, to: sides.to)
        let area = sides.from * sides.from
        return stride(from: 0, to: values.count, by: area).flatMap { start in
          GridResampling.apply(matrix, to: values[start..<(start + area)], channels: 1)
        }
      }
    }

    /// The whole number whose square it is, from 1 on.
    private static func root(_ square: Int) -> Int? {
      guard square >= 1, square <= 1 << 40 else { return nil }
      let root = Int(Double(square).squareRoot().rounded())
      return root * root == square ? root : nil
    }
  }

  public let name: String
  public let kind: Kind
  /// The side of the source's grid: patches, relative positions or pixels.
  public let from: Int
  public let to: Int

  /// For logs and records.
  public var text: String {
    switch kind {
    case .positions: "\(name): bicubic from \(from) x \(from) to \(to) x \(to) patches"
    case .relativePositions:
      "\(name): linear from windows of \((from + 1) / 2) to windows of \((to + 1) / 2), distances spread geometrically"
    case .patchFilters: "\(name): by the pseudoinverse of bicubic interpolation from patches of \(from) to \(to) pixels"
    }
  }
}

extension NetworkTensor {
  /// How a source tensor of another size is brought to this one's; nil where only the same shape will do.
  var resizing: TensorResizing.Kind? {
    switch role {
    case .patchWeight: .patchFilters
    case _ where name == "pos_embed": .positions
    case _ where name.hasSuffix(".relative_position_bias_table"): .relativePositions
    default: nil
    }
  }
}

extension StateDict {
  /// Source weights with the tensors resized that belong to another size of image, window or patch.
  ///
  /// What does not fit otherwise stays as it is: `Network.checkSource` names it.
  public func fitted(to network: any Network) throws -> (weights: StateDict, resized: [TensorResizing]) {
    var wanted: [String: NetworkTensor] = [:]
    for tensor in network.tensors { wanted[tensor.name] = tensor }
    var weights = StateDict()
    var resized: [TensorResizing] = []
    for entry in entries {
      guard let tensor = wanted[entry.name], tensor.shape != entry.shape, let kind = tensor.resizing,
        let sides = kind.sides(from: entry.shape, to: tensor.shape),
        let values = kind.resized(entry.values, from: entry.shape, to: tensor.shape)
      else {
        try weights.append(entry.name, shape: entry.shape, values: entry.values)
        continue
      }
      try weights.append(entry.name, shape: tensor.shape, values: values)
      resized.append(TensorResizing(name: entry.name, kind: kind, from: sides.from, to: sides.to))
    }
    return (weights, resized)
  }
}
