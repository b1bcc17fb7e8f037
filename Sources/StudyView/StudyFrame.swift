/// A whole screen of a study: a line for each row of the terminal.
public struct StudyFrame: Sendable, Hashable {
  public private(set) var lines: [StyledLine] = []
  /// Rows of the matrix in sight, and the furthest that it can be scrolled.
  public private(set) var rowsInSight = 0
  public private(set) var lastFirstRow = 0
  public private(set) var lastFirstColumn = 0

  /// Screens lower than this say everything in as few lines as can be.
  private static let lowest = 16
  /// Screens of this height have empty lines between their parts.
  private static let airy = 20

  /// An empty screen.
  public init() {}

  /// - Parameters:
  ///   - moment: What is known of the study.
  ///   - cells: All cells counted.
  ///   - matrix: Nil where no axis has more than one value.
  ///   - viewpoint: What the person chose to see.
  ///   - width: Columns of the terminal.
  ///   - height: Its rows.
  public init(
    _ moment: StudyMoment, cells: CellTally, matrix: CellMatrix?, _ viewpoint: Viewpoint, width: Int, height: Int
  ) {
    let isLow = height < Self.lowest
    var head = isLow ? HeadText.short(moment, cells) : HeadText.whole(moment, cells, width: width)
    var foot = moment.notices.map { StyledLine($0, .notice) }
    foot.append(KeysText.line(viewpoint, canScroll: false, width: width))
    head = Array(head.prefix(max(1, height - 1)))
    foot = Array(foot.suffix(max(0, min(foot.count, height - head.count))))

    let gap = height >= Self.airy ? 1 : 0
    let titles = isLow ? 0 : 1
    let parts = Shares(
      room: height - head.count - foot.count, gap: gap,
      matrix: matrix.map { MatrixText.lines(of: $0) } ?? 0, leastMatrix: MatrixText.headLines + 1,
      running: moment.running.count, failures: moment.failures.count,
      titles: titles, few: isLow ? 1 : 3)

    lines = head
    func part(_ part: [StyledLine]) {
      if part.isEmpty { return }
      lines += Array(repeating: StyledLine(), count: gap)
      lines += part
    }
    var canScroll = false
    if let matrix, parts.matrix > MatrixText.headLines {
      let text = MatrixText(matrix, viewpoint, width: width, height: parts.matrix)
      (rowsInSight, lastFirstRow, lastFirstColumn) = (text.rowsInSight, text.lastFirstRow, text.lastFirstColumn)
      canScroll = lastFirstRow > 0 || lastFirstColumn > 0
      part(text.lines)
    }
    part(WorkText.running(moment, count: parts.running, hasTitle: titles > 0, width: width))
    part(WorkText.failures(moment, count: parts.failures, hasTitle: titles > 0, width: width))
    if canScroll, !foot.isEmpty { foot[foot.count - 1] = KeysText.line(viewpoint, canScroll: true, width: width) }
    lines += Array(repeating: StyledLine(), count: max(0, height - lines.count - foot.count))
    lines += foot
    lines = lines.prefix(height).map { $0.cut(width).trimmed }
  }
}

/// How a screen's lines are shared out among its parts.
private struct Shares {
  private(set) var matrix = 0
  /// Stages, without the title.
  private(set) var running = 0
  private(set) var failures = 0

  /// - Parameters:
  ///   - matrix: How many lines all of it would take.
  ///   - titles: Lines before the stages of each part.
  ///   - few: So many stages of each part are seen before the matrix is seen whole.
  init(room: Int, gap: Int, matrix wanted: Int, leastMatrix: Int, running: Int, failures: Int, titles: Int, few: Int) {
    var left = room
    func lines(_ stages: Int) -> Int { stages == 0 ? 0 : stages + titles + gap }
    let least = wanted == 0 ? 0 : min(wanted, leastMatrix) + gap
    // On a screen too low for all parts the matrix stays, then what runs.
    self.running = Self.most(of: min(running, few), lines, in: left - least)
    left -= lines(self.running)
    self.failures = Self.most(of: min(failures, few), lines, in: left - least)
    left -= lines(self.failures)
    if wanted > 0 {
      self.matrix = max(0, min(wanted, left - gap))
      left -= self.matrix + gap
    }
    // What runs has the first claim to what is left, but leaves half of it to what failed.
    if self.failures > 0 {
      let share = min(failures - self.failures, max(left - (running - self.running), left / 2))
      self.failures += share
      left -= share
    }
    if self.running > 0 { self.running += min(running - self.running, left) }
  }

  private static func most(of count: Int, _ lines: (Int) -> Int, in room: Int) -> Int {
    stride(from: count, to: 0, by: -1).first { lines($0) <= room } ?? 0
  }
}
