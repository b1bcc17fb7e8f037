import Planner

/// How alike the layers of trained models of different initialisation are: a map for each case.
enum CrossSimilarityFigure {
  static func draw(_ analysis: StudyAnalysis) -> DrawnFigure {
    let matrices = MeanMatrix.all(.crossCKA, analysis)
    let shown = DrawnInitialisations(analysis.initialisations)
    let hasFractions = analysis.fractions.count > 1
    let drawn = matrices.filter {
      shown.contains($0.setting.initialisation) && ($0.partner.map(shown.contains) ?? true)
    }
    let panels = drawn.map { matrix in
      LayerMaps.panel(
        matrix, title: "\(matrix.setting.transferCase.title(withFraction: hasFractions)) (n = \(matrix.n))",
        x: "Layer of \(matrix.columns.initialisation ?? matrix.partner ?? "the other")",
        y: "Layer of \(matrix.rows.initialisation ?? matrix.setting.initialisation)")
    }
    let drawing = DrawnFigure.limited(panels)
    let figure = Figure(
      name: "cross-cka", title: "Similarity of layers between initialisations after training",
      description: """
        One map for each data set, backbone and fraction of the training images: centred kernel alignment (CKA), on the test \
        images, of each layer of one trained model with each layer of another that starts from other weights and has the same \
        seed. The input is at the lower left; all maps have one scale, from 0 to 1; values are means over runs (\(RunCounts(matrices.map(\.n)).text)). The same numbers \
        are in cross-cka.csv, those of single runs in layers.csv.
        """,
      panels: drawing.panels, columns: panels.count == 4 ? 2 : 3, legends: matrices.isEmpty ? [] : [LayerMaps.legend],
      notes: drawing.notes + [shown.note].compactMap(\.self)
        + LayerMaps.notes(matrices, analysis.tally(.crossCKA)),
      isWide: panels.count > 2, isSquare: true)
    return DrawnFigure(figure: figure, csv: LayerMaps.csv(matrices, analysis))
  }
}
