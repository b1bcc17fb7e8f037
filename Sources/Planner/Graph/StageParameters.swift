/// What a `dataset` stage is told: the data set, and the digest of what lies on the disk. Location: `root`.
public struct DatasetParameters: Sendable, Hashable {
  public var options: DatasetOptions
  /// The digest of the files, `missing` where they could not be read; nil for images that Graft makes itself.
  public var content: String?

  public init(options: DatasetOptions, content: String?) {
    self.options = options
    self.content = content
  }

  public init(_ json: JSONValue) throws(ParameterFault) {
    options = try DatasetOptions(canonical: json)
    content = try ParameterFields(json, of: "dataset").optionalText("content")
  }

  public var canonical: JSONValue {
    var members = options.canonical.objectValue ?? [:]
    members["content"] = content.map { .string($0) } ?? .null
    return .object(members)
  }
}

/// What a `weights` stage is told. Location: `file`.
public struct WeightsParameters: Sendable, Hashable {
  public var backbone: String
  /// What the weights were learned by.
  public var kind: WeightsKind
  /// The digest of the file, `missing` where it could not be read, `oversized` where it is larger than any weights.
  public var content: String

  public init(backbone: String, kind: WeightsKind = .supervised, content: String) {
    self.backbone = backbone
    self.kind = kind
    self.content = content
  }

  public init(_ json: JSONValue) throws(ParameterFault) {
    let fields = ParameterFields(json, of: "weights")
    backbone = try fields.text("backbone")
    kind = fields.optional("kind") == nil ? .supervised : try fields.choice("kind")
    content = try fields.text("content")
  }

  /// `supervised` goes unwritten: keys from before there were kinds stay as they are.
  public var canonical: JSONValue {
    var members: [String: JSONValue] = ["backbone": .string(backbone), "content": .string(content)]
    if kind != .supervised { members["kind"] = .string(kind.rawValue) }
    return .object(members)
  }
}

/// What a `pretrain` stage is told. Input: `dataset`.
public struct PretrainParameters: Sendable, Hashable {
  public var backbone: String
  public var metric: Metric
  public var seed: Int
  public var training: TrainingOptions

  public init(backbone: String, metric: Metric, seed: Int, training: TrainingOptions) {
    self.backbone = backbone
    self.metric = metric
    self.seed = seed
    self.training = training
  }

  public init(_ json: JSONValue) throws(ParameterFault) {
    let fields = ParameterFields(json, of: "pretrain")
    backbone = try fields.text("backbone")
    metric = try fields.choice("metric")
    seed = try fields.integer("seed")
    training = try TrainingOptions(canonical: try fields.value("training"))
  }

  public var canonical: JSONValue {
    [
      "backbone": .string(backbone), "metric": .string(metric.rawValue), "seed": .integer(seed),
      "training": training.canonical,
    ]
  }
}

/// What a `train` or an `lr_search` stage is told. Inputs: `dataset`, `weights` (of a `weights` or a `pretrain` stage) where
/// the initialisation reads weights, and for a `train` stage `rate` (an `lr_search` stage) where its learning rate is
/// searched for.
public struct TrainParameters: Sendable, Hashable {
  public var backbone: String
  /// `RI`, `ST`, `WT-ST-n` or `WT`, the ends of `WT-ST-n` under their own names.
  public var initialisation: InitialisationSpec
  /// The share of the training images, above 0 and at most 1.
  public var fraction: Double
  public var seed: Int
  /// What the best checkpoint is chosen by.
  public var metric: Metric
  public var training: TrainingOptions

  public init(
    backbone: String, initialisation: InitialisationSpec, fraction: Double, seed: Int, metric: Metric,
    training: TrainingOptions
  ) {
    self.backbone = backbone
    self.initialisation = initialisation
    self.fraction = fraction
    self.seed = seed
    self.metric = metric
    self.training = training
  }

  public init(_ json: JSONValue) throws(ParameterFault) {
    let fields = ParameterFields(json, of: "train")
    backbone = try fields.text("backbone")
    let name = try fields.text("initialisation")
    guard let initialisation = InitialisationSpec(name) else { throw fields.unknown("initialisation", name) }
    self.initialisation = initialisation
    fraction = try fields.number("fraction")
    seed = try fields.integer("seed")
    metric = try fields.choice("metric")
    training = try TrainingOptions(canonical: try fields.value("training"))
  }

  public var canonical: JSONValue {
    [
      "backbone": .string(backbone), "initialisation": .string(initialisation.name), "fraction": .number(fraction),
      "seed": .integer(seed), "metric": .string(metric.rawValue), "training": training.canonical,
    ]
  }
}

/// What a `test` stage is told. Inputs: `model` (a `train` stage) and `dataset`.
public struct TestParameters: Sendable, Hashable {
  /// All that the data set's task allows.
  public var metrics: [Metric]
  /// The one that the data set is judged by.
  public var primary: Metric

  public init(metrics: [Metric], primary: Metric) {
    self.metrics = metrics
    self.primary = primary
  }

  public init(_ json: JSONValue) throws(ParameterFault) {
    let fields = ParameterFields(json, of: "test")
    metrics = try fields.list("metrics") { (json) throws(ParameterFault) in
      try ParameterFields(["metric": json], of: "test").choice("metric")
    }
    primary = try fields.choice("primary")
  }

  public var canonical: JSONValue {
    ["metrics": .texts(metrics.map(\.rawValue)), "primary": .string(primary.rawValue)]
  }
}

/// What a `noop` stage is told.
public struct NoopParameters: Sendable, Hashable {
  public var index: Int

  public init(index: Int) { self.index = index }

  public init(_ json: JSONValue) throws(ParameterFault) {
    index = try ParameterFields(json, of: "noop").integer("index")
  }

  public var canonical: JSONValue { ["index": .integer(index)] }
}
