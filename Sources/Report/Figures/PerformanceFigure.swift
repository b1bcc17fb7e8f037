import Planner
import Store

/// Test performance by initialisation: every run as a point, the mean and its 95 % interval beside them; a panel for each
/// data set and backbone.
enum PerformanceFigure {
  static func draw(_ analysis: StudyAnalysis) -> DrawnFigure {
    let facets = analysis.cases.map { Facet($0) }.uniqued()
    let hasFractions = analysis.fractions.count > 1
    let names = analysis.cases.map(\.dataset).uniqued()
    let drawn = DrawnInitialisations(analysis.initialisations)
    let settings = Dictionary(grouping: analysis.settings.filter { drawn.contains($0.key.initialisation) }) { setting in
      PanelKey(
        dataset: setting.key.transferCase.dataset,
        facet: Facet(setting.key.transferCase))
    }
    let groups = (hasFractions ? analysis.fractions.count : 1) * drawn.names.count
    let columns = groups > 30 ? 1 : groups > 12 ? 2 : 4
    var panels: [Panel] = []
    for dataset in names {
      let own = facets.map { facet in settings[PanelKey(dataset: dataset, facet: facet)] ?? [] }
      let y = valueAxis(own.flatMap(\.self))
      for (facet, settings) in zip(facets, own) where !settings.isEmpty {
        let labels = hasFractions ? analysis.fractions.map(NumberText.exact) : drawn.names
        let x = Axis(hasFractions ? "Fraction of the training images" : "", .band(labels))
        let marks = settings.flatMap { setting -> [Mark] in
          Self.marks(setting, at: place(setting, drawn.names, hasFractions: hasFractions), y: y)
        }
        panels.append(Panel(title: "\(dataset) · \(facet.title)", x: x, y: y, marks: marks))
      }
    }
    let drawing = DrawnFigure.limited(panels)
    let incomplete = analysis.settings.count { !$0.isComplete }
    var notes = drawing.notes
    if let note = drawn.note { notes.append(note) }
    if incomplete > 0 {
      notes.append(
        "Settings with fewer runs than planned: \(incomplete) of \(analysis.settings.count); n stands above a setting's"
          + " points where it is short.")
    }
    let figure = Figure(
      name: "performance", title: "Test performance by initialisation",
      description: """
        One panel for each data set and backbone. Small marks are runs, one for each seed; the large mark is their mean and \
        the line its 95 % interval by Student's t, cut off at the ends of the axis. The same numbers are in performance.csv.
        """,
      panels: drawing.panels, columns: Swift.min(columns, Swift.max(1, facets.count)), panelHeight: 130,
      legends: [
        .keys(
          title: nil,
          drawn.names.map {
            Legend.Key(
              InitialisationName.plain($0), PointStyle(Palette.shape($0), radius: 4, fill: Palette.initialisation($0)))
          })
      ],
      notes: panels.isEmpty ? ["Nothing to draw: the study has no cells."] : notes, isWide: groups > 6)
    return DrawnFigure(figure: figure, csv: csv(analysis))
  }

  private struct PanelKey: Hashable {
    let dataset: String
    let facet: Facet
  }

  /// The axis of one data set: round all its runs, and their intervals as far as these do not dwarf the runs.
  private static func valueAxis(_ settings: [SettingResult]) -> Axis {
    let values = settings.flatMap { $0.values.map(\.value) }
    let title = settings.first.map { MetricName.plain($0.metric) } ?? ""
    guard let low = values.min(), let high = values.max() else { return Axis(title, .linear(around: [])) }
    let reach = Swift.max(high - low, 0.001) / 2
    let limits = settings.compactMap { $0.summary?.interval }
      .flatMap { [Swift.max($0.low, low - reach), Swift.min($0.high, high + reach)] }
    return Axis(title, .linear(around: values + limits, margin: 0.08))
  }

