import Planner

/// What a learning rate came to in a search: at a validation of a training with it, or at a step of a range test.
public struct RateTrial: Sendable, Hashable {
  public var rate: Double
  public var step: Int?
  public var epoch: Double?
  /// In a range test averaged over steps.
  public var trainingLoss: Double?
  public var validationLoss: Double?
  /// The validation metric that the data set is judged by.
  public var metric: Double?
  /// Whether the loss stopped being finite.
  public var diverged: Bool

  public init(
    rate: Double, step: Int? = nil, epoch: Double? = nil, trainingLoss: Double? = nil, validationLoss: Double? = nil,
    metric: Double? = nil, diverged: Bool = false
  ) {
    self.rate = rate
    self.step = step
    self.epoch = epoch
    self.trainingLoss = trainingLoss
    self.validationLoss = validationLoss
    self.metric = metric
    self.diverged = diverged
  }

  /// As it stands among a stage's facts; what is not finite is left out.
  public var json: JSONValue {
    var members: [String: JSONValue] = ["rate": .number(rate), "diverged": .bool(diverged)]
    if let step { members["step"] = .number(Double(step)) }
    let numbers = [
      ("epoch", epoch), ("training_loss", trainingLoss), ("validation_loss", validationLoss), ("metric", metric),
    ]
    for (name, value) in numbers {
      if let value, value.isFinite { members[name] = .number(value) }
    }
    return .object(members)
  }

  /// Nil without a rate.
  public init?(_ json: JSONValue) {
    guard let rate = json["rate"]?.doubleValue else { return nil }
    self.init(
      rate: rate, step: json["step"]?.intValue, epoch: json["epoch"]?.doubleValue,
      trainingLoss: json["training_loss"]?.doubleValue, validationLoss: json["validation_loss"]?.doubleValue,
      metric: json["metric"]?.doubleValue, diverged: json["diverged"]?.boolValue ?? false)
  }
}
