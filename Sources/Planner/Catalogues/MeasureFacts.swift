/// What is known of a measure beside its options: what it is of, what it looks at, what it leaves.
public struct MeasureFacts: Sendable, Hashable {
  /// Named for a reader.
  public let name: String
  public let subject: Subject
  /// Whether the model's first weights are made again for it, for which its source's are needed.
  public let looksAtFirstWeights: Bool
  /// Whether it passes images through a network, on the device that it is given.
  public let passesImages: Bool
  /// Whether it leaves numbers of layers.
  public let isOfLayers: Bool
  /// The number of the whole network that it is for; nil where it is for something else.
  public let leading: Leading?

  /// What is measured.
  public enum Subject: Sendable, Hashable {
    /// A trained model: such stages of one model share passes over its images.
    case model
    /// What a trained model answered in its test.
    case predictions
    case pair
    case dataset
  }

  public enum Leading: Sendable, Hashable {
    /// The metric that the data set is judged by.
    case judged
    /// A number made of it: `roc_auc.sd`.
    case ofJudged(suffix: String)
    case named(String)
  }

  init(
    _ name: String, of subject: Subject = .model, looksAtFirstWeights: Bool = false, passesImages: Bool = true,
    isOfLayers: Bool = false, leading: Leading? = nil
  ) {
    self.name = name
    self.subject = subject
    self.looksAtFirstWeights = looksAtFirstWeights
    self.passesImages = passesImages
    self.isOfLayers = isOfLayers
    self.leading = leading
  }
}

extension StageKind {
  /// What is known of it as a measure; nil for what is none.
  public var measure: MeasureFacts? {
    switch self {
    case .test: MeasureFacts("Test", leading: .judged)
    case .knn: MeasureFacts("Nearest neighbours", leading: .judged)
    case .layerwiseKNN: MeasureFacts("Nearest neighbours at each layer", isOfLayers: true)
    case .layerImportance: MeasureFacts("Layer importance", looksAtFirstWeights: true, isOfLayers: true)
    case .l2:
      MeasureFacts(
        "L2 distance of the weights", looksAtFirstWeights: true, passesImages: false, isOfLayers: true,
        leading: .named("l2_total"))
    case .cka:
      MeasureFacts("Similarity of layers before and after training", looksAtFirstWeights: true, isOfLayers: true)
    case .crossCKA: MeasureFacts("Similarity of layers between initialisations", of: .pair, isOfLayers: true)
    case .embedding: MeasureFacts("Embedding of the test images")
    case .distance: MeasureFacts("Distance to the source", of: .dataset)
    case .testBootstrap:
      MeasureFacts(
        "Test-set uncertainty: sd over test sets drawn anew", of: .predictions, passesImages: false,
        leading: .ofJudged(suffix: ".sd"))
    case .weights, .dataset, .pretrain, .lrSearch, .train, .noop: nil
    }
  }

  /// Whether it measures one trained model: such stages of one model share passes over its images.
  public var isModelMeasure: Bool { measure?.subject == .model }

  /// Kinds that leave numbers of layers.
  public static let ofLayers = allCases.filter { $0.measure?.isOfLayers ?? false }
}
