/// What a study measures on its cells: an entry of `analyses`.
public enum AnalysisSpec: Sendable, Hashable {
  case test
  case knn(NeighbourOptions)
  case layerwiseKNN(NeighbourOptions, probe: ProbeSpec, states: [MeasuredState])
  case layerImportance(ReplacementSpec)
  case l2
  case cka(SimilarityOptions)
  case crossCKA(SimilarityOptions, first: String, second: String)
  case embedding(EmbeddingOptions)
  case distance(DistanceOptions)
  case testBootstrap(BootstrapOptions)

  static let shape = VariantShape(
    noun: "analysis", tag: "name",
    forms: [
      VariantForm("test", meaning: "The best checkpoint on the test images; always there."),
      VariantForm(
        "knn", members: NeighbourOptions.declarations,
        meaning: "Test images judged by their nearest neighbours among the training images, by the final features."),
      VariantForm(
        "layerwise_knn",
        members: NeighbourOptions.declarations + [
          probe,
          OptionDeclaration(
            "states", .list(.choice(MeasuredState.allCases.map(\.rawValue)), count: 1...3),
            .value(.texts(MeasuredState.allCases.map(\.rawValue))),
            "Of the model as trained, at its initialisation, of the source weights."),
        ], meaning: "The same by the features of every layer."),
      VariantForm(
        "layer_importance",
        members: [
          OptionDeclaration(
            "mode", .choice(ReplacementSpec.allCases.map(\.rawValue)), .value("initial"),
            "The module's values before training, or `rerand`: drawn anew by their mean and deviation.")
        ], meaning: "The test metric after one module at a time is put back."),
      VariantForm("l2", meaning: "How far the weights of each tensor and module moved in training."),
      VariantForm(
        "cka", members: SimilarityOptions.declarations + [probe],
        meaning: "How alike the layers' representations are before and after training."),
      VariantForm(
        "cross_cka",
        members: SimilarityOptions.declarations + [
          probe,
          OptionDeclaration(
            "pair", .list(.text, count: 2...2), .value(["WT", "ST"]),
            "The two initialisations whose models of one seed are compared."),
        ], meaning: "How alike the layers of two initialisations' models are."),
      VariantForm(
        "embedding", members: EmbeddingOptions.declarations,
        meaning: "The test images' final features in two dimensions, and as TensorBoard's projector reads them."),
      VariantForm(
        "distance", members: DistanceOptions.declarations,
        meaning: "The Frechet distance between a data set's features and a source's: figure 1's vertical axis."),
      VariantForm(
        "test_bootstrap", members: BootstrapOptions.declarations,
        meaning: "How far the test's metrics would move with other test images, from its predictions."),
    ])

  private static let probe = OptionDeclaration(
    "probe", .choice(ProbeSpec.allCases.map(\.rawValue)), .value("branch"),
    "In transformers: a module's output before it is added to what went around it, or the sum.")
}

/// Where a layer is looked at.
public enum ProbeSpec: String, Sendable, Hashable, CaseIterable {
  case branch, residual
}

/// Which weights a measure is of.
public enum MeasuredState: String, Sendable, Hashable, CaseIterable {
  case trained, initial, source
}

/// What a module's values are replaced by.
public enum ReplacementSpec: String, Sendable, Hashable, CaseIterable {
  case initial, rerand
}

/// How nearest neighbours vote.
public struct NeighbourOptions: Sendable, Hashable {
  /// How many vote.
  public var k: Int
  /// Each counts exp(cosine / temperature).
  public var temperature: Double
  public var bank: Bank

  /// Which training images are asked.
  public enum Bank: String, Sendable, Hashable, CaseIterable {
    /// Those that the cell trains on.
    case fraction
    /// All of the training split.
    case split
  }

  static let declarations = [
    OptionDeclaration("k", .integer(1...10_000), .value(200), "How many neighbours vote."),
    OptionDeclaration(
      "temperature", .number(.above(0)), .value(0.1), "Each neighbour counts exp(cosine similarity / temperature)."),
    OptionDeclaration(
      "bank", .choice(Bank.allCases.map(\.rawValue)), .value("fraction"),
      "The neighbours are the training images of the cell's fraction, or those of the whole split."),
  ]

  init(_ fields: ParameterFields) throws(ParameterFault) {
    k = try fields.integer("k")
    temperature = try fields.number("temperature")
    bank = try fields.choice("bank")
  }

  var members: [String: JSONValue] {
    ["k": .integer(k), "temperature": .number(temperature), "bank": .string(bank.rawValue)]
  }
}

/// How representations are compared.
public struct SimilarityOptions: Sendable, Hashable {
  public enum Estimator: String, Sendable, Hashable, CaseIterable {
    /// Unbiased HSIC, its terms summed over batches (Nguyen, Raghu & Kornblith, ICLR 2021).
    case unbiased
    /// The mean of the batches' own ratios, as the study's released code has it.
    case released
  }

  public var estimator: Estimator
  /// Images of a batch; at least 4.
  public var batchSize: Int
  public var probe: ProbeSpec

  static let declarations = [
    OptionDeclaration(
      "estimator", .choice(Estimator.allCases.map(\.rawValue)), .value("unbiased"),
      "Unbiased HSIC summed over batches, or the mean of the batches' ratios as in the released code."),
    OptionDeclaration("batch_size", .integer(4...4096), .value(64), "Test images compared with each other at a time."),
  ]

  init(_ fields: ParameterFields) throws(ParameterFault) {
    estimator = try fields.choice("estimator")
    batchSize = try fields.integer("batch_size")
    probe = try fields.choice("probe")
  }

