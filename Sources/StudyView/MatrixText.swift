/// A matrix of cells as lines: as many rows and columns as there is room for, what is hidden said in the first line.
struct MatrixText {
  private(set) var lines: [StyledLine] = []
  private(set) var rowsInSight = 0
  /// The furthest that it can be scrolled.
  private(set) var lastFirstRow = 0
  private(set) var lastFirstColumn = 0

  /// Between columns.
  private static let gap = 2
  /// Names of columns are not cut shorter than this to have more of them in sight.
  private static let shortestName = 8
  /// Nor are they, or those of rows, worth more than this.
  private static let longestName = 32

  /// Lines beside the rows: the title and the columns' names.
  static let headLines = 2

  /// How many lines all of it takes.
  static func lines(of matrix: CellMatrix) -> Int {
    headLines + matrix.rows.values.count + (hasSums(matrix) ? 1 : 0)
  }

  private static func hasSums(_ matrix: CellMatrix) -> Bool {
    matrix.columns != nil && matrix.rows.values.count > 1
  }

  /// - Parameter height: At least `headLines` and one.
  init(_ matrix: CellMatrix, _ viewpoint: Viewpoint, width: Int, height: Int) {
    let names = matrix.rows.values
    let nameWidth = min(
      names.reduce(DisplayWidth.of(matrix.rows.axis)) { max($0, DisplayWidth.of($1)) }, Self.longestName,
      max(Self.shortestName, width / 3))
    let all = EntryForm(matrix.widestOfRow)
    let allWidth = max(all.width, 3)
    let room = width - nameWidth - Self.gap
    let beside = ColumnForm(matrix, room: room - allWidth - Self.gap, gap: Self.gap)
    // The sums of the rows are left out where they leave no room for two columns.
    let hasAll = matrix.columns == nil || beside.lastFirst == 0 || beside.inSight(from: 0).count > 1
    let columns = hasAll ? beside : ColumnForm(matrix, room: room, gap: Self.gap)

    // The sums of the columns have a line where it takes none from the rows.
    let hasSums = Self.hasSums(matrix) && height >= Self.headLines + min(names.count, 5) + 1
    rowsInSight = min(names.count, max(1, height - Self.headLines - (hasSums ? 1 : 0)))
    lastFirstRow = names.count - rowsInSight
    lastFirstColumn = columns.lastFirst
    let rows = min(viewpoint.firstRow, lastFirstRow)..<min(viewpoint.firstRow, lastFirstRow) + rowsInSight
    let inSight = columns.inSight(from: min(viewpoint.firstColumn, lastFirstColumn))

    lines.append(Self.title(matrix, rows: rows, columns: inSight, width: width))
    var header = StyledLine(matrix.rows.axis.cut(nameWidth).padded(nameWidth), .faint)
    if hasAll { header.add(StyledLine("all", .faint), width: allWidth, gap: Self.gap) }
    for column in inSight {
      header.add(StyledLine(columns.names[column], .strong), width: columns.widths[column], gap: Self.gap)
    }
    lines.append(header)

    func line(_ name: String, _ style: TextStyle, _ sum: CellTally, _ entry: (Int) -> CellTally) -> StyledLine {
      var line = StyledLine(name.padded(nameWidth), style)
      if hasAll { line.add(all.entry(sum), width: allWidth, gap: Self.gap) }
      for column in inSight {
        line.add(columns.forms[column].entry(entry(column)), width: columns.widths[column], gap: Self.gap)
      }
      if matrix.columns == nil {
        line.add(String.spaces(Self.gap))
        line.add(ProgressBar.of(sum, width: min(40, width - line.width)))
      }
      return line
    }
    if hasSums { lines.append(line("all", .faint, matrix.whole) { matrix.ofColumn[$0] }) }
    let short = ShortNames.fit(names, width: nameWidth)
    for row in rows { lines.append(line(short[row], .strong, matrix.ofRow[row]) { matrix[row, $0] }) }
    lines = lines.map { $0.cut(width) }
  }

