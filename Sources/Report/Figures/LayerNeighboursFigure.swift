import Planner
import WorkerProtocol

/// How well the test images are told apart by their nearest neighbours at each layer: a panel for each case, and for a
/// vision transformer one for each form of its layers' features.
enum LayerNeighboursFigure {
  static func draw(_ analysis: StudyAnalysis) -> DrawnFigure {
    let profiles = LayerProfile.all(.layerwiseKNN, analysis) { series, cell in series.metric == cell.metric }
    let hasFractions = analysis.fractions.count > 1
    let byCase = Dictionary(grouping: profiles) { $0.setting.transferCase }
    let hasParts = profiles.contains { $0.part != nil }
    var groups: [LayerLines.Group] = []
    for dataset in analysis.cases.map(\.dataset).uniqued() {
      let cases = analysis.cases.filter { $0.dataset == dataset && byCase[$0] != nil }
      let parts = cases.flatMap { byCase[$0] ?? [] }.map { Part($0.part) }.uniqued().sorted { $0.rank < $1.rank }
      for part in parts {
        for transferCase in cases {
          let own = byCase[transferCase] ?? []
          let shown = own.filter { Part($0.part) == part }
          guard !shown.isEmpty else { continue }
          let form = shown.compactMap(\.part).first.map { ": \(Part.plain($0))" } ?? ""
          groups.append(
            LayerLines.Group(
              title: transferCase.title(withFraction: hasFractions) + form, dataset: dataset,
              layers: LayerLines.layers(own), profiles: shown))
        }
      }
    }
    var description = """
      One panel for each data set, backbone and fraction of the training images. Test performance when each test image is \
      judged by its nearest neighbours among the training images in the features of one layer; layers from input to output. \
      Lines are means over runs, the bands behind those of trained models reach from the lowest run to the highest.
      """
    if hasParts {
      description += """
         Of vision transformers, the panel of all tokens has the class token's features beside the mean of the patch tokens', \
        and the layers that have one form only; further panels show either by itself.
        """
    }
    return LayerLines(
      name: "layerwise-knn", title: "Performance by nearest neighbours at each layer",
      description: description + " The same numbers are in layerwise-knn.csv.", groups: groups,
      yTitle: MetricName.plain, xTitle: "Layer", notes: [analysis.tally(.layerwiseKNN).note].compactMap(\.self)
    ).draw(analysis, csv: profiles)
  }

  /// A form of a layer's features; those of networks with one form stand beside `all`.
  private struct Part: Hashable {
    let name: String

    init(_ name: String?) { self.name = name ?? "all" }

    var rank: Int { ["all", "cls", "patches"].firstIndex(of: name) ?? 3 }

    static func plain(_ name: String) -> String {
      switch name {
      case "all": "all tokens"
      case "cls": "class token"
      case "patches": "patch tokens"
      default: name
      }
    }
  }
}
