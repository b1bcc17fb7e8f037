/// The runs of a setting as small marks side by side, their mean as a large one, and its interval.
struct RunMarks {
  var title: String
  var initialisation: String
  var runs: [SeedValue]
  var summary: SampleSummary?
  var planned: Int
  /// Why runs are not there: `1 failed, 2 missing`.
  var absences: String
  /// Whether marks are outlines, to be told from filled ones beside them.
  var isHollow = false
  /// Whether the mean's interval is drawn.
  var hasInterval = true
  /// A value for a reader who points at its mark.
  var text: (Double) -> String = { NumberText.fixed($0, 4) }

  init(_ setting: SettingResult, title: String, isHollow: Bool = false) {
    self.init(
      title: title, initialisation: setting.key.initialisation, runs: setting.values, planned: setting.planned,
      absences: setting.absences)
    self.isHollow = isHollow
  }

  init(title: String, initialisation: String, runs: [SeedValue], planned: Int, absences: String) {
    self.title = title
    self.initialisation = initialisation
    self.runs = runs
    summary = SampleSummary(runs.map(\.value))
    self.planned = planned
    self.absences = absences
  }

  /// - Parameter range: Of the vertical axis: a cross stands at its lower end where there is no run, n at its upper end
  ///   where there are fewer than planned.
  func marks(at middle: Position, range: Interval) -> [Mark] {
    let color = Palette.initialisation(initialisation)
    let shape = Palette.shape(initialisation)
    guard let summary else {
      return [
        .text(x: middle, y: .value(range.low), "0/\(planned)", below: -4),
        .point(
          x: middle, y: .value(range.low + (range.high - range.low) * 0.16),
          style: PointStyle(.cross, radius: 3.5, fill: nil, stroke: Stroke(Palette.muted, width: 1.3)),
          note: "\(title): no run measured of \(planned) (\(absences))"),
      ]
    }
    var marks: [Mark] = runs.enumerated().map { index, run in
      // The runs of a setting side by side, by seed, so that equal values do not hide one another.
      let shift = runs.count < 2 ? 0 : (Double(index) / Double(runs.count - 1) - 0.5) * 0.09
      return .point(
        x: middle.moved(by: shift), y: .value(run.value),
        style: isHollow
          ? PointStyle(shape, radius: 1.8, fill: nil, stroke: Stroke(color, width: 0.8))
          : PointStyle(shape, radius: 1.8, fill: color, opacity: 0.55),
        note: "\(title), seed \(run.seed): \(text(run.value))")
    }
    var note = "\(title): mean \(text(summary.mean)), n = \(runs.count) of \(planned)"
    if hasInterval, let interval = summary.interval {
      marks.append(.interval(x: middle, low: interval.low, high: interval.high, Stroke(color, width: 1.2)))
      note += ", 95 % \(text(interval.low)) to \(text(interval.high))"
    }
    marks.append(
      .point(
        x: middle, y: .value(summary.mean),
        style: isHollow
          ? PointStyle(shape, radius: 3.4, fill: Palette.paper, stroke: Stroke(color, width: 1.4))
          : PointStyle(shape, radius: 3.4, fill: color, stroke: Stroke(Palette.paper, width: 0.7)),
        note: note))
    if runs.count < planned {
      marks.append(.text(x: middle, y: .value(range.high), "\(runs.count)/\(planned)", below: 10))
    }
    return marks
  }

  /// An axis round the runs, and their intervals as far as these do not dwarf the runs.
  static func axis(_ title: String, _ samples: [(runs: [SeedValue], interval: Interval?)]) -> Axis {
    let values = samples.flatMap { $0.runs.map(\.value) }
    guard let low = values.min(), let high = values.max() else { return Axis(title, .linear(around: [])) }
    let reach = Swift.max(high - low, 0.001) / 2
    let limits = samples.compactMap(\.interval)
      .flatMap { [Swift.max($0.low, low - reach), Swift.min($0.high, high + reach)] }
    return Axis(title, .linear(around: values + limits, margin: 0.08))
  }
}

extension Position {
  /// Among names, so many band widths further; a value is where it is.
  fileprivate func moved(by bands: Double) -> Position {
    switch self {
    case .value: self
    case .name(let name, let offset): .name(name, offset: offset + bands)
    }
  }
}