  private static func title(_ matrix: CellMatrix, rows: Range<Int>, columns: Range<Int>, width: Int) -> StyledLine {
    var line = StyledLine("cells by \(matrix.rows.axis)", .strong)
    if let columns = matrix.columns { line.add(" and \(columns.axis)", .strong) }
    var hidden: [String] = []
    func part(_ word: String, _ shown: Range<Int>, of count: Int) {
      guard shown.count < count else { return }
      let places = shown.count == 1 ? " \(shown.upperBound)" : "s \(shown.lowerBound + 1)-\(shown.upperBound)"
      hidden.append("\(word)\(places) of \(count)")
    }
    part("row", rows, of: matrix.rows.values.count)
    if let side = matrix.columns { part("column", columns, of: side.values.count) }
    let note = hidden.joined(separator: ", ")
    if !note.isEmpty { line.add("  \(note)", .notice) }
    // What is hidden is worth more than the names of the axes, which the header and the keys say too.
    if line.width > width, !note.isEmpty { line = StyledLine(note, .notice) }
    let legend = "  done/all, > running, ! failed"
    if line.width + legend.count <= width { line.add(legend, .faint) }
    return line
  }
}

/// How a column's entries are written below each other: `3/5 >1 !1`.
private struct EntryForm {
  private let fraction: Int
  let width: Int

  init(_ widest: CellTally) {
    func digits(_ number: Int) -> Int { "\(number)".count }
    fraction = digits(widest.done) + 1 + digits(widest.all)
    width =
      fraction + (widest.running > 0 ? 2 + digits(widest.running) : 0)
      + (widest.failed > 0 ? 2 + digits(widest.failed) : 0)
  }

  /// Nothing where there are no such cells.
  func entry(_ tally: CellTally) -> StyledLine {
    var line = StyledLine()
    guard tally.all > 0 else { return line }
    let style: TextStyle = tally.done == tally.all ? .done : tally.done + tally.running == 0 ? .faint : .plain
    line.add("\(tally.done)/\(tally.all)".set(fraction), style)
    if tally.running > 0 { line.add(" >\(tally.running)", .running) }
    if tally.failed > 0 { line.add(" !\(tally.failed)", .failed) }
    return line
  }
}

/// How wide each column is, and how many fit.
private struct ColumnForm {
  let names: [String]
  let forms: [EntryForm]
  let widths: [Int]
  private let room: Int
  private let gap: Int
  private(set) var lastFirst = 0

  /// - Parameter room: For all columns together.
  init(_ matrix: CellMatrix, room: Int, gap: Int) {
    self.room = room
    self.gap = gap
    let whole = matrix.columns?.values ?? []
    let forms = whole.indices.map { EntryForm(matrix.widest[$0]) }
    let nameWidths = whole.map { DisplayWidth.of($0.plain) }
    func width(_ column: Int, _ limit: Int) -> Int { max(forms[column].width, min(nameWidths[column], limit)) }
    let longest = min(nameWidths.max() ?? 0, 24)
    // The longest names with which all columns are in sight.
    let limit = stride(from: longest, through: 8, by: -1).first { limit in
      whole.indices.reduce(-gap) { $0 + width($1, limit) + gap } <= room
    }
    let chosen = limit ?? min(longest, 12)
    self.forms = forms
    // A column whose entries are wider than its name has to be takes more of the name.
    let widths = whole.indices.map { width($0, chosen) }
    let fitted = ShortNames.fit(whole, width: chosen)
    names = whole.indices.map { nameWidths[$0] <= widths[$0] ? whole[$0].plain : fitted[$0] }
    self.widths = widths
    var first = whole.count
    var used = -gap
    while first > 0, used + gap + widths[first - 1] <= room || first == whole.count {
      used += gap + widths[first - 1]
      first -= 1
    }
    lastFirst = first
  }

  /// At least one, where there is any.
  func inSight(from first: Int) -> Range<Int> {
    var end = first
    var used = -gap
    while end < widths.count, used + gap + widths[end] <= room || end == first {
      used += gap + widths[end]
      end += 1
    }
    return first..<end
  }
}

/// A bar of what is done, runs and failed.
enum ProgressBar {
  static func of(_ tally: CellTally, width: Int) -> StyledLine {
    var line = StyledLine()
    guard width > 3, tally.all > 0 else { return line }
    // Whatever there is of something takes a column at least, and what is done is never rounded to all.
    func columns(_ count: Int) -> Int { count == 0 ? 0 : max(1, count * width / tally.all) }
    let (failed, running) = (columns(tally.failed), columns(tally.running))
    let done = min(columns(tally.done), width - failed - running)
    line.add(String(repeating: "█", count: max(0, done)), .done)
    line.add(String(repeating: "▓", count: running), .running)
    line.add(String(repeating: "!", count: failed), .failed)
    line.add(String(repeating: "░", count: max(0, width - line.width)), .faint)
    return line
  }
}
