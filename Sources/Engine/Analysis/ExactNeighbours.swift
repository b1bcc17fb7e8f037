/// Every point's nearest others, found by comparing it with all.
///
/// Distances in blocks of points come from products, |x|^2 + |y|^2 - 2 x.y; those of the nearest are then computed from
/// the differences, so that equal points lie at exactly 0. Of equally near ones the first in order counts.
package struct ExactNeighbours: Sendable, Hashable {
  /// How far two points lie apart.
  package enum Metric: String, CaseIterable, Sendable, Hashable {
    case euclidean
    /// 1 - cos; a point of zeros lies at 1 from every other, at 0 from another of zeros.
    case cosine
  }

  /// Neighbours of a point.
  package let k: Int
  /// [n, k], the nearest first.
  package let indices: [Int32]
  /// [n, k], ascending.
  package let distances: [Double]

  /// Numbers in a block of distances.
  private static let blockSize = 1 << 22
  /// How many more than k are kept until their distances are exact.
  private static let margin = 8

  /// - Parameters:
  ///   - features: [n, d], row-major.
  ///   - k: Wanted neighbours; n - 1 where that is less.
  /// - Throws: `EngineError.specification` where the count of numbers is not n d; `EngineError.data` for one that is
  ///   not finite.
  package static func find(
    _ features: [Float], n: Int, d: Int, k: Int, metric: Metric = .euclidean
  ) throws -> ExactNeighbours {
    let matrix = try FeatureMatrix(features, n: n, d: d)
    return try find(matrix.rows(for: metric), n: n, width: d, k: k, metric: metric)
  }

  /// - Parameter rows: [n, width]; for `cosine` of length 1 or 0.
  static func find(_ rows: [Double], n: Int, width: Int, k: Int, metric: Metric) throws -> ExactNeighbours {
    let k = max(0, min(k, n - 1))
    var indices: [Int32] = []
    var distances: [Double] = []
    indices.reserveCapacity(n * k)
    distances.reserveCapacity(n * k)
    guard k > 0 else { return ExactNeighbours(k: k, indices: [], distances: []) }
    let isZero = metric == .cosine ? zeroRows(rows, n: n, width: width) : []
    let hasZero = isZero.contains(true)
    var nearest = NearestList(room: min(n - 1, k + margin))
    try squaredDistances(rows, n: n, width: width) { row, squares in
      nearest.removeAll()
      for other in 0..<n where other != row {
        // On the sphere |x - y|^2 is 2 (1 - cos).
        let square = hasZero && isZero[row] != isZero[other] ? 2 : squares[other]
        nearest.insert(square, other)
      }
      let exact = nearest.items.map { item -> NearestList.Item in
        if hasZero, isZero[row] != isZero[item.index] { return NearestList.Item(value: 1, index: item.index) }
        var square = 0.0
        for column in 0..<width {
          let difference = rows[row * width + column] - rows[item.index * width + column]
          square += difference * difference
        }
        return NearestList.Item(value: metric == .cosine ? square / 2 : square.squareRoot(), index: item.index)
      }
      for item in exact.sorted(by: <).prefix(k) {
        indices.append(Int32(item.index))
        distances.append(item.value)
      }
    }
    return ExactNeighbours(k: k, indices: indices, distances: distances)
  }

  private static func zeroRows(_ rows: [Double], n: Int, width: Int) -> [Bool] {
    (0..<n).map { row in rows[row * width..<(row + 1) * width].allSatisfy { $0 == 0 } }
  }

  /// Calls the body with every row and its squared distances from all rows, [n], in order.
  static func squaredDistances(
    _ rows: [Double], n: Int, width: Int, _ body: (_ row: Int, _ squares: UnsafeBufferPointer<Double>) throws -> Void
  ) throws {
    guard n > 0 else { return }
    let norms = (0..<n).map { row in rows[row * width..<(row + 1) * width].reduce(0) { $0 + $1 * $1 } }
    let block = max(1, min(n, blockSize / n))
    for start in stride(from: 0, to: n, by: block) {
      let end = min(n, start + block)
      var squares = [Double](repeating: 0, count: (end - start) * n)
      if width > 0 {
        squares = try rows.withUnsafeBufferPointer { rows in
          try LinearAlgebra.rowProducts(
            UnsafeBufferPointer(rebasing: rows[start * width..<end * width]), rows, width: width)
        }
      }
      try squares.withUnsafeMutableBufferPointer { squares in
        for row in start..<end {
          let line = UnsafeMutableBufferPointer(rebasing: squares[(row - start) * n..<(row - start + 1) * n])
          let norm = norms[row]
          norms.withUnsafeBufferPointer { norms in
            for other in 0..<n { line[other] = max(0, norm + norms[other] - 2 * line[other]) }
          }
          try body(row, UnsafeBufferPointer(line))
        }
      }
    }
  }
}

/// The smallest of the values that it is shown, in order; of equals the first by index.
private struct NearestList {
  struct Item: Comparable {
    let value: Double
    let index: Int

    static func < (left: Item, right: Item) -> Bool {
      left.value == right.value ? left.index < right.index : left.value < right.value
    }
  }

  let room: Int
  private(set) var items: [Item] = []

  init(room: Int) {
    self.room = room
    items.reserveCapacity(room + 1)
  }

  mutating func removeAll() { items.removeAll(keepingCapacity: true) }

  /// Values have to come in the order of their indices.
  @inline(__always)
  mutating func insert(_ value: Double, _ index: Int) {
    if items.count == room, value >= items[room - 1].value { return }
    if items.count == room { items.removeLast() }
    var place = items.count
    while place > 0, value < items[place - 1].value { place -= 1 }
    items.insert(Item(value: value, index: index), at: place)
  }
}
