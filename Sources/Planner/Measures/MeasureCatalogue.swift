extension StageKind {
  private var declared: MeasureDeclaration? {
    switch self {
    case .test:
      MeasureDeclaration(
        "Test", meaning: "The best checkpoint on the test images; always there.", leading: .judged)
    case .knn:
      MeasureDeclaration(
        "Nearest neighbours",
        meaning:
          "Test images judged by their nearest neighbours among the training images, by the final features.",
        options: NeighbourOptions.self, leading: .judged)
    case .layerwiseKNN:
      MeasureDeclaration(
        "Nearest neighbours at each layer", meaning: "The same by the features of every layer.",
        options: LayerwiseOptions.self, isOfLayers: true)
    case .layerImportance:
      MeasureDeclaration(
        "Layer importance", meaning: "The test metric after one module at a time is put back.",
        options: ReplacementOptions.self, looksAtFirstWeights: true, isOfLayers: true)
    case .l2:
      MeasureDeclaration(
        "L2 distance of the weights",
        meaning: "How far the weights of each tensor and module moved in training.", looksAtFirstWeights: true,
        passesImages: false, isOfLayers: true, leading: .named("l2_total"))
    case .cka:
      MeasureDeclaration(
        "Similarity of layers before and after training",
        meaning: "How alike the layers' representations are before and after training.",
        options: SimilarityOptions.self, looksAtFirstWeights: true, isOfLayers: true)
    case .crossCKA:
      MeasureDeclaration(
        "Similarity of layers between initialisations",
        meaning: "How alike the layers of two initialisations' models are.", options: PairOptions.self,
        of: .pair, isOfLayers: true)
    case .embedding:
      MeasureDeclaration(
        "Embedding of the test images",
        meaning: "The test images' final features in two dimensions, and as TensorBoard's projector reads them.",
        options: EmbeddingOptions.self)
    case .distance:
      MeasureDeclaration(
        "Distance to the source",
        meaning: "The Frechet distance between a data set's features and a source's: figure 1's vertical axis.",
        options: DistanceOptions.self, of: .dataset)
    case .testBootstrap:
      MeasureDeclaration(
        "Test-set uncertainty: sd over test sets drawn anew",
        meaning: "How far the test's metrics would move with other test images, from its predictions.",
        options: BootstrapOptions.self, of: .predictions, passesImages: false,
        leading: .ofJudged(suffix: ".sd"))
    case .weights, .dataset, .pretrain, .lrSearch, .train, .noop: nil
    }
  }

  private static let measures = allCases.map(\.declared)

  /// What is declared of it as a measure; nil for what is none.
  public var measure: MeasureDeclaration? { Self.measures[ordinal] }

  /// Whether it measures one trained model: such stages of one model share passes over its images.
  public var isModelMeasure: Bool { measure?.subject == .model }

  /// Kinds that leave numbers of layers.
  public static let ofLayers = allCases.filter { $0.measure?.isOfLayers ?? false }
}
