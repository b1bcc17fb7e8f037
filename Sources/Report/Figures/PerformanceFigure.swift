import Files
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
    let keys = names.flatMap { dataset in facets.map { PanelKey(dataset: dataset, facet: $0) } }
      .filter { settings[$0] != nil }
    let axes = Dictionary(grouping: keys, by: \.dataset).mapValues { own in
      valueAxis(own.flatMap { settings[$0] ?? [] })
    }
    let labels = hasFractions ? analysis.fractions.map(NumberText.exact) : drawn.names
    let x = Axis(hasFractions ? "Fraction of the training images" : "", .band(labels))
    let drawing = DrawnFigure.limited(keys) { key in
      let y = axes[key.dataset] ?? valueAxis([])
      let marks = (settings[key] ?? []).flatMap { setting -> [Mark] in
        Self.marks(setting, at: place(setting, drawn.names, hasFractions: hasFractions), y: y)
      }
      return Panel(title: "\(key.dataset) · \(key.facet.title)", x: x, y: y, marks: marks)
    }
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
        the line its 95 % interval by Student's t, cut off at the ends of the axis. \
        \(RunCounts(keys.flatMap { settings[$0] ?? [] }).sentence) The same numbers are in performance.csv.
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
      notes: keys.isEmpty ? ["Nothing to draw: the study has no cells."] : notes, isWide: groups > 6)
    return DrawnFigure(figure: figure, csv: csv(analysis))
  }

  private struct PanelKey: Hashable {
    let dataset: String
    let facet: Facet
  }

  /// The axis of one data set.
  private static func valueAxis(_ settings: [SettingResult]) -> Axis {
    RunMarks.axis(
      settings.first.map { MetricName.plain($0.metric) } ?? "", settings.map { ($0.values, $0.summary?.interval) })
  }

  private static func place(_ setting: SettingResult, _ drawn: [String], hasFractions: Bool) -> Position {
    guard hasFractions else { return .name(setting.key.initialisation) }
    let count = Double(drawn.count)
    let index = Double(drawn.firstIndex(of: setting.key.initialisation) ?? 0)
    return .name(NumberText.exact(setting.key.transferCase.fraction), offset: ((index + 0.5) / count - 0.5) * 0.86)
  }

  private static func marks(_ setting: SettingResult, at place: Position, y: Axis) -> [Mark] {
    guard case .linear(let range) = y.scale else { return [] }
    return RunMarks(setting, title: setting.key.title(showsFraction: true)).marks(at: place, range: range)
  }

  private static func csv(_ analysis: StudyAnalysis) -> BytePieces {
    let settings = analysis.settings
    let table = GroupedTable<SettingResult, SeedValue>([
      .shared(StudyTables.caseColumns(analysis.furtherAxes) { $0.key.transferCase }),
      .shared([.text("init") { $0.key.initialisation }]),
      .own([.integer("seed") { $0.seed }]),
      .shared([.text("metric") { $0.metric }]),
      .own([.number("value") { $0.value }]),
      .shared(StudyTables.meanColumns),
    ])
    return table.csv(settings.count) {
      settings[$0]
    } rows: {
      $0.values
    }
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
