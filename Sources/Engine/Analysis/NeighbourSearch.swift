internal import CTorch

/// The k images of a bank whose features point most nearly the same way as a query's, by cosine, for many queries at
/// once.
///
/// The bank passes by once, in order, and is not kept: what a search holds grows with the queries and k alone. Where a
/// layer has a class token and patches there are three searches for two matrix products, since the product of joined
/// features is the sum of the products of their parts. Products are float32: similarities that differ by its rounding
/// alone may change places. Of equally near images the earlier in the bank counts as nearer; features of length 0, or
/// not finite, are at similarity 0 to everything.
package final class NeighbourSearch {
  /// Rows of the bank that are multiplied at once, whatever the batches they come in.
  private static let blockRows = 256

  package let parts: [FeaturePart]
  private let k: Int
  private let device: Device
  private let queries: UnitRows
  /// The rows of the bank that wait for their block to fill.
  private var pending = FeatureRows()
  /// How many rows of the bank were entered.
  private var position = 0
  /// [parts, queries, k], as `graft_keep_nearest` keeps them.
  private var nearest: [UInt64]

  /// - Throws: `EngineError.data` where there are no queries, `EngineError.specification` for a k below 1.
  package init(queries: FeatureRows, k: Int, device: Device = .cpu) throws {
    guard queries.count > 0 else { throw EngineError.data("no images to find the neighbours of") }
    guard k > 0 else { throw EngineError.specification("the \(k) nearest neighbours: give a number from 1 on") }
    parts = queries.parts
    self.k = k
    self.device = device
    self.queries = try UnitRows(queries, device: device)
    nearest = [UInt64](repeating: 0, count: parts.count * queries.count * k)
  }

  /// How many bytes a search holds, besides room of a fixed size that threads work in. `neighbours` gives out another
  /// 8 queries k for the part that it is asked for.
  ///
  /// - Parameters:
  ///   - width: Of all of a layer's features: twice d where a class token and patches have d each.
  ///   - parts: 1, or 3 for a class token and patches.
  package static func bytes(queries: Int, width: Int, k: Int, parts: Int) -> Int {
    let rows = MemoryLayout<Float>.size * (width + (parts > 1 ? 2 : 0))
    // A block waits as it came and is multiplied as unit rows.
    return queries * (rows + parts * k * MemoryLayout<UInt64>.size) + 2 * blockRows * rows
  }

  /// Enters the bank's next images.
  ///
  /// - Throws: `EngineError.specification` where their features are not as the queries' are.
  package func add(_ features: PooledFeatures) throws {
    var rows = FeatureRows()
    try rows.append(features)
    try add(rows)
  }

  package func add(_ rows: FeatureRows) throws {
    guard rows.widths == queries.widths else {
      throw EngineError.specification("a bank's features of widths \(rows.widths) for queries of \(queries.widths)")
    }
    var start = 0
    while start < rows.count {
      let end = min(rows.count, start + Self.blockRows - pending.count)
      try pending.append(rows, start..<end)
      if pending.count == Self.blockRows { try enterPending() }
      start = end
    }
  }

  private func enterPending() throws {
    guard pending.count > 0 else { return }
    let bank = try UnitRows(pending, device: device)
    let left = queries.tensors.map { OpaquePointer?($0.handle) }
    let right = bank.tensors.map { OpaquePointer?($0.handle) }
    try Native.check(
      graft_keep_nearest(
        left, right, Int64(left.count), queries.shares, bank.shares, Int64(position), Int64(k), &nearest))
    position += pending.count
    pending.removeAll()
  }

  /// The neighbours found so far; more of the bank may come after.
  ///
  /// - Throws: `EngineError.data` where nothing of a bank has come, `EngineError.specification` for a part that the
  ///   features do not have.
  package func neighbours(by part: FeaturePart) throws -> Neighbours {
    try enterPending()
    guard position > 0 else { throw EngineError.data("no images to find neighbours among") }
    guard let index = parts.firstIndex(of: part) else {
      throw EngineError.specification("these features have no part '\(part.rawValue)'")
    }
    let count = min(k, position)
    let size = queries.count * count
    var similarities = [Float](repeating: 0, count: size)
    var positions = [Int32](repeating: 0, count: size)
    try nearest.withUnsafeBufferPointer { state in
      let own = state.baseAddress.map { $0 + index * queries.count * k }
      try Native.check(
        graft_sort_nearest(own, Int64(queries.count), Int64(k), Int64(count), &similarities, &positions))
    }
    return Neighbours(
      queries: queries.count, count: count, bank: position, similarities: similarities, positions: positions)
  }
}

/// The neighbours of each query, the nearest first.
package struct Neighbours: Sendable, Hashable {
  package let queries: Int
  /// How many each has: k, or all of the bank where that has fewer.
  package let count: Int
  /// How many images they were found among.
  package let bank: Int
  /// Cosines, [queries, count].
  package let similarities: [Float]
  /// Where they stand in the bank, [queries, count].
  package let positions: [Int32]
}

/// Features as unit vectors on a device, each component by itself.
private struct UnitRows {
  let count: Int
  let widths: [Int]
  let tensors: [Tensor]
  /// Where there are two components: the length of each by that of both joined, [count, 2].
  let shares: [Float]

  init(_ rows: FeatureRows, device: Device) throws {
    count = rows.count
    widths = rows.widths
    var lengths: [[Double]] = []
    tensors = try rows.components.map { component in
      var length = [Double](repeating: 0, count: rows.count)
      let tensor = try Native.made {
        graft_unit_rows(component.values, Int64(rows.count), Int64(component.width), device.name, &length, &$0)
      }
      lengths.append(length)
      return tensor
    }
    guard lengths.count == 2 else {
      shares = []
      return
    }
    shares = zip(lengths[0], lengths[1]).flatMap { first, second in
      let joined = (first * first + second * second).squareRoot()
      return joined > 0 ? [Float(first / joined), Float(second / joined)] : [0, 0]
    }
  }
}
