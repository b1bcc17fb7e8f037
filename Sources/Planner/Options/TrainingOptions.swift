/// How a model is trained: complete, as a stage's parameters hold it and a worker reads it.
public struct TrainingOptions: Sendable, Hashable {
  public var epochs: Int
  public var batchSize: Int
  public var optimizer: OptimizerSpec
  public var schedule: [ScheduleSpec]
  /// The largest gradient norm; nil: no clipping.
  public var gradientClipping: Double?
  /// Epochs between validations; may be a fraction.
  public var validationInterval: Double
  /// Height and width of the network's input, in pixels.
  public var imageSize: Int
  public var trainingTransforms: [TransformSpec]
  public var evaluationTransforms: [TransformSpec]
  public var normalise: NormaliseSpec
  public var backbone: BackboneOptions
  /// Whether the weights of the best validation are kept; else the last.
  public var keepsBest: Bool
  /// Nil: every epoch is trained.
  public var earlyStop: EarlyStopSpec?
  public var classWeights: ClassWeightsSpec
  public var freezesBackbone: Bool
  public var judgesNeighbours: Bool
  public var mixedPrecision: MixedPrecision
  /// How the learning rate is searched for, where it is.
  public var rateSearch: RateSearchSpec
  /// How images of one channel enter the network.
  public var stem: StemSpec
}

/// How a network takes images of one channel.
public enum StemSpec: String, Sendable, Hashable, CaseIterable {
  /// Shown as three equal channels.
  case three
  /// By a stem of one channel: the source's filters of its first channel, their sum, or their mean.
  case first, sum, mean
}

extension TrainingOptions {
  /// Decodes what `canonical` wrote; an option that is left out has its default.
  public init(canonical json: JSONValue) throws(ParameterFault) {
    let fields = ParameterFields(TrainingOption.completed(json), of: "training")
    epochs = try fields.integer("epochs")
    batchSize = try fields.integer("batch_size")
    optimizer = try OptimizerSpec(try fields.object("optimizer"))
    schedule = try fields.list("schedule") { (json) throws(ParameterFault) in try ScheduleSpec(canonical: json) }
    let clipping = try fields.number("gradient_clipping")
    gradientClipping = clipping > 0 ? clipping : nil
    validationInterval = try fields.number("val_every")
    imageSize = try fields.integer("image_size")
    let transforms = try fields.object("transforms")
    trainingTransforms = try transforms.list("train") { (json) throws(ParameterFault) in
      try TransformSpec(canonical: json)
    }
    evaluationTransforms = try transforms.list("eval") { (json) throws(ParameterFault) in
      try TransformSpec(canonical: json)
    }
    normalise = try NormaliseSpec(canonical: try fields.value("normalise"))
    backbone = try BackboneOptions(fields)
    keepsBest = try fields.flag("save_best")
    earlyStop = try EarlyStopSpec(canonical: try fields.value("early_stopping"))
    classWeights = try ClassWeightsSpec(canonical: try fields.value("class_weights"))
    freezesBackbone = try fields.flag("freeze_backbone")
    judgesNeighbours = try fields.flag("knn_eval")
    mixedPrecision = try fields.choice("mixed_precision")
    stem = try fields.choice("stem")
    rateSearch = try RateSearchSpec(canonical: try fields.value("lr_search"))
  }

  /// The whole as JSON: an object with every option of the first version, and each later one that is not at its default.
  public var canonical: JSONValue {
    let own = TrainingOption.reduced([
      "epochs": .integer(epochs), "batch_size": .integer(batchSize), "optimizer": .object(optimizer.members),
      "schedule": .array(schedule.map(\.canonical)), "gradient_clipping": .number(gradientClipping ?? 0),
      "val_every": .number(validationInterval), "image_size": .integer(imageSize),
      "transforms": [
        "train": .array(trainingTransforms.map(\.canonical)), "eval": .array(evaluationTransforms.map(\.canonical)),
      ],
      "normalise": normalise.canonical, "save_best": .bool(keepsBest),
      "early_stopping": earlyStop?.canonical ?? ["kind": "none"], "class_weights": classWeights.canonical,
      "freeze_backbone": .bool(freezesBackbone), "knn_eval": .bool(judgesNeighbours),
      "mixed_precision": .string(mixedPrecision.rawValue), "lr_search": rateSearch.canonical,
      "stem": .string(stem.rawValue),
    ])
    return .object((own.objectValue ?? [:]).merging(backbone.canonicalMembers) { own, _ in own })
  }

