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

/// The update rule and its numbers.
public struct OptimizerSpec: Sendable, Hashable {
  /// `adamw`.
  public var name: String
  public var learningRate: Double
  public var weightDecay: Double
}

extension TrainingOptions {
  /// Decodes what `canonical` wrote.
  public init(canonical json: JSONValue) throws(ParameterFault) {
    let fields = ParameterFields(json, of: "training")
    epochs = try fields.integer("epochs")
    batchSize = try fields.integer("batch_size")
    let rule = try fields.object("optimizer")
    optimizer = OptimizerSpec(
      name: try rule.text("name"), learningRate: try rule.number("lr"), weightDecay: try rule.number("weight_decay"))
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
    stem = fields.optional("stem") == nil ? .three : try fields.choice("stem")
  }

  /// The whole as JSON: an object with every option, but for younger ones at their defaults.
  public var canonical: JSONValue {
    var members: [String: JSONValue] = [
      "epochs": .integer(epochs), "batch_size": .integer(batchSize),
      "optimizer": [
        "name": .string(optimizer.name), "lr": .number(optimizer.learningRate),
        "weight_decay": .number(optimizer.weightDecay),
      ],
      "schedule": .array(schedule.map(\.canonical)), "gradient_clipping": .number(gradientClipping ?? 0),
      "val_every": .number(validationInterval), "image_size": .integer(imageSize),
      "transforms": [
        "train": .array(trainingTransforms.map(\.canonical)), "eval": .array(evaluationTransforms.map(\.canonical)),
      ],
      "normalise": normalise.canonical,
    ]
    if stem != .three { members["stem"] = .string(stem.rawValue) }
    return .object(members)
  }

  /// Every option by its dotted name: the catalogue's defaults, what follows from the backbone, and the changes.
  ///
  /// - Parameter changes: Values by dotted name, of the type that `TrainingOption` declares.
  public static func canonical(changes: [String: JSONValue], backbone: Backbone) -> JSONValue {
    var tree: [String: JSONValue] = [:]
    let imageSize = changes["image_size"]?.intValue ?? backbone.imageSize
    for option in TrainingOption.all {
      var value: JSONValue
      switch (changes[option.name], option.standard) {
      case (let change?, _): value = change
      case (nil, .value(let standard)): value = standard
      case (nil, .derived), (nil, .required): value = .integer(imageSize)
      }
      if option.name.hasPrefix("transforms."), let steps = value.arrayValue {
        value = .array(steps.map { TransformSpec.sized($0, imageSize: imageSize) })
      }
      if option.goesUnwritten(value) { continue }
      insert(value, at: option.name.split(separator: ".").map(String.init)[...], into: &tree)
    }
    return .object(tree)
  }

  private static func insert(_ value: JSONValue, at path: ArraySlice<String>, into tree: inout [String: JSONValue]) {
    guard let name = path.first else { return }
    if path.count == 1 {
      tree[name] = value
    } else {
      var inner = tree[name]?.objectValue ?? [:]
      insert(value, at: path.dropFirst(), into: &inner)
      tree[name] = .object(inner)
    }
  }
}