  var members: [String: JSONValue] {
    [
      "estimator": .string(estimator.rawValue), "batch_size": .integer(batchSize), "probe": .string(probe.rawValue),
    ]
  }
}

/// How features become points of a plane.
public struct EmbeddingOptions: Sendable, Hashable {
  public enum Method: String, Sendable, Hashable, CaseIterable {
    case umap, pca
  }

  public enum Metric: String, Sendable, Hashable, CaseIterable {
    case euclidean, cosine
  }

  public var methods: [Method]
  /// Of UMAP: neighbours of an image, least distance of points, and what near means.
  public var neighbours: Int
  public var minimumDistance: Double
  public var metric: Metric

  static let declarations = [
    OptionDeclaration(
      "methods", .list(.choice(Method.allCases.map(\.rawValue)), count: 1...2),
      .value(.texts(Method.allCases.map(\.rawValue))), "Uniform manifold approximation, principal components."),
    OptionDeclaration("n_neighbors", .integer(2...1000), .value(15), "UMAP's neighbours of an image."),
    OptionDeclaration("min_dist", .number(.from(0, to: 1)), .value(0.1), "UMAP's least distance between points."),
    OptionDeclaration(
      "metric", .choice(Metric.allCases.map(\.rawValue)), .value("euclidean"), "What UMAP calls near."),
  ]

  init(_ fields: ParameterFields) throws(ParameterFault) {
    methods = try fields.choices("methods")
    neighbours = try fields.integer("n_neighbors")
    minimumDistance = try fields.number("min_dist")
    metric = try fields.choice("metric")
  }

  var members: [String: JSONValue] {
    [
      "methods": .texts(methods.map(\.rawValue)), "n_neighbors": .integer(neighbours),
      "min_dist": .number(minimumDistance), "metric": .string(metric.rawValue),
    ]
  }
}

/// What a data set's distance is measured to, and by what.
public struct DistanceOptions: Sendable, Hashable {
  /// The backbone whose source weights see the images.
  public var backbone: String
  /// The source: a file of its statistics, or a data set of the study.
  public var source: Source

  public enum Source: Sendable, Hashable {
    case statistics(String)
    case dataset(String)
  }

  static let declarations = [
    OptionDeclaration(
      "backbone", .choice(BackboneCatalogue.all.map(\.name)), .value("inception_v3"),
      "Whose features are compared, by its source weights."),
    OptionDeclaration(
      "statistics", .text, .derived("none"),
      "A NumPy archive (.npz) with the mean `mu` and the covariance `sigma` of the source's features."),
    OptionDeclaration("source", .text, .derived("none"), "A data set of the study as the source."),
  ]
}

extension AnalysisSpec {
  /// As `shape` reads it.
  ///
  /// - Parameter json: With defaults filled in.
  init(read json: JSONValue) throws(ParameterFault) {
    let fields = ParameterFields(json, of: "analyses")
    let name = try fields.text("name")
    guard let kind = StageKind(rawValue: name) else { throw fields.unknown("name", name) }
    try self.init(kind, fields)
  }

  /// From the members that `members` wrote.
  init(_ kind: StageKind, _ fields: ParameterFields) throws(ParameterFault) {
    switch kind {
    case .test: self = .test
    case .knn: self = .knn(try NeighbourOptions(fields))
    case .layerwiseKNN:
      self = .layerwiseKNN(
        try NeighbourOptions(fields), probe: try fields.choice("probe"), states: try fields.choices("states"))
    case .layerImportance: self = .layerImportance(try fields.choice("mode"))
    case .l2: self = .l2
    case .cka: self = .cka(try SimilarityOptions(fields))
    case .crossCKA:
      let pair = try fields.texts("pair")
      self = .crossCKA(try SimilarityOptions(fields), first: pair.first ?? "", second: pair.last ?? "")
    case .embedding: self = .embedding(try EmbeddingOptions(fields))
    case .distance:
      let backbone = try fields.text("backbone")
      if let file = try fields.optionalText("statistics") {
        self = .distance(DistanceOptions(backbone: backbone, source: .statistics(file)))
      } else {
        self = .distance(DistanceOptions(backbone: backbone, source: .dataset(try fields.optionalText("source") ?? "")))
      }
    case .testBootstrap: self = .testBootstrap(try BootstrapOptions(fields))
    case .weights, .dataset, .pretrain, .lrSearch, .train, .noop: throw fields.unknown("name", kind.rawValue)
    }
  }

  /// The kind of stage that does it.
  public var kind: StageKind {
    switch self {
    case .test: .test
    case .knn: .knn
    case .layerwiseKNN: .layerwiseKNN
    case .layerImportance: .layerImportance
    case .l2: .l2
    case .cka: .cka
    case .crossCKA: .crossCKA
    case .embedding: .embedding
    case .distance: .distance
    case .testBootstrap: .testBootstrap
    }
  }

  /// Its options, as a stage's parameters hold them. What a distance is measured to is an input of its stage, not an option.
  var members: [String: JSONValue] {
    switch self {
    case .test, .l2: [:]
    case .knn(let options): options.members
    case .layerwiseKNN(let options, let probe, let states):
      options.members.merging([
        "probe": .string(probe.rawValue), "states": .texts(states.map(\.rawValue)),
      ]) { own, _ in own }
    case .layerImportance(let mode): ["mode": .string(mode.rawValue)]
    case .cka(let options): options.members
    case .crossCKA(let options, let first, let second):
      options.members.merging(["pair": .texts([first, second])]) { own, _ in own }
    case .embedding(let options): options.members
    case .distance(let options): ["backbone": .string(options.backbone)]
    case .testBootstrap(let options): options.members
    }
  }
}
