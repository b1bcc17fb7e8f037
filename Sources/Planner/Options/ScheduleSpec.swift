/// One link of a learning-rate schedule, its arguments complete. A schedule is a warm-up, or one of the others, or a warm-up
/// and one of the others after it.
public enum ScheduleSpec: Sendable, Hashable {
  /// From almost 0 to the learning rate, evenly over the first `iterations` optimizer steps.
  case linearWarmup(iterations: Int)
  /// Times `factor` after more than `patience` validations without a better metric, never below `minimum`.
  case plateau(factor: Double, patience: Int, minimum: Double)
  /// Half a wave of the cosine, down to `minimum` at the last step.
  case cosine(minimum: Double)
  /// Times `factor` at the end of each of these epochs, which ascend.
  case multistep(epochs: [Double], factor: Double)
  /// Up to the learning rate from its share 1 / `rise` within the share `risingShare` of the steps, then down to
  /// 1 / `fall` of where it began, each half a wave of the cosine.
  case oneCycle(risingShare: Double, rise: Double, fall: Double)

  static let shape = VariantShape(
    noun: "schedule", tag: "name",
    forms: [
      VariantForm(
        "linear_warmup",
        members: [
          OptionDeclaration("iterations", .integer(1...1_000_000_000), .value(1000), "Optimizer steps of warm-up.")
        ], meaning: "Raises the learning rate evenly from almost 0."),
      VariantForm(
        "plateau",
        members: [
          OptionDeclaration(
            "factor", .number(NumberRange(low: 0, includesLow: false, high: 1, includesHigh: false)), .value(0.1),
            "What the learning rate is multiplied by."),
          OptionDeclaration(
            "patience", .integer(0...1_000_000), .value(3), "Validations without a better metric that are borne."),
          OptionDeclaration("min_lr", .number(.atLeast(0)), .value(1e-6), "The least learning rate."),
        ], meaning: "Lowers the learning rate when the validation metric no longer improves."),
      VariantForm(
        "cosine",
        members: [OptionDeclaration("min_lr", .number(.atLeast(0)), .value(0), "The learning rate at the end.")],
        meaning: "Lowers the learning rate by a cosine over the steps that are left."),
      VariantForm(
        "multistep",
        members: [
          OptionDeclaration(
            "milestones", .list(.number(.above(0)), count: 1...1000), .required,
            "Epochs, in ascending order, after which the learning rate falls."),
          OptionDeclaration(
            "factor", .number(NumberRange(low: 0, includesLow: false, high: 1, includesHigh: false)), .value(0.1),
            "What the learning rate is multiplied by."),
        ], meaning: "Lowers the learning rate at given epochs."),
      VariantForm(
        "one_cycle",
        members: [
          OptionDeclaration(
            "rising_share", .number(NumberRange(low: 0, includesLow: false, high: 1, includesHigh: false)), .value(0.3),
            "The share of the steps in which the learning rate rises."),
          OptionDeclaration(
            "div_factor", .number(.above(1)), .value(25), "By how much lower than `lr` the learning rate begins."),
          OptionDeclaration(
            "final_div_factor", .number(.above(1)), .value(1e4), "By how much lower than that it ends."),
        ], meaning: "Raises the learning rate, then lowers it; a warm-up of its own."),
    ])

  /// Its name in a study.
  public var name: String {
    switch self {
    case .linearWarmup: "linear_warmup"
    case .plateau: "plateau"
    case .cosine: "cosine"
    case .multistep: "multistep"
    case .oneCycle: "one_cycle"
    }
  }
}

extension ScheduleSpec {
  public init(canonical json: JSONValue) throws(ParameterFault) {
    let fields = ParameterFields(json, of: "schedule")
    switch try fields.text("name") {
    case "linear_warmup": self = .linearWarmup(iterations: try fields.integer("iterations"))
    case "plateau":
      self = .plateau(
        factor: try fields.number("factor"), patience: try fields.integer("patience"),
        minimum: try fields.number("min_lr"))
    case "cosine": self = .cosine(minimum: try fields.number("min_lr"))
    case "multistep":
      self = .multistep(epochs: try fields.numbers("milestones"), factor: try fields.number("factor"))
    case "one_cycle":
      self = .oneCycle(
        risingShare: try fields.number("rising_share"), rise: try fields.number("div_factor"),
        fall: try fields.number("final_div_factor"))
    case let name: throw fields.unknown("name", name)
    }
  }

  public var canonical: JSONValue {
    switch self {
    case .linearWarmup(let iterations): ["name": "linear_warmup", "iterations": .integer(iterations)]
    case .plateau(let factor, let patience, let minimum):
      ["name": "plateau", "factor": .number(factor), "patience": .integer(patience), "min_lr": .number(minimum)]
    case .cosine(let minimum): ["name": "cosine", "min_lr": .number(minimum)]
    case .multistep(let epochs, let factor):
      ["name": "multistep", "milestones": .array(epochs.map { .number($0) }), "factor": .number(factor)]
    case .oneCycle(let risingShare, let rise, let fall):
      [
        "name": "one_cycle", "rising_share": .number(risingShare), "div_factor": .number(rise),
        "final_div_factor": .number(fall),
      ]
    }
  }
}

/// How pixels, as numbers from 0 to 1, are normalised.
public enum NormaliseSpec: Sendable, Hashable {
  /// By the mean and standard deviation of the training split, channel by channel.
  case dataset
  /// By ImageNet's: mean 0.485, 0.456, 0.406 and deviation 0.229, 0.224, 0.225; one channel by their averages.
  case imagenet
  /// By given numbers, one a channel.
  case given(mean: [Double], sd: [Double])
  /// By those that the study's released code has for a published data set.
  case published

  static let shape = VariantShape(
    noun: "normalisation", tag: "kind",
    forms: [
      VariantForm("dataset", meaning: "Mean and standard deviation of the training split, per channel."),
      VariantForm("imagenet", meaning: "The constants of ImageNet."),
      VariantForm("published", meaning: "The constants of the study's released code, for its data sets."),
      VariantForm(
        "given", tellingMember: "mean",
        members: [
          OptionDeclaration("mean", .list(.number(.from(-10, to: 10)), count: 1...4), .required, "Per channel."),
          OptionDeclaration("sd", .list(.number(.above(0, to: 10)), count: 1...4), .required, "Per channel."),
        ], meaning: "Given numbers."),
    ])

  public init(canonical json: JSONValue) throws(ParameterFault) {
    let fields = ParameterFields(json, of: "normalise")
    switch try fields.text("kind") {
    case "dataset": self = .dataset
    case "imagenet": self = .imagenet
    case "published": self = .published
    case "given": self = .given(mean: try fields.numbers("mean"), sd: try fields.numbers("sd"))
    case let kind: throw fields.unknown("kind", kind)
    }
  }

  public var canonical: JSONValue {
    switch self {
    case .dataset: ["kind": "dataset"]
    case .imagenet: ["kind": "imagenet"]
    case .published: ["kind": "published"]
    case .given(let mean, let sd):
      ["kind": "given", "mean": .array(mean.map { .number($0) }), "sd": .array(sd.map { .number($0) })]
    }
  }
}
