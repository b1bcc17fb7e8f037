import Files
import Planner

/// Test performance by the size of the backbone: a panel for each data set and family of backbones of which the study has
/// several, a line for each initialisation.
enum CapacityFigure {
  static let name = "capacity"

  static func isOf(_ analysis: StudyAnalysis) -> Bool {
    let families = analysis.cases.map(\.backbone).uniqued().compactMap { BackboneCatalogue.named($0)?.family }
    return Set(families).count < families.count
  }

  static func draw(_ analysis: StudyAnalysis) -> DrawnFigure {
    let drawn = DrawnInitialisations(analysis.initialisations)
    let settings = analysis.settings.filter { drawn.contains($0.key.initialisation) && parameters($0) != nil }
      .enumerated().sorted { left, right in
        let (one, other) = (parameters(left.element) ?? 0, parameters(right.element) ?? 0)
        return one == other ? left.offset < right.offset : one < other
      }.map(\.element)
    let groups = Dictionary(grouping: settings, by: group).filter {
      $1.map(\.key.transferCase.backbone).uniqued().count > 1
    }
    let keys = analysis.settings.filter { parameters($0) != nil }.map(group).uniqued().filter { groups[$0] != nil }
    let curves = SettingCurves(initialisations: drawn.names) {
      parameters($0).map { .value($0) }
    } title: {
      $0.key.title(showsFraction: true)
    }
    let drawing = DrawnFigure.limited(keys) { key in
      let own = groups[key] ?? []
      let y = SettingCurves.axis(own)
      return Panel(
        title: key.title(showsFraction: analysis.fractions.count > 1),
        x: axis(own.compactMap(parameters)), y: y,
        marks: curves.marks(own, y: y))
    }
    let sizes = settings.map(\.key.transferCase.backbone).uniqued().compactMap { BackboneCatalogue.named($0) }
      .map { "\($0.name) \(Scale.compact(Double($0.parameters)))" }
    let figure = Figure(
      name: name, title: "Test performance by the capacity of the backbone",
      description: """
        One panel for each data set and family of backbones, a line for each initialisation through the means of its runs; small \
        marks are runs, lines 95 % intervals by Student's t. \(RunCounts(keys.flatMap { groups[$0] ?? [] }).sentence) Parameters are \
        those with a head of 1,000 classes. The numbers are in \(name).csv.
        """,
      panels: drawing.panels, columns: 3, panelHeight: 150, legends: [SettingCurves.legend(drawn.names)],
      notes: ["Parameters: \(sizes.joined(separator: ", "))."] + drawing.notes
        + [drawn.note, SettingCurves.note(settings)].compactMap(\.self))
    return DrawnFigure(figure: figure, csv: csv(settings, analysis))
  }

  private static func parameters(_ setting: SettingResult) -> Double? {
    BackboneCatalogue.named(setting.key.transferCase.backbone).map { Double($0.parameters) }
  }

  private static func group(_ setting: SettingResult) -> CaseGroup {
    let transferCase = setting.key.transferCase
    let family = BackboneCatalogue.named(transferCase.backbone)?.family
    return CaseGroup(transferCase, network: family.map(title) ?? "", withFraction: true)
  }

  /// Ticks stand at the networks themselves, where their labels have room.
  private static func axis(_ sizes: [Double]) -> Axis {
    let scale = Scale.log(around: sizes, margin: 0.08)
    var ticks: [Tick] = []
    var last = -1.0
    for size in Set(sizes).sorted() {
      guard let place = scale.place(.value(size)), place - last >= 0.2 else { continue }
      ticks.append(Tick(position: .value(size), label: Scale.compact((size / 1e5).rounded() * 1e5)))
      last = place
    }
    return Axis("Parameters", scale, ticks: ticks)
  }

  private static func title(_ family: Backbone.Family) -> String {
    switch family {
    case .resnet: "ResNet"
    case .inception: "Inception"
    case .deit: "DeiT"
    case .swin: "Swin"
    }
  }

  private static func csv(_ settings: [SettingResult], _ analysis: StudyAnalysis) -> BytePieces {
    var columns: [Column<SettingResult>] = StudyTables.caseColumns(analysis.furtherAxes) { $0.key.transferCase }
    columns += [
      .number("parameters") { parameters($0) }, .text("init") { $0.key.initialisation }, .text("metric") { $0.metric },
    ]
    columns += StudyTables.meanColumns
    return DataTable(columns).csv(settings)
  }
}
