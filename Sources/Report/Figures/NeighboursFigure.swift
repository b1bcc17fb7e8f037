import Files
import Planner

/// Performance by nearest neighbours beside the test's: a panel for each case, for each initialisation both, every run a
/// point.
enum NeighboursFigure {
  static func draw(_ analysis: StudyAnalysis) -> DrawnFigure {
    let settings = analysis.settings(of: .knn)
    let shown = DrawnInitialisations(analysis.initialisations)
    let hasFractions = analysis.fractions.count > 1
    let drawn = settings.filter { shown.contains($0.key.initialisation) }
    let byCase = Dictionary(grouping: drawn) { $0.key.transferCase }
    var axes: [String: Axis] = [:]
    for (dataset, own) in Dictionary(grouping: drawn, by: { $0.key.transferCase.dataset }) {
      let both = own + own.compactMap { analysis.setting($0.key.transferCase, $0.key.initialisation) }
      axes[dataset] = RunMarks.axis(
        MetricName.plain(own[0].metric), both.map { ($0.values, $0.summary?.interval) })
    }
    let x = Axis("", .band(shown.names))
    let cases = analysis.cases.filter { byCase[$0] != nil }
    let drawing = DrawnFigure.limited(cases) { transferCase in
      let y = axes[transferCase.dataset] ?? RunMarks.axis("", [])
      guard case .linear(let range) = y.scale else { preconditionFailure("an axis of performance is linear") }
      let marks = (byCase[transferCase] ?? []).flatMap { neighbours -> [Mark] in
        let name = neighbours.key.initialisation
        let title = neighbours.key.title(showsFraction: true)
        let test = analysis.setting(transferCase, name).map {
          RunMarks($0, title: "\(title), test").marks(at: .name(name, offset: -0.2), range: range)
        }
        return (test ?? [])
          + RunMarks(neighbours, title: "\(title), nearest neighbours", isHollow: true)
          .marks(at: .name(name, offset: 0.2), range: range)
      }
      return Panel(title: transferCase.title(withFraction: hasFractions), x: x, y: y, marks: marks)
    }
    let panelsOfOne = Dictionary(grouping: byCase.keys, by: \.dataset).values.map(\.count).max() ?? 1
    let figure = Figure(
      name: "knn", title: "Performance by nearest neighbours beside the test performance",
      description: """
        One panel for each data set, backbone and fraction of the training images. Filled marks are the performance of the \
        trained models on the test images, outlined ones that of their nearest neighbours among the training images, in the \
        features before the last layer. Small marks are runs; the large mark is their mean and the line its 95 % interval by \
        Student's t, cut off at the ends of the axis. \(RunCounts(cases.flatMap { byCase[$0] ?? [] }).sentence) The same numbers \
        are in knn.csv.
        """,
      panels: drawing.panels, columns: Swift.min(4, panelsOfOne), panelHeight: 130,
      legends: [legend(shown.names)],
      notes: (cases.isEmpty ? ["Nothing to draw: no such measure is planned."] : drawing.notes)
        + [shown.note, analysis.tally(.knn).note].compactMap(\.self))
    return DrawnFigure(figure: figure, csv: csv(settings, analysis))
  }

  private static func legend(_ names: [String]) -> Legend {
    let outline = Stroke(Palette.ink, width: 1.4)
    return .keys(
      title: nil,
      names.map {
        Legend.Key(
          InitialisationName.plain($0), PointStyle(Palette.shape($0), radius: 4, fill: Palette.initialisation($0)))
      } + [
        Legend.Key("test", PointStyle(.circle, radius: 3.4)),
        Legend.Key("nearest neighbours", PointStyle(.circle, radius: 3.4, fill: Palette.paper, stroke: outline)),
      ])
  }

  private static func csv(_ settings: [SettingResult], _ analysis: StudyAnalysis) -> BytePieces {
    struct Row {
      let seed: Int
      let neighbours: Double?
      let test: Double?
    }
    let table = GroupedTable<SettingResult, Row>([
      .shared(StudyTables.caseColumns(analysis.furtherAxes) { $0.key.transferCase }),
      .shared([.text("init") { $0.key.initialisation }]),
      .own([.integer("seed") { $0.seed }]),
      .shared([.text("metric") { $0.metric }]),
      .own([
        .number("knn") { $0.neighbours },
        .number("test") { $0.test },
      ]),
      .shared(StudyTables.meanColumns),
    ])
    return table.csv(settings.count) {
      settings[$0]
    } rows: { setting in
      let tested = analysis.setting(setting.key.transferCase, setting.key.initialisation)?.values ?? []
      let seeds = (setting.values + tested).map(\.seed).uniqued().sorted()
      return seeds.map { seed in
        Row(
          seed: seed, neighbours: setting.values.first { $0.seed == seed }?.value,
          test: tested.first { $0.seed == seed }?.value)
      }
    }
  }
}
