import Planner
import WorkerProtocol

/// How far the weights of each module moved in training: a panel for each case.
enum WeightDistanceFigure {
  static func draw(_ analysis: StudyAnalysis) -> DrawnFigure {
    let profiles = LayerProfile.all(.l2, analysis) { series, _ in series.metric == "l2" }
    return LayerLines(
      name: "l2", title: "Distance of each module's weights from those before training",
      description: """
        One panel for each data set, backbone and fraction of the training images. The L2 distance between the weights of the \
        trained model and those that it started from, module by module from input to output. Lines are means over runs, the \
        bands behind them reach from the lowest run to the highest; the axis is logarithmic where values differ more than \
        hundredfold. The same numbers are in l2.csv, those of single tensors in layers.csv.
        """,
      groups: LayerLines.groups(profiles, analysis), yTitle: { _ in "L2 distance" }, xTitle: "Module", mayBeLog: true,
      notes: [analysis.tally(.l2).note].compactMap(\.self)
    ).draw(analysis, csv: profiles)
  }
}
