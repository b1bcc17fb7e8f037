/// What a stage that measures a cell's model is told, beside its analysis' own options. Inputs: `model` (a `train` stage),
/// `dataset`, and `weights` where the cell's initialisation reads them and the measure looks at it.
public struct MeasureParameters: Sendable, Hashable {
  public var analysis: AnalysisSpec
  public var initialisation: InitialisationSpec
  public var fraction: Double
  public var seed: Int
  /// All that the data set's task allows.
  public var metrics: [Metric]
  /// The one that the data set is judged by.
  public var primary: Metric

  public init(
    analysis: AnalysisSpec, initialisation: InitialisationSpec, fraction: Double, seed: Int, metrics: [Metric],
    primary: Metric
  ) {
    self.analysis = analysis
    self.initialisation = initialisation
    self.fraction = fraction
    self.seed = seed
    self.metrics = metrics
    self.primary = primary
  }

  public init(_ json: JSONValue, of kind: StageKind) throws(ParameterFault) {
    let fields = ParameterFields(json, of: kind.rawValue)
    analysis = try AnalysisSpec(kind, fields)
    let name = try fields.text("initialisation")
    guard let initialisation = InitialisationSpec(name) else { throw fields.unknown("initialisation", name) }
    self.initialisation = initialisation
    fraction = try fields.number("fraction")
    seed = try fields.integer("seed")
    metrics = try fields.choices("metrics")
    primary = try fields.choice("primary")
  }

  public var canonical: JSONValue {
    .object(
      analysis.values.merging([
        "initialisation": .string(initialisation.name), "fraction": .number(fraction), "seed": .integer(seed),
        "metrics": .texts(metrics.map(\.rawValue)), "primary": .string(primary.rawValue),
      ]) { own, _ in own })
  }
}

/// What a `layerwise_knn` stage of source weights is told. Inputs: `weights`, `dataset`.
public struct SourceMeasureParameters: Sendable, Hashable {
  public var analysis: AnalysisSpec
  public var backbone: String
  /// How images come to the network; the rest of it has no meaning.
  public var training: TrainingOptions
  public var fraction: Double
  public var seed: Int
  public var primary: Metric

  public init(
    analysis: AnalysisSpec, backbone: String, training: TrainingOptions, fraction: Double, seed: Int, primary: Metric
  ) {
    self.analysis = analysis
    self.backbone = backbone
    self.training = training
    self.fraction = fraction
    self.seed = seed
    self.primary = primary
  }

  public init(_ json: JSONValue, of kind: StageKind) throws(ParameterFault) {
    let fields = ParameterFields(json, of: kind.rawValue)
    analysis = try AnalysisSpec(kind, fields)
    backbone = try fields.text("backbone")
    training = try TrainingOptions(canonical: try fields.value("training"))
    fraction = try fields.number("fraction")
    seed = try fields.integer("seed")
    primary = try fields.choice("primary")
  }

  public var canonical: JSONValue {
    .object(
      analysis.values.merging([
        "backbone": .string(backbone), "training": training.canonical, "fraction": .number(fraction),
        "seed": .integer(seed), "primary": .string(primary.rawValue),
      ]) { own, _ in own })
  }
}

/// What a `cross_cka` stage is told. Inputs: `first` and `second` (`train` stages), `dataset`.
public struct PairParameters: Sendable, Hashable {
  private let analysis: AnalysisSpec
  public let options: PairOptions

  public init(_ json: JSONValue) throws(ParameterFault) {
    analysis = try AnalysisSpec(.crossCKA, ParameterFields(json, of: StageKind.crossCKA.rawValue))
    options = try analysis.options()
  }

  public var canonical: JSONValue { .object(analysis.values) }
}

/// What a `distance` stage is told. Inputs: `weights` (of the backbone that looks), `dataset`, and `source` (a data set's
/// stage) unless the source is a file. Location: `statistics`.
public struct DistanceParameters: Sendable, Hashable {
  public var backbone: String
  /// How images come to the network; the rest of it has no meaning.
  public var training: TrainingOptions
  /// The digest of the file of the source's statistics, `missing` where it could not be read; nil where a data set is the
  /// source.
  public var statistics: String?

  public init(backbone: String, training: TrainingOptions, statistics: String?) {
    self.backbone = backbone
    self.training = training
    self.statistics = statistics
  }

  public init(_ json: JSONValue) throws(ParameterFault) {
    let fields = ParameterFields(json, of: "distance")
    backbone = try fields.text("backbone")
    training = try TrainingOptions(canonical: try fields.value("training"))
    statistics = try fields.optionalText("statistics")
  }

  public var canonical: JSONValue {
    [
      "backbone": .string(backbone), "training": training.canonical,
      "statistics": statistics.map { .string($0) } ?? .null,
    ]
  }
}
