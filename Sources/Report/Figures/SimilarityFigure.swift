import Planner
import WorkerProtocol

/// How alike the layers of a model are before and after training: a row of three maps for each case and initialisation.
enum SimilarityFigure {
  private static let comparisons: [(rows: ModelState, columns: ModelState, title: String)] = [
    (.initial, .initial, "before, before"), (.trained, .initial, "trained, before"),
    (.trained, .trained, "trained, trained"),
  ]

  static func draw(_ analysis: StudyAnalysis) -> DrawnFigure {
    let matrices = MeanMatrix.all(.cka, analysis)
    let shown = DrawnInitialisations(analysis.initialisations)
    let bySetting = Dictionary(grouping: matrices) { $0.setting }
    let settings = matrices.map(\.setting).uniqued().filter { shown.contains($0.initialisation) }
    let panels = settings.flatMap { setting in
      comparisons.map { comparison in
        let own = (bySetting[setting] ?? []).first {
          $0.rows.state == comparison.rows && $0.columns.state == comparison.columns
        }
        guard let own else {
          return Panel(
            title: "\(comparison.title): not measured", x: Axis("", .band([]), ticks: []),
            y: Axis("", .band([]), ticks: []))
        }
        return LayerMaps.panel(own, title: comparison.title, x: "Layer", y: "Layer")
      }
    }
    let drawing = DrawnFigure.limited(panels)
    let figure = Figure(
      name: "cka", title: "Similarity of a model's layers before and after training",
      description: """
        One row of maps for each data set, backbone, fraction of the training images and initialisation: centred kernel \
        alignment (CKA) of each layer with each other, on the test images, of the model before training with itself, of the \
        trained model (upwards) with the one before training (to the right), and of the trained model with itself. The input \
        is at the lower left; all maps have one scale, from 0 to 1; values are means over runs (\(RunCounts(matrices.map(\.n)).text)). The same numbers are in cka.csv, \
        those of single runs in layers.csv.
        """,
      panels: drawing.panels, columns: 3, legends: matrices.isEmpty ? [] : [LayerMaps.legend],
      notes: drawing.notes + [shown.note].compactMap(\.self)
        + LayerMaps.notes(matrices, analysis.tally(.cka)),
      isWide: true, isSquare: true,
      rowTitles: settings.map { setting in
        let n = (bySetting[setting] ?? []).map(\.n).max() ?? 0
        let hasFractions = analysis.fractions.count > 1
        return "\(setting.transferCase.title(withFraction: hasFractions)) · \(setting.initialisation) (n = \(n))"
      })
    return DrawnFigure(figure: figure, csv: LayerMaps.csv(matrices, analysis))
  }
}
