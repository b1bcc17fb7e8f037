/// One option of training, by its dotted name: what `training:`, rules, further axes and pretraining may set.
public struct TrainingOption: Sendable {
  /// Whether an option stands in the parameters that a stage's key is made of.
  enum KeyPart: Sendable {
    /// Always: the options of the first version.
    case always
    /// Where it is not at its default: every option added since, so that an addition changes no key that there was. The
    /// default of such an option is fixed for good.
    case whereChanged
    /// Never: it cannot change a result.
    case never
  }

  public let declaration: OptionDeclaration
  let keyPart: KeyPart
  /// The optimizers that take it; nil for all.
  public let takers: [String]?

  init(_ declaration: OptionDeclaration, keyPart: KeyPart = .whereChanged, optimizers: [String]? = nil) {
    self.declaration = declaration
    self.keyPart = keyPart
    takers = optimizers
  }

  /// `optimizer.lr`.
  public var name: String { declaration.name }
  public var shape: ValueShape { declaration.shape }
  public var standard: StandardValue { declaration.standard }
  public var meaning: String { declaration.meaning }

  /// The option of a name; nil where there is none.
  public static func named(_ name: String) -> TrainingOption? { byName[name] }

  private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

  /// Every option, in the order in which they are listed.
  public static let all: [TrainingOption] =
    first + optimizer + course + unkeyed + [stem] + BackboneOptions.declarations.map { TrainingOption($0) }

  private static let stem = TrainingOption(
    OptionDeclaration(
      "stem", .choice(StemSpec.allCases.map(\.rawValue)), .value("three"),
      "How one-channel images enter: three equal channels, or one by the source's first filter, their sum or mean."))

  /// The options of the first version.
  private static let first: [TrainingOption] = [
    OptionDeclaration("epochs", .integer(1...1_000_000), .value(30), "Passes over the training images."),
    OptionDeclaration("batch_size", .integer(1...1_000_000), .value(64), "Images in one optimizer step."),
    OptionDeclaration(
      "optimizer.name", .choice(OptimizerSpec.Rule.names), .value("adamw"),
      "The update rule: stochastic gradient descent, Adam, AdamW, or layer-wise adaptive rates (LARS)."),
    OptionDeclaration(
      "optimizer.lr", .either(.number(.above(0)), .choice(["search"])), .value(1e-4),
      "The learning rate after warm-up; `search`: what the setting's `lr_search` finds."),
    OptionDeclaration(
      "optimizer.weight_decay", .number(.atLeast(0)), .value(1e-5),
      "Weight decay: apart from the gradient for adamw, within it for the others; biases and norms have none."),
    OptionDeclaration(
      "schedule", .list(.variant(ScheduleSpec.shape), count: 0...20),
      .value([
        ["name": "linear_warmup", "iterations": 1000],
        ["name": "plateau", "factor": 0.1, "patience": 3, "min_lr": 1e-6],
      ]),
      "How the learning rate moves, in order."),
    OptionDeclaration(
      "gradient_clipping", .number(.atLeast(0)), .value(1), "The largest gradient norm; 0 turns clipping off."),
    OptionDeclaration(
      "val_every", .number(.above(0, to: 1_000_000)), .value(1), "Epochs between validations; may be a fraction."),
    OptionDeclaration(
      "image_size", .integer(8...4096), .derived("the backbone's own size"),
      "Height and width of the network's input, in pixels."),
    OptionDeclaration(
      "transforms.train", .list(.variant(TransformSpec.shape), count: 0...50),
      .value([
        ["name": "resize"],
        ["name": "random_resized_crop", "scale": [0.8, 1.2], "ratio": [0.75, .number(4.0 / 3)]],
        ["name": "vertical_flip", "p": 0.5], ["name": "horizontal_flip", "p": 0.5],
        ["name": "color_jitter", "brightness": 0.2, "contrast": 0.2, "saturation": 0.1, "hue": 0.1, "p": 0.2],
        ["name": "random_grayscale", "p": 0.2],
      ]),
      "What is done to a training image, in order, before it is normalised."),
    OptionDeclaration(
      "transforms.eval", .list(.variant(TransformSpec.shape), count: 0...50),
      .value([["name": "resize"], ["name": "center_crop"]]),
      "What is done to a validation or test image, in order, before it is normalised."),
    OptionDeclaration(
      "normalise", .variant(NormaliseSpec.shape), .value(["kind": "dataset"]),
      "What is subtracted from a channel, and what it is divided by."),
  ].map { TrainingOption($0, keyPart: .always) }
}
