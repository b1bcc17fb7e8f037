import Files
import Planner
import Store

/// What ran when and where: a bar for each attempt on the slot that it ran on; of very many, how many ran at once.
enum TimelineFigure {
  static let name = "timeline"

  static func isOf(_ analysis: StudyAnalysis) -> Bool { analysis.work.attempts.contains { $0.course.finished != nil } }

  /// From this number on bars are too small to be seen, and too many to be drawn.
  private static let mostBars = 3000
  private static let mostSlots = 64

  static func draw(_ analysis: StudyAnalysis) -> DrawnFigure {
    let run = analysis.run
    let kinds = analysis.work.kinds.map(\.kind).filter { kind in run.bars.contains { $0.attempt.kind == kind } }
    let unit = TimeUnit(run.busySeconds)
    let x = Axis(
      "Time since the first start, in \(unit.name)",
      .linear(Interval(low: 0, high: max(run.busySeconds, 1) / unit.seconds)))
    let isDrawnOneByOne = run.bars.count <= mostBars && run.slots.count <= mostSlots
    let running = isDrawnOneByOne ? [] : run.running(kinds, times: 400)
    let panel = isDrawnOneByOne ? bars(run, kinds, unit, x) : counts(running, kinds, unit, x)
    let figure = Figure(
      name: name, title: "What ran when",
      description: isDrawnOneByOne
        ? """
        A bar for each attempt at a stage, in the row of the slot that it ran on, in the colour of its kind; failed ones \
        end in a cross. The numbers are in \(name).csv.
        """
        : """
        How many stages ran at once, stacked by their kind: \(NumberText.count(run.bars.count)) attempts on \
        \(NumberText.count(run.slots.count)) slots are too many to be drawn one by one. The numbers are in \(name).csv, the attempts in `graft export --table attempts`.
        """,
      panels: [panel], columns: 1,
      panelHeight: isDrawnOneByOne ? max(46, Double(run.slots.count) * 15) : 160,
      legends: [
        .keys(
          title: nil, kinds.map { Legend.Key($0.rawValue, PointStyle(.square, radius: 5, fill: color(of: $0, kinds))) })
      ],
      notes: notes(run), isWide: true, isStretched: true)
    return DrawnFigure(figure: figure, csv: isDrawnOneByOne ? csv(run) : csv(running, kinds))
  }

  private static func bars(_ run: RunRecord, _ kinds: [StageKind], _ unit: TimeUnit, _ x: Axis) -> Panel {
    let y = Axis("", .band(run.slots))
    /// Too short to be seen otherwise.
    let shortest = run.busySeconds / 1500
    func end(_ bar: RunRecord.Bar) -> Position { .value(max(bar.end, bar.start + shortest) / unit.seconds) }
    var marks = kinds.map { kind in
      // One line for each kind, broken between its bars.
      Mark.line(
        run.bars.filter { $0.attempt.kind == kind }.flatMap { bar -> [(x: Position, y: Position)] in
          let slot = Position.name(run.slots[bar.slot])
          return [(.value(bar.start / unit.seconds), slot), (end(bar), slot), (.value(.nan), slot)]
        }, Stroke(color(of: kind, kinds), width: 8))
    }
    for bar in run.bars where bar.attempt.course.state == .failed {
      marks.append(
        .point(
          x: end(bar), y: .name(run.slots[bar.slot]),
          style: PointStyle(.cross, radius: 3.5, stroke: Stroke(Palette.ink, width: 1.4)),
          note: "\(bar.attempt.kind.rawValue) \(bar.attempt.stage.short): failed"))
    }
    // A cut is drawn where time is left out.
    if let first = run.slots.first, let last = run.slots.last {
      marks += run.pauses.map { pause in
        let at = Position.value(pause.at / unit.seconds)
        return .line(
          [(at, .name(first, offset: -0.5)), (at, .name(last, offset: 0.5))],
          Stroke(Palette.muted, width: 1, dashes: "2 2"))
      }
    }
    return Panel(title: "", x: x, y: y, marks: marks)
  }

  private static func counts(
    _ running: [RunRecord.Moment], _ kinds: [StageKind], _ unit: TimeUnit, _ x: Axis
  ) -> Panel {
    let most = running.map { $0.counts.reduce(0, +) }.max() ?? 1
    let areas = kinds.indices.map { kind in
      Mark.area(
        running.map { moment in
          let below = moment.counts[..<kind].reduce(0, +)
          return (.value(moment.time / unit.seconds), Double(below), Double(below + moment.counts[kind]))
        }, color: color(of: kinds[kind], kinds), opacity: 1)
    }
    return Panel(
      title: "", x: x, y: Axis("Stages at once", .linear(Interval(low: 0, high: Double(max(1, most)) * 1.06))),
      marks: areas)
  }

  private static func color(of kind: StageKind, _ kinds: [StageKind]) -> String {
    let place = kinds.firstIndex(of: kind) ?? 0
    return Palette.classes[place % Palette.classes.count].color
  }

  private static func notes(_ run: RunRecord) -> [String] {
    var notes: [String] = []
    if !run.pauses.isEmpty {
      let longest = run.pauses.map(\.seconds).max() ?? 0
      notes.append(
        "\(run.pauses.count == 1 ? "One time" : "\(run.pauses.count) times") in which nothing ran for more than 10 minutes"
          + " (the longest \(TimeUnit.text(longest))) \(run.pauses.count == 1 ? "is" : "are") left out, at the dashed lines."
      )
    }
    let failed = run.bars.count { $0.attempt.course.state == .failed }
    let stopped = run.bars.count { $0.attempt.course.state == .stopped }
    if failed > 0 { notes.append("Failed attempts: \(failed).") }
    if stopped > 0 { notes.append("Attempts that were stopped and went on later: \(stopped).") }
    return notes
  }

  private static func csv(_ run: RunRecord) -> BytePieces {
    DataTable<RunRecord.Bar>([
      .integer("attempt") { Int($0.attempt.course.number) },
      .text("kind") { $0.attempt.kind.rawValue },
      .text("state") { $0.attempt.course.state.rawValue },
      .text("slot") { run.slots[$0.slot] },
      .text("started") { $0.attempt.course.started.description },
      .number("start_seconds") { $0.start },
      .number("end_seconds") { $0.end },
      .integer("threads") { $0.attempt.course.threads },
      .number("cpu_seconds") { $0.attempt.course.cpuSeconds },
      .integer("peak_memory_bytes") { $0.attempt.course.peakMemory.map { Int($0) } },
      .key("stage_key") { $0.attempt.stage },
    ]).csv(run.bars)
  }

  private static func csv(_ running: [RunRecord.Moment], _ kinds: [StageKind]) -> BytePieces {
    DataTable<RunRecord.Moment>(
      [.number("seconds") { $0.time }]
        + kinds.enumerated().map { place, kind in .integer(kind.rawValue) { $0.counts[place] } }
    ).csv(running)
  }
}

/// Seconds, minutes, hours or days: what reads well for a length of time.
struct TimeUnit: Sendable {
  let name: String
  let seconds: Double

  /// For times up to so many seconds.
  init(_ longest: Double) {
    (name, seconds) =
      switch longest {
      case ..<180: ("seconds", 1)
      case ..<(3 * 3600): ("minutes", 60)
      case ..<(4 * 86400): ("hours", 3600)
      default: ("days", 86400)
      }
  }

  /// `3.4 hours`.
  static func text(_ length: Double) -> String {
    let unit = TimeUnit(length)
    return "\(NumberText.trimmed(length / unit.seconds, 1)) \(unit.name)"
  }
}
