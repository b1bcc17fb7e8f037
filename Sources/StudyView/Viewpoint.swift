import Planner

/// What of a study is looked at: which axes, and how far the matrix is scrolled.
public struct Viewpoint: Sendable, Hashable {
  /// Positions among the axes that can be shown; nil where there are not as many.
  public private(set) var rows: Int?
  public private(set) var columns: Int?
  /// The first row and column in sight.
  public private(set) var firstRow = 0
  public private(set) var firstColumn = 0
  /// Names of the axes of more than one value.
  private var choices: [String]

  /// What a key asks of whoever shows the view.
  public enum Wish: Sendable, Hashable {
    case nothing, end, readAgain, redraw
  }

  /// The first choice is what tells most: data sets, backbones and initialisations before options, fractions and seeds. Of the
  /// two the longer axis makes the rows, since a screen has more room for a name than for a column.
  public init(_ axes: [CellAxis]) {
    let choices = Self.choices(axes)
    let preferred = ["dataset", "backbone", "init"]
    let order =
      preferred.filter(choices.contains)
      + choices.filter { !preferred.contains($0) && !["fraction", "seed"].contains($0) }
      + ["fraction", "seed"].filter(choices.contains)
    self.choices = choices
    func count(_ name: String) -> Int { axes.first { $0.name == name }?.values.count ?? 0 }
    let pair = order.prefix(2).sorted { count($0) > count($1) }
    rows = pair.first.flatMap(choices.firstIndex)
    columns = pair.count > 1 ? choices.firstIndex(of: pair[1]) : nil
  }

  /// Shows these axes in place of those that it chose by itself; nil for no wish.
  public mutating func show(rows: String?, columns: String?) {
    for name in [rows, columns].compactMap(\.self) where !choices.contains(name) { choices.append(name) }
    let wanted = (rows.flatMap(choices.firstIndex), columns.flatMap(choices.firstIndex))
    // An axis that is asked for on one side is not there for the other.
    if wanted.1 == nil, let rows = wanted.0, self.columns == rows { self.columns = other(than: rows, self.rows) }
    if wanted.0 == nil, let columns = wanted.1, self.rows == columns { self.rows = other(than: columns, self.columns) }
    if let rows = wanted.0 { self.rows = rows }
    if let columns = wanted.1 { self.columns = columns }
    if self.rows == nil { (self.rows, self.columns) = (self.columns, nil) }
  }

  private func other(than taken: Int, _ first: Int?) -> Int? {
    if let first, first != taken { return first }
    return choices.indices.first { $0 != taken }
  }

  /// The axis that makes the rows, by name; nil where no axis has more than one value.
  public var rowAxis: String? { rows.map { choices[$0] } }
  public var columnAxis: String? { columns.map { choices[$0] } }

  /// Whether there are other axes than those in sight.
  var canChoose: Bool { choices.count > 1 }

  /// Keeps what is looked at where the axes are others.
  public mutating func adapt(to axes: [CellAxis]) {
    var fresh = Viewpoint(axes)
    let names = axes.map(\.name)
    fresh.show(
      rows: rowAxis.flatMap { names.contains($0) ? $0 : nil },
      columns: columnAxis.flatMap { names.contains($0) ? $0 : nil })
    (fresh.firstRow, fresh.firstColumn) = (firstRow, firstColumn)
    self = fresh
  }

  private static func choices(_ axes: [CellAxis]) -> [String] {
    axes.filter { $0.values.count > 1 || $0.positions.contains(-1) }.map(\.name)
  }

  /// Does what a key says.
  ///
  /// - Parameters:
  ///   - key: What was pressed.
  ///   - frame: What the person saw when it was pressed.
  public mutating func take(_ key: Key, seeing frame: StudyFrame) -> Wish {
    switch key {
    case .character("q"), .character("Q"), .interrupt: return .end
    case .character("r"): return .readAgain
    case .redraw: return .redraw
    case .character("x"), .character("y"):
      if choices.count == 2 {
        swap(&rows, &columns)
      } else if key == .character("y") {
        rows = next(after: rows, not: columns)
      } else {
        columns = next(after: columns, not: rows)
      }
      (firstRow, firstColumn) = (0, 0)
    case .up, .character("k"): firstRow -= 1
    case .down, .character("j"): firstRow += 1
    case .left, .character("h"): firstColumn -= 1
    case .right, .character("l"): firstColumn += 1
    case .pageUp: firstRow -= max(1, frame.rowsInSight)
    case .pageDown, .character(" "): firstRow += max(1, frame.rowsInSight)
    case .home, .character("g"): (firstRow, firstColumn) = (0, 0)
    case .end, .character("G"): firstRow = frame.lastFirstRow
    case .character, .other: return .nothing
    }
    firstRow = min(max(0, firstRow), frame.lastFirstRow)
    firstColumn = min(max(0, firstColumn), frame.lastFirstColumn)
    return .nothing
  }

  /// Keeps within what a frame could show.
  public mutating func settle(in frame: StudyFrame) {
    firstRow = min(firstRow, frame.lastFirstRow)
    firstColumn = min(firstColumn, frame.lastFirstColumn)
  }

  private func next(after place: Int?, not taken: Int?) -> Int? {
    guard let place, choices.count > 1 else { return place }
    var next = (place + 1) % choices.count
    if next == taken { next = (next + 1) % choices.count }
    return next
  }
}
