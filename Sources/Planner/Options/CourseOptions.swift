/// When a training ends before its last epoch: after `patience` validations in a row whose metric was not more than
/// `minimumDelta` above the best before them.
public struct EarlyStopSpec: Sendable, Hashable {
  public var patience: Int
  public var minimumDelta: Double

  static let shape = VariantShape(
    noun: "early stopping", tag: "kind",
    forms: [
      VariantForm("none", meaning: "Every epoch is trained."),
      VariantForm(
        "stop", tellingMember: "patience",
        members: [
          OptionDeclaration(
            "patience", .integer(1...1_000_000), .required, "Validations without a better metric that end the training."
          ),
          OptionDeclaration("min_delta", .number(.atLeast(0)), .value(0), "By how much better is better."),
        ], meaning: "Ends the training when the validation metric no longer improves."),
    ])

  /// Nil for `none`.
  init?(canonical json: JSONValue) throws(ParameterFault) {
    let fields = ParameterFields(json, of: "early_stopping")
    switch try fields.text("kind") {
    case "none": return nil
    case "stop":
      patience = try fields.integer("patience")
      minimumDelta = try fields.number("min_delta")
    case let kind: throw fields.unknown("kind", kind)
    }
  }

  var canonical: JSONValue {
    ["kind": "stop", "patience": .integer(patience), "min_delta": .number(minimumDelta)]
  }
}

/// What each class counts in the training loss.
public enum ClassWeightsSpec: Sendable, Hashable {
  case none
  /// The inverse of the class's share of the training images, over the number of classes.
  case balanced
  case given([Double])

  static let shape = ValueShape.either(
    .choice(["none", "balanced"]), .list(.number(.atLeast(0)), count: 2...10_000))

  init(canonical json: JSONValue) throws(ParameterFault) {
    switch json {
    case "none": self = .none
    case "balanced": self = .balanced
    default: self = .given(try ParameterFields(["class_weights": json], of: "training").numbers("class_weights"))
    }
  }

  var canonical: JSONValue {
    switch self {
    case .none: "none"
    case .balanced: "balanced"
    case .given(let weights): .array(weights.map { .number($0) })
    }
  }
}

/// The numbers that matrix products and convolutions are computed with in training.
public enum MixedPrecision: String, Sendable, Hashable, CaseIterable {
  case off
  case bf16
  case fp16
}

extension TrainingOption {
  /// Options of how a training goes that came after the first version.
  static let course: [TrainingOption] = [
    TrainingOption(
      OptionDeclaration(
        "lr_search", .variant(RateSearchSpec.shape), .value(RateSearchSpec.standard.canonical),
        "How a learning rate is searched for where `optimizer.lr` is `search`.")),
    TrainingOption(
      OptionDeclaration(
        "save_best", .flag, .value(true),
        "Keeps the weights of the best validation; false: the last weights.")),
    TrainingOption(
      OptionDeclaration(
        "early_stopping", .variant(EarlyStopSpec.shape), .value(["kind": "none"]),
        "Ends a training that no longer improves: {patience: N, min_delta: X}.")),
    TrainingOption(
      OptionDeclaration(
        "class_weights", ClassWeightsSpec.shape, .value("none"), "What each class counts in the training loss.")),
    TrainingOption(
      OptionDeclaration(
        "freeze_backbone", .flag, .value(false),
        "Trains the head alone; batch norms keep their running statistics.")),
    TrainingOption(
      OptionDeclaration(
        "knn_eval", .flag, .value(false),
        "At each validation also judges the features by their nearest training images.")),
    TrainingOption(
      OptionDeclaration(
        "mixed_precision", .choice(MixedPrecision.allCases.map(\.rawValue)), .value("off"),
        "The numbers of products and convolutions in training; fp16 needs a CUDA device.")),
  ]

  /// Options that cannot change a result.
  static let unkeyed: [TrainingOption] = [
    TrainingOption(
      OptionDeclaration(
        "log_every", .integer(1...1_000_000_000), .value(100), "Steps between lines of training loss in the log."),
      keyPart: .never),
    TrainingOption(
      OptionDeclaration(
        "tensorboard", .flag, .value(false), "Writes TensorBoard event files beside the log."), keyPart: .never),
  ]
}
