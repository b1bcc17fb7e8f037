import Planner
import WorkerProtocol

/// What a trained model loses when one module gets its first weights back: a panel for each case.
enum LayerImportanceFigure {
  static func draw(_ analysis: StudyAnalysis) -> DrawnFigure {
    let profiles = LayerProfile.all(.layerImportance, analysis) { series, cell in
      series.metric == "relative_\(cell.metric)"
    }
    return LayerLines(
      name: "layer-importance", title: "Performance with one module put back to its first weights",
      description: """
        One panel for each data set, backbone and fraction of the training images. For each module, from input to output, the \
        test performance of the trained model with the weights that this module had before training, divided by that of the \
        trained model: 1, the dotted line, says that nothing is lost. Lines are means over runs, the bands behind them reach \
        from the lowest run to the highest. The same numbers are in layer-importance.csv.
        """,
      groups: LayerLines.groups(profiles, analysis),
      yTitle: { "\(MetricName.plain(String($0.dropFirst("relative_".count)))), relative" }, xTitle: "Module",
      reference: 1, notes: [analysis.tally(.layerImportance).note].compactMap(\.self)
    ).draw(analysis, csv: profiles)
  }
}
