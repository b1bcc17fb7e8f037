import Files
import Planner
import Store

/// Validation performance during training: a panel for each case, for each initialisation the mean over the runs and the
/// range between the lowest and the highest run.
enum TrainingCurvesFigure {
  static func draw(_ analysis: StudyAnalysis) -> DrawnFigure {
    let all = self.curves(analysis)
    let shown = DrawnInitialisations(analysis.initialisations)
    let curves = all.filter { shown.contains($0.key.initialisation) }
    let byCase = Dictionary(grouping: curves) { $0.key.transferCase }
    let hasFractions = analysis.fractions.count > 1
    var axes: [String: Axis] = [:]
    for (dataset, own) in Dictionary(grouping: curves, by: { $0.key.transferCase.dataset }) {
      let points = own.flatMap(\.points)
      axes[dataset] = Axis(
        MetricName.plain(own[0].metric), .linear(around: points.map(\.low) + points.map(\.high)))
    }
    let x = Axis("Epoch", .linear(around: [0] + curves.flatMap { $0.points.map(\.epoch) }, margin: 0.02))
    let cases = analysis.cases.filter { byCase[$0] != nil }
    let drawing = DrawnFigure.limited(cases) { transferCase in
      let own = byCase[transferCase] ?? []
      let y = axes[transferCase.dataset] ?? Axis("", .linear(around: []))
      let title = transferCase.title(withFraction: hasFractions)
      let areas = own.map { curve in
        Mark.area(
          curve.points.map { (.value($0.epoch), $0.low, $0.high) },
          color: Palette.initialisation(curve.key.initialisation), opacity: 0.18)
      }
      let lines = own.map { curve in
        Mark.line(
          curve.points.map { (.value($0.epoch), .value($0.mean)) },
          stroke(curve.key.initialisation))
      }
      // A single validation makes no line.
      let dots = own.filter { $0.points.count == 1 }.flatMap { curve in
        curve.points.map { point in
          Mark.point(
            x: .value(point.epoch), y: .value(point.mean),
            style: PointStyle(
              Palette.shape(curve.key.initialisation), fill: Palette.initialisation(curve.key.initialisation)))
        }
      }
      return Panel(title: title, x: x, y: y, marks: areas + lines + dots)
    }
    // A row for each data set, where its panels fit into one.
    let panelsOfOne = Dictionary(grouping: byCase.keys, by: \.dataset).values.map(\.count).max() ?? 1
    let drawn = analysis.initialisations.filter { name in curves.contains { $0.key.initialisation == name } }
    let runs = RunCounts(curves.map { $0.points.map(\.n).max() ?? 0 })
    let figure = Figure(
      name: "training-curves", title: "Validation performance during training",
      description: """
        One panel for each data set, backbone and fraction of the training images. Lines are means over runs, the bands \
        behind them reach from the lowest run to the highest (\(runs.text)). The same numbers are in training-curves.csv.
        """,
      panels: drawing.panels, columns: Swift.min(4, panelsOfOne), panelHeight: 115,
      legends: [
        .keys(
          title: nil,
          drawn.map { Legend.Key(InitialisationName.plain($0), PointStyle(.circle, radius: 0), line: stroke($0)) })
      ],
      notes: cases.isEmpty
        ? ["Nothing to draw: no validation has been recorded yet."] : drawing.notes + [shown.note].compactMap(\.self))
    return DrawnFigure(figure: figure, csv: csv(all, analysis))
  }

  /// The lines differ in their dashes too, for print in grey.
  private static func stroke(_ initialisation: String) -> Stroke {
    let dashes: String? =
      switch initialisation {
      case "RI": "2 2"
      case "ST": "6 2.5"
      default: nil
      }
    return Stroke(Palette.initialisation(initialisation), width: 1.5, dashes: dashes)
  }

  private struct Curve {
    let key: SettingKey
    let metric: String
    let points: [CurvePoint]
  }

  private struct CurvePoint {
    let epoch: Double
    let n: Int
    let mean: Double
    let low: Double
    let high: Double
  }

  /// The runs of each setting brought together at the epochs at which they were validated.
  private static func curves(_ analysis: StudyAnalysis) -> [Curve] {
    let settings = analysis.runsOfSettings
    return Parallel.map(settings.count, block: 64) { place -> Curve? in
      let own = analysis.cells[settings[place]].filter { !$0.history.isEmpty }
      guard let cell = own.first?.cell else { return nil }
      let key = SettingKey(cell)
      let entries = own.flatMap { $0.history.map { (epoch: $0.epoch, value: $0.validationMetric) } }
        .filter { $0.epoch.isFinite && $0.value.isFinite }
      let points = Dictionary(grouping: entries, by: \.epoch).sorted { $0.key < $1.key }
        .compactMap { epoch, values -> CurvePoint? in
          guard let summary = SampleSummary(values.map(\.value)) else { return nil }
          return CurvePoint(epoch: epoch, n: summary.n, mean: summary.mean, low: summary.min, high: summary.max)
        }
      return points.isEmpty ? nil : Curve(key: key, metric: cell.metric, points: points)
    }.compactMap(\.self)
  }

  private static func csv(_ curves: [Curve], _ analysis: StudyAnalysis) -> BytePieces {
    let table = GroupedTable<Curve, CurvePoint>([
      .shared(StudyTables.caseColumns(analysis.furtherAxes) { $0.key.transferCase }),
      .shared([.text("init") { $0.key.initialisation }]),
      .own([.number("epoch") { $0.epoch }]),
      .shared([.text("metric") { $0.metric }]),
      .own([
        .integer("n") { $0.n },
        .number("mean") { $0.mean },
        .number("low") { $0.low },
        .number("high") { $0.high },
      ]),
    ])
    return table.csv(curves.count) {
      curves[$0]
    } rows: {
      $0.points
    }
  }
}
