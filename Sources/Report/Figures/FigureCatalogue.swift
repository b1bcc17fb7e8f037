import Planner

/// A figure that reports may have.
struct FigureEntry: Sendable {
  /// The part of a report's page that shows a figure.
  enum Section: Sendable, Hashable {
    case gains, performance, training, rates, run
    case measure(StageKind)
  }

  /// Of its files, `figures/NAME.svg` and `figures/NAME.csv`, and what `draw` calls the figure.
  let name: String
  let section: Section
  /// Whether a study's report has it.
  let isOf: @Sendable (StudyAnalysis) -> Bool
  let draw: @Sendable (StudyAnalysis) -> DrawnFigure

  init(
    _ name: String, in section: Section, of isOf: @escaping @Sendable (StudyAnalysis) -> Bool = { _ in true },
    draw: @escaping @Sendable (StudyAnalysis) -> DrawnFigure
  ) {
    self.name = name
    self.section = section
    self.isOf = isOf
    self.draw = draw
  }

  /// The figure of a kind of measure, which the studies have that ask for it.
  init(_ name: String, of kind: StageKind, draw: @escaping @Sendable (StudyAnalysis) -> DrawnFigure) {
    self.init(name, in: .measure(kind), of: { $0.measureKinds.contains(kind) }, draw: draw)
  }
}

/// Every figure, in the order of a report: a new one is added here, and nowhere else.
enum FigureCatalogue {
  static let all = [
    FigureEntry("figure-1", in: .gains, draw: GainFigure.draw),
    FigureEntry(
      PublishedGainFigure.name, in: .gains, of: { $0.reporting.published }, draw: PublishedGainFigure.draw),
    FigureEntry("performance", in: .performance, draw: PerformanceFigure.draw),
    FigureEntry(DepthFigure.name, in: .performance, of: DepthFigure.isOf, draw: DepthFigure.draw),
    FigureEntry(FractionFigure.name, in: .performance, of: FractionFigure.isOf, draw: FractionFigure.draw),
    FigureEntry(CapacityFigure.name, in: .performance, of: CapacityFigure.isOf, draw: CapacityFigure.draw),
    FigureEntry("training-curves", in: .training, draw: TrainingCurvesFigure.draw),
    FigureEntry("convergence", in: .training, draw: ConvergenceFigure.draw),
    FigureEntry("lr-search", in: .rates, of: { !$0.rateSearches.isEmpty }, draw: RateSearchFigure.draw),
    FigureEntry("knn", of: .knn, draw: NeighboursFigure.draw),
    FigureEntry("layerwise-knn", of: .layerwiseKNN, draw: LayerNeighboursFigure.draw),
    FigureEntry("layer-importance", of: .layerImportance, draw: LayerImportanceFigure.draw),
    FigureEntry("l2", of: .l2, draw: WeightDistanceFigure.draw),
    FigureEntry("cka", of: .cka, draw: SimilarityFigure.draw),
    FigureEntry("cross-cka", of: .crossCKA, draw: CrossSimilarityFigure.draw),
    FigureEntry("embedding", of: .embedding, draw: EmbeddingFigure.draw),
    FigureEntry(StageGraphFigure.name, in: .run, of: StageGraphFigure.isOf, draw: StageGraphFigure.draw),
    FigureEntry(TimelineFigure.name, in: .run, of: TimelineFigure.isOf, draw: TimelineFigure.draw),
  ]

  /// Those that a study's report has.
  static func of(_ analysis: StudyAnalysis) -> [FigureEntry] { all.filter { $0.isOf(analysis) } }
}
