import Planner

/// How a cell stands.
public enum CellStanding: UInt8, Sendable, Hashable {
  case open, running, done
  /// One of its stages failed, or waits for one that did.
  case failed
}

/// Cells counted by how they stand.
public struct CellTally: Sendable, Hashable {
  public var all = 0
  public var done = 0
  public var running = 0
  public var failed = 0

  init() {}

  public init(_ states: [CellStanding]) {
    for state in states { add(state) }
  }

  mutating func add(_ state: CellStanding) {
    all += 1
    switch state {
    case .open: break
    case .running: running += 1
    case .done: done += 1
    case .failed: failed += 1
    }
  }

  /// Of each number the larger one.
  mutating func widen(to other: CellTally) {
    all = max(all, other.all)
    done = max(done, other.done)
    running = max(running, other.running)
    failed = max(failed, other.failed)
  }
}

/// The cells of a study counted along two of its axes.
public struct CellMatrix: Sendable, Hashable {
  /// One side: an axis and its values.
  public struct Side: Sendable, Hashable {
    public let axis: String
    public let values: [String]
  }

  public let rows: Side
  /// Nil where the cells have no second axis: then there is one column, which counts all of a row.
  public let columns: Side?
  public let whole: CellTally
  /// Of each row, all columns together; and the other way round.
  public let ofRow: [CellTally]
  public let ofColumn: [CellTally]
  private let entries: [CellTally]
  /// The largest numbers of each column.
  let widest: [CellTally]
  let widestOfRow: CellTally

  /// What cells without an axis are counted under.
  public static let absent = "-"

  /// - Parameters:
  ///   - states: Of each cell.
  ///   - rows: The axis whose values are the rows.
  ///   - columns: Nil for one column.
  public init(_ states: [CellStanding], rows: CellAxis, columns: CellAxis?) {
    let (rowSide, rowOf) = Self.side(rows)
    let (columnSide, columnOf) = columns.map { Self.side($0) } ?? (nil, [])
    let width = columnSide?.values.count ?? 1
    var whole = CellTally()
    var ofRow = [CellTally](repeating: CellTally(), count: rowSide.values.count)
    var ofColumn = [CellTally](repeating: CellTally(), count: width)
    var entries = [CellTally](repeating: CellTally(), count: rowSide.values.count * width)
    for (cell, state) in states.enumerated() {
      let (row, column) = (rowOf[cell], columnSide == nil ? 0 : columnOf[cell])
      whole.add(state)
      ofRow[row].add(state)
      ofColumn[column].add(state)
      entries[row * width + column].add(state)
    }
    var widest = ofColumn
    for (place, entry) in entries.enumerated() { widest[place % width].widen(to: entry) }
    self.rows = rowSide
    self.columns = columnSide
    self.whole = whole
    self.ofRow = ofRow
    self.ofColumn = ofColumn
    self.entries = entries
    self.widest = widest
    widestOfRow = whole
  }

  public subscript(row: Int, column: Int) -> CellTally { entries[row * ofColumn.count + column] }

  /// An axis with one value more where cells do not have it, and the value of each cell.
  private static func side(_ axis: CellAxis) -> (Side, [Int]) {
    let isWhole = axis.positions.allSatisfy { $0 >= 0 }
    let last = axis.values.count
    return (
      Side(axis: axis.name, values: axis.values + (isWhole ? [] : [absent])),
      axis.positions.map { $0 < 0 ? last : Int($0) }
    )
  }
}