  /// The options that a key is made of, by dotted name: the catalogue's defaults, what follows from the backbone, and the
  /// changes; what another optimizer takes, what came after the first version and is at its default, and what cannot change
  /// a result is left out.
  ///
  /// - Parameters:
  ///   - changes: Values by dotted name, of the type that `TrainingOption` declares.
  ///   - backbone: What is trained.
  public static func canonical(changes: [String: JSONValue], backbone: Backbone) -> JSONValue {
    var tree: JSONValue = [:]
    let imageSize = changes["image_size"]?.intValue ?? backbone.imageSize
    let optimizer = changes["optimizer.name"]?.stringValue ?? "adamw"
    for option in TrainingOption.all where option.keyPart != .never && option.isTaken(by: optimizer) {
      if BackboneOptions.leavesOut(option.name, changes[option.name], on: backbone) { continue }
      // A search that nobody asks for changes nothing.
      if option.name == "lr_search", changes["optimizer.lr"] != "search" { continue }
      var value: JSONValue
      switch (changes[option.name], option.standard) {
      case (let change?, _): value = change
      case (nil, .value(let standard)): value = standard
      case (nil, .derived), (nil, .required): value = .integer(imageSize)
      }
      if option.name.hasPrefix("transforms."), let steps = value.arrayValue {
        value = .array(steps.map { TransformSpec.completed($0, imageSize: imageSize) })
      }
      tree[dotted: option.name] = value
    }
    return TrainingOption.reduced(tree)
  }
}

/// Options that say how a stage is carried out and cannot change what comes of it: they travel beside the parameters and
/// are no part of a key.
public struct StageManner: Sendable, Hashable {
  /// Optimizer steps between lines of training loss in the log.
  public var logInterval: Int
  /// Whether TensorBoard's event files are written.
  public var writesEvents: Bool

  /// An option that is not given has its default.
  public init(_ json: JSONValue) throws(ParameterFault) {
    let fields = ParameterFields(TrainingOption.completed(json), of: "training")
    logInterval = try fields.integer("log_every")
    writesEvents = try fields.flag("tensorboard")
  }

  /// The options given that are no part of a key.
  static func json(changes: [String: JSONValue]) -> JSONValue {
    var tree: JSONValue = [:]
    for option in TrainingOption.all where option.keyPart == .never {
      if let change = changes[option.name] { tree[dotted: option.name] = change }
    }
    return tree
  }
}

extension TrainingOption {
  func isTaken(by optimizer: String) -> Bool { takers?.contains(optimizer) ?? true }

  /// Options as a tree, those that came after the first version left out where they are at their defaults.
  static func reduced(_ tree: JSONValue) -> JSONValue {
    var reduced = tree
    for option in all where option.keyPart == .whereChanged {
      guard case .value(let standard) = option.standard, tree[dotted: option.name] == standard else { continue }
      reduced[dotted: option.name] = nil
    }
    return reduced
  }

  /// Options as a tree, the defaults of those that came after the first version filled in.
  static func completed(_ tree: JSONValue) -> JSONValue {
    var completed = tree
    for option in all where option.keyPart != .always && tree[dotted: option.name] == nil {
      guard case .value(let standard) = option.standard else { continue }
      completed[dotted: option.name] = standard
    }
    return completed
  }
}

extension JSONValue {
  /// A member by its dotted name, `optimizer.lr`. Setting it makes the objects on the way; what is no object becomes one.
  fileprivate subscript(dotted name: String) -> JSONValue? {
    get { name.split(separator: ".").reduce(self as JSONValue?) { $0?[String($1)] } }
    set { set(newValue, at: name.split(separator: ".")[...]) }
  }

  private mutating func set(_ value: JSONValue?, at path: ArraySlice<Substring>) {
    guard let name = path.first.map(String.init) else { return }
    var members = objectValue ?? [:]
    if path.count == 1 {
      members[name] = value
    } else {
      var inner = members[name] ?? [:]
      inner.set(value, at: path.dropFirst())
      members[name] = inner
    }
    self = .object(members)
  }
}
