import Files
import Planner

/// Test performance by the training images, a panel for each data set and backbone, a line for each initialisation.
enum FractionFigure {
  static let name = "fractions"

  static func isOf(_ analysis: StudyAnalysis) -> Bool { analysis.fractions.count > 1 }

  static func draw(_ analysis: StudyAnalysis) -> DrawnFigure {
    let drawn = DrawnInitialisations(analysis.initialisations)
    let settings = analysis.settings.filter { drawn.contains($0.key.initialisation) }
    let groups = Dictionary(grouping: settings, by: group).filter {
      $1.map(\.key.transferCase.fraction).uniqued().count > 1
    }
    let keys = settings.map(group).uniqued().filter { groups[$0] != nil }
    let curves = SettingCurves(initialisations: drawn.names) { setting in
      .value(analysis.trainingImages(setting.key.transferCase) ?? setting.key.transferCase.fraction)
    } title: {
      $0.key.title(showsFraction: true)
    }
    let drawing = DrawnFigure.limited(keys) { key in
      let own = groups[key] ?? []
      let y = SettingCurves.axis(own)
      let isCounted = own.allSatisfy { analysis.trainingImages($0.key.transferCase) != nil }
      let places = own.map { analysis.trainingImages($0.key.transferCase) ?? $0.key.transferCase.fraction }
      return Panel(
        title: key.title(showsFraction: false),
        x: Axis(isCounted ? "Training images" : "Fraction of the training images", .log(around: places, margin: 0.08)),
        y: y, marks: curves.marks(own, y: y))
    }
    let figure = Figure(
      name: name, title: "Test performance by the number of training images",
      description: """
        One panel for each data set and backbone, a line for each initialisation through the means of its runs at each fraction \
        of the training images; small marks are runs, lines 95 % intervals by Student's t. \
        \(RunCounts(keys.flatMap { groups[$0] ?? [] }).sentence) The numbers are in \(name).csv.
        """,
      panels: drawing.panels, columns: 3, panelHeight: 150, legends: [SettingCurves.legend(drawn.names)],
      notes: drawing.notes + [drawn.note, SettingCurves.note(settings)].compactMap(\.self))
    return DrawnFigure(figure: figure, csv: csv(analysis))
  }

  private static func group(_ setting: SettingResult) -> CaseGroup {
    CaseGroup(setting.key.transferCase, network: setting.key.transferCase.backbone, withFraction: false)
  }

  private static func csv(_ analysis: StudyAnalysis) -> BytePieces {
    var columns: [Column<SettingResult>] = StudyTables.caseColumns(analysis.furtherAxes) { $0.key.transferCase }
    columns += [
      .number("training_images") { analysis.trainingImages($0.key.transferCase) },
      .text("init") { $0.key.initialisation }, .text("metric") { $0.metric },
    ]
    columns += StudyTables.meanColumns
    return DataTable(columns).csv(analysis.settings)
  }
}
