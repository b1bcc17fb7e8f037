import Files
import Planner

/// Test performance by how many modules come from the source's weights: from ST over WT-ST-n to WT, a panel for each case.
enum DepthFigure {
  static let name = "depth"

  static func isOf(_ analysis: StudyAnalysis) -> Bool {
    analysis.initialisations.contains { isMixture($0) }
  }

  static func draw(_ analysis: StudyAnalysis) -> DrawnFigure {
    let curves = analysis.cases.map { Curve($0, analysis) }.filter { $0.along.count > 1 && $0.hasMixture }
    let drawing = DrawnFigure.limited(curves) { panel($0, analysis) }
    let figure = Figure(
      name: name, title: "Test performance by the depth up to which weights are transferred",
      description: """
        One panel for each data set and backbone. From left to right, more modules begin with the source's weights and fewer \
        with its statistics: n is the last that has its weights. Small marks are runs, large ones their means with 95 % \
        intervals by Student's t; the dashed line is the mean of random initialisation. \
        \(RunCounts(curves.flatMap(\.along)).sentence) The numbers are in \(name).csv.
        """,
      panels: drawing.panels, columns: 2, panelHeight: 140,
      legends: [
        .keys(
          title: nil,
          [
            Legend.Key("ST: statistics alone", PointStyle(.diamond, radius: 4, fill: Palette.initialisation("ST"))),
            Legend.Key("WT-ST-n", PointStyle(.triangle, radius: 4, fill: Palette.initialisation("WT-ST-4"))),
            Legend.Key("WT: all weights", PointStyle(.square, radius: 4, fill: Palette.initialisation("WT"))),
            Legend.Key(
              "RI: random, mean", PointStyle(.circle, radius: 0, fill: nil),
              line: Stroke(Palette.initialisation("RI"), width: 1.2, dashes: "4 3")),
          ])
      ],
      notes: drawing.notes + [SettingCurves.note(curves.flatMap(\.along))].compactMap(\.self), isWide: true)
    return DrawnFigure(figure: figure, csv: csv(curves, analysis))
  }

  private static func isMixture(_ name: String) -> Bool { name.hasPrefix("WT-ST-") }

  /// The settings of a case from statistics to weights.
  private struct Curve: Sendable {
    let transferCase: TransferCase
    let along: [SettingResult]
    let random: SettingResult?

    init(_ transferCase: TransferCase, _ analysis: StudyAnalysis) {
      self.transferCase = transferCase
      along = analysis.initialisations.filter { $0 == "ST" || $0 == "WT" || isMixture($0) }
        .compactMap { analysis.setting(transferCase, $0) }
      random = analysis.setting(transferCase, "RI")
    }

    var hasMixture: Bool { along.contains { isMixture($0.key.initialisation) } }
  }

  private static func label(_ setting: SettingResult) -> String {
    let name = setting.key.initialisation
    return isMixture(name) ? String(name.dropFirst("WT-ST-".count)) : name
  }

  private static func panel(_ curve: Curve, _ analysis: StudyAnalysis) -> Panel {
    let y = SettingCurves.axis(curve.along + [curve.random].compactMap(\.self))
    let names = curve.along.map(label)
    var marks: [Mark] = []
    if let mean = curve.random?.summary?.mean, let first = names.first, let last = names.last {
      marks.append(
        .line(
          [
            (x: .name(first, offset: -0.5), y: .value(mean)), (x: .name(last, offset: 0.5), y: .value(mean)),
          ], Stroke(Palette.initialisation("RI"), width: 1.2, dashes: "4 3")))
    }
    let means = curve.along.compactMap { setting in
      setting.summary.map { (x: Position.name(label(setting)), y: Position.value($0.mean)) }
    }
    if means.count > 1 { marks.append(.line(means, Stroke(Palette.muted, width: 1))) }
    if case .linear(let range) = y.scale {
      marks += curve.along.flatMap { setting in
        RunMarks(setting, title: setting.key.title(showsFraction: true)).marks(at: .name(label(setting)), range: range)
      }
    }
    return Panel(
      title: curve.transferCase.title(withFraction: analysis.fractions.count > 1),
      x: Axis("n: modules up to it have the source's weights", .band(names)), y: y, marks: marks)
  }

  private static func csv(_ curves: [Curve], _ analysis: StudyAnalysis) -> BytePieces {
    var columns: [Column<SettingResult>] = StudyTables.caseColumns(analysis.furtherAxes) { $0.key.transferCase }
    columns += [.text("init") { $0.key.initialisation }, .text("metric") { $0.metric }] + StudyTables.meanColumns
    return DataTable(columns).csv(curves.flatMap { [$0.random].compactMap(\.self) + $0.along })
  }
}
