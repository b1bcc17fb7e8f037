/// How a learning rate is searched for, once for all seeds of a setting.
public struct RateSearchSpec: Sendable, Hashable {
  public enum Form: Sendable, Hashable {
    /// A training for each of `resolution` rates, evenly spaced by their logarithms or drawn so at random; the one whose
    /// last validation has the best metric is taken.
    case grid(resolution: Int, isRandom: Bool, keepsSchedule: Bool, reportsSteps: Bool)
    /// One training whose rate rises from step to step; a tenth of the rate at which the loss was least is taken.
    case range
  }

  public var form: Form
  /// The lowest and highest rate, as powers of ten.
  public var lowestPower: Double
  public var highestPower: Double
  /// Passes over the training images, of each training.
  public var epochs: Int

  static let shape = VariantShape(
    noun: "search of a learning rate", tag: "kind",
    forms: [
      VariantForm(
        "grid",
        members: powers + [
          OptionDeclaration("resolution", .integer(2...10_000), .value(25), "How many rates are tried."),
          epochs(5),
          OptionDeclaration("random_lr", .flag, .value(false), "Draws the rates at random between the powers."),
          OptionDeclaration("keep_schedule", .flag, .value(false), "Follows `schedule`; else the rate stays."),
          OptionDeclaration(
            "report_intermediate_steps", .flag, .value(false), "Keeps every validation of each training."),
        ], meaning: "Trains with each of several rates and takes the one with the best validation metric."),
      VariantForm(
        "range", members: powers + [epochs(1)],
        meaning: "Trains once with a rising rate and takes a tenth of the one with the least loss."),
    ], fallback: "grid")

  private static let powers = [
    OptionDeclaration("min_pow", .number(.from(-12, to: 3)), .value(-5), "The lowest rate, as a power of ten."),
    OptionDeclaration("max_pow", .number(.from(-12, to: 3)), .value(-2), "The highest rate, as a power of ten."),
  ]

  private static func epochs(_ standard: Int) -> OptionDeclaration {
    OptionDeclaration(
      "n_epochs", .integer(1...1_000_000), .value(.integer(standard)), "Passes over the training images.")
  }

  /// What a study that says nothing of it has.
  static let standard = RateSearchSpec(
    form: .grid(resolution: 25, isRandom: false, keepsSchedule: false, reportsSteps: false), lowestPower: -5,
    highestPower: -2, epochs: 5)
}

extension RateSearchSpec {
  init(canonical json: JSONValue) throws(ParameterFault) {
    let fields = ParameterFields(json, of: "lr_search")
    switch try fields.text("kind") {
    case "grid":
      form = .grid(
        resolution: try fields.integer("resolution"), isRandom: try fields.flag("random_lr"),
        keepsSchedule: try fields.flag("keep_schedule"), reportsSteps: try fields.flag("report_intermediate_steps"))
    case "range": form = .range
    case let kind: throw fields.unknown("kind", kind)
    }
    lowestPower = try fields.number("min_pow")
    highestPower = try fields.number("max_pow")
    epochs = try fields.integer("n_epochs")
  }

  var canonical: JSONValue {
    var members: [String: JSONValue] = [
      "min_pow": .number(lowestPower), "max_pow": .number(highestPower), "n_epochs": .integer(epochs),
    ]
    switch form {
    case .grid(let resolution, let isRandom, let keepsSchedule, let reportsSteps):
      members["kind"] = "grid"
      members["resolution"] = .integer(resolution)
      members["random_lr"] = .bool(isRandom)
      members["keep_schedule"] = .bool(keepsSchedule)
      members["report_intermediate_steps"] = .bool(reportsSteps)
    case .range: members["kind"] = "range"
    }
    return .object(members)
  }
}
