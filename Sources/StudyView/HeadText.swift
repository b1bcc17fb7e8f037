/// The first lines of the view: how far the study is, who runs it, what is left.
enum HeadText {
  static func whole(_ moment: StudyMoment, _ cells: CellTally, width: Int) -> [StyledLine] {
    var first = title(moment, cells)
    first.add("  ")
    let percent = "  \(cells.all > 0 ? cells.done * 100 / cells.all : 0) %"
    first.add(ProgressBar.of(cells, width: min(60, width - first.width - percent.count)))
    if first.width + percent.count <= width { first.add(percent) }
    var lines = [first]
    if let run = moment.run {
      var line = StyledLine("run by \(run.who) since \(run.since), for \(spelledDuration(run.seconds))")
      line.add(": \(run.command)", .faint)
      lines.append(line)
    } else {
      let isDone = cells.done == cells.all
      lines.append(
        StyledLine(
          isDone
            ? "no run: the study is done; `graft report` makes its tables and figures"
            : "no run now; `graft run` goes on", .faint))
    }
    lines.append(stages(moment.stages))
    if let line = pace(moment) { lines.append(line) }
    return lines
  }

  /// The same in two lines.
  static func short(_ moment: StudyMoment, _ cells: CellTally) -> [StyledLine] {
    var second = StyledLine("\(moment.stages.done)/\(moment.stages.all) stages")
    if moment.stages.running > 0 { second.add(" >\(moment.stages.running)", .running) }
    if moment.stages.failed > 0 { second.add(" !\(moment.stages.failed)", .failed) }
    if moment.run == nil { second.add(", no run", .faint) }
    if let remaining = moment.remaining { second.add(", \(spelledDuration(remaining.seconds)) left") }
    return [title(moment, cells), second]
  }

  private static func title(_ moment: StudyMoment, _ cells: CellTally) -> StyledLine {
    var line = StyledLine(moment.study, .strong)
    line.add("  ")
    if cells.done == cells.all {
      line.add("all \(cells.all) cells done", .done)
    } else {
      line.add("\(cells.done) of \(cells.all) cells done")
    }
    return line
  }

  private static func stages(_ stages: StageTally) -> StyledLine {
    var line = StyledLine("\(stages.done) of \(stages.all) stages done")
    if stages.running > 0 { line.add(", \(stages.running) running", .running) }
    if stages.failed > 0 {
      line.add(", \(stages.failed) failed", .failed)
      if stages.held > 0 { line.add(", \(stages.held) wait for \(stages.failed == 1 ? "it" : "them")", .failed) }
    }
    let open = stages.all - stages.done - stages.running - stages.failed - stages.held
    if open > 0 { line.add(", \(open) to come") }
    return line
  }

  /// Nil where nothing is known of it.
  private static func pace(_ moment: StudyMoment) -> StyledLine? {
    var parts: [String] = []
    if let rate = moment.perMinute {
      parts.append("\(rate < 10 ? "\((rate * 10).rounded() / 10)" : "\(Int(rate.rounded()))") stages a minute")
    }
    if let remaining = moment.remaining {
      let left = "\(spelledDuration(remaining.seconds)) left"
      let interval = "(\(spelledDuration(remaining.low)) to \(spelledDuration(remaining.high)))"
      parts.append(
        moment.run == nil ? "about \(left) \(interval), \(remaining.jobs) at once" : "about \(left) \(interval)")
    }
    return parts.isEmpty ? nil : StyledLine(parts.joined(separator: ", "))
  }
}

/// The last line of the view.
enum KeysText {
  static func line(_ viewpoint: Viewpoint, canScroll: Bool, width: Int) -> StyledLine {
    var hints = ["q ends"]
    if canScroll { hints.append("arrows, page keys scroll") }
    if viewpoint.canChoose { hints += ["y other rows", "x other columns"] }
    hints.append("r reads the study again")
    var text = hints[0]
    for hint in hints.dropFirst() where text.count + 3 + hint.count <= width { text += "   \(hint)" }
    return StyledLine(text, .faint)
  }
}