  private static func place(_ setting: SettingResult, _ drawn: [String], hasFractions: Bool) -> (String, Double) {
    guard hasFractions else { return (setting.key.initialisation, 0) }
    let count = Double(drawn.count)
    let index = Double(drawn.firstIndex(of: setting.key.initialisation) ?? 0)
    return (NumberText.exact(setting.key.transferCase.fraction), ((index + 0.5) / count - 0.5) * 0.86)
  }

  private static func marks(_ setting: SettingResult, at place: (name: String, offset: Double), y: Axis) -> [Mark] {
    guard case .linear(let range) = y.scale else { return [] }
    let initialisation = setting.key.initialisation
    let color = Palette.initialisation(initialisation)
    let title = setting.key.title(showsFraction: true)
    let middle = Position.name(place.name, offset: place.offset)
    guard let summary = setting.summary else {
      return [
        .text(x: middle, y: .value(range.low), "0/\(setting.planned)", below: -4),
        .point(
          x: middle, y: .value(range.low + (range.high - range.low) * 0.16),
          style: PointStyle(.cross, radius: 3.5, fill: nil, stroke: Stroke(Palette.muted, width: 1.3)),
          note: "\(title): no run measured of \(setting.planned) (\(setting.absences))"),
      ]
    }
    var marks: [Mark] = setting.values.enumerated().map { index, run in
      // The runs of a setting side by side, by seed, so that equal values do not hide one another.
      let shift = setting.n < 2 ? 0 : (Double(index) / Double(setting.n - 1) - 0.5) * 0.09
      return .point(
        x: .name(place.name, offset: place.offset + shift), y: .value(run.value),
        style: PointStyle(Palette.shape(initialisation), radius: 1.8, fill: color, opacity: 0.55),
        note: "\(title), seed \(run.seed): \(NumberText.fixed(run.value, 4))")
    }
    var note = "\(title): mean \(NumberText.fixed(summary.mean, 4)), n = \(setting.n) of \(setting.planned)"
    if let interval = summary.interval {
      marks.append(
        .interval(
          x: middle, low: interval.low, high: interval.high, Stroke(color, width: 1.2)))
      note += ", 95 % \(NumberText.fixed(interval.low, 4)) to \(NumberText.fixed(interval.high, 4))"
    }
    marks.append(
      .point(
        x: middle, y: .value(summary.mean),
        style: PointStyle(
          Palette.shape(initialisation), radius: 3.4, fill: color, stroke: Stroke(Palette.paper, width: 0.7)),
        note: note))
    if !setting.isComplete {
      marks.append(.text(x: middle, y: .value(range.high), "\(setting.n)/\(setting.planned)", below: 10))
    }
    return marks
  }

  private static func csv(_ analysis: StudyAnalysis) -> String {
    struct Row {
      let setting: SettingResult
      let run: SeedValue
    }
    let rows = analysis.settings.flatMap { setting in setting.values.map { Row(setting: setting, run: $0) } }
    var columns: [Column<Row>] = StudyTables.caseColumns(analysis.furtherAxes) { $0.setting.key.transferCase }
    columns += [
      .text("init") { $0.setting.key.initialisation },
      .integer("seed") { $0.run.seed },
      .text("metric") { $0.setting.metric },
      .number("value") { $0.run.value },
      .integer("n") { $0.setting.n },
      .integer("planned") { $0.setting.planned },
      .number("mean") { $0.setting.summary?.mean },
      .number("ci_low") { $0.setting.summary?.interval?.low },
      .number("ci_high") { $0.setting.summary?.interval?.high },
    ]
    return DataTable(columns).csv(rows)
  }
}

/// Initialisations named for readers.
package enum InitialisationName {
  package static func plain(_ name: String) -> String {
    switch name {
    case "RI": "RI: random"
    case "ST": "ST: statistics transfer"
    case "WT": "WT: weight transfer"
    default: name
    }
  }
}
