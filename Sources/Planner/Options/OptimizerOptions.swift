/// The update rule and its numbers.
public struct OptimizerSpec: Sendable, Hashable {
  /// What moves the weights, with the numbers of its own.
  public enum Rule: Sendable, Hashable {
    case sgd(momentum: Double, nesterov: Bool)
    case adam(beta1: Double, beta2: Double, epsilon: Double)
    case adamw(beta1: Double, beta2: Double, epsilon: Double)
    /// From `leastBatch` images a step on, layer-wise adaptive rates; below it, `base`.
    indirect case lars(momentum: Double, trust: Double, leastBatch: Int, base: Rule)

    static let names = ["sgd", "adam", "adamw", "lars"]
  }

  public var rule: Rule
  /// Nil: what a search finds.
  public var learningRate: Double?
  public var weightDecay: Double
  /// Whether the rate is multiplied by the images a step over 256.
  public var scalesRate: Bool
}

extension TrainingOption {
  /// The options of an optimizer that came after the first version: each is taken by some rules alone.
  static let optimizer: [TrainingOption] = [
    TrainingOption(
      OptionDeclaration(
        "optimizer.autoscale_lr", .flag, .value(false),
        "Multiplies the learning rate by the images a step over 256.")),
    TrainingOption(
      OptionDeclaration(
        "optimizer.momentum", .number(.fraction), .value(0.9), "How much of the last step goes on in the next."),
      optimizers: ["sgd", "lars"]),
    TrainingOption(
      OptionDeclaration("optimizer.nesterov", .flag, .value(false), "Nesterov's momentum."),
      optimizers: ["sgd", "lars"]),
    TrainingOption(
      OptionDeclaration(
        "optimizer.betas", .list(.number(.fraction), count: 2...2), .value([0.9, 0.999]),
        "How slowly the means of the gradient and of its square forget."), optimizers: ["adam", "adamw", "lars"]),
    TrainingOption(
      OptionDeclaration(
        "optimizer.eps", .number(.above(0)), .value(1e-8), "What is added to the root of the mean square."),
      optimizers: ["adam", "adamw", "lars"]),
    TrainingOption(
      OptionDeclaration(
        "optimizer.batch_act_thresh", .integer(1...1_000_000), .value(256),
        "Images a step from which on the layer-wise rates act."), optimizers: ["lars"]),
    TrainingOption(
      OptionDeclaration(
        "optimizer.base", .choice(["sgd", "adam", "adamw"]), .value("sgd"), "The update rule below that."),
      optimizers: ["lars"]),
    TrainingOption(
      OptionDeclaration(
        "optimizer.trust_coefficient", .number(.above(0)), .value(1e-3),
        "The share of a tensor's own norm that a step may have."), optimizers: ["lars"]),
  ]
}

extension NumberRange {
  /// From 0 on, below 1.
  static let fraction = NumberRange(low: 0, includesLow: true, high: 1, includesHigh: false)
}

extension OptimizerSpec {
  /// Decodes the complete members of `optimizer`.
  init(_ fields: ParameterFields) throws(ParameterFault) {
    rule = try Rule(named: try fields.text("name"), fields)
    learningRate = try fields.value("lr") == "search" ? nil : fields.number("lr")
    weightDecay = try fields.number("weight_decay")
    scalesRate = try fields.flag("autoscale_lr")
  }

  /// The members of `optimizer`, those of other rules left out.
  var members: [String: JSONValue] {
    var members = rule.members
    members["lr"] = learningRate.map { .number($0) } ?? "search"
    members["weight_decay"] = .number(weightDecay)
    members["autoscale_lr"] = .bool(scalesRate)
    return members
  }
}

extension OptimizerSpec.Rule {
  init(named name: String, _ fields: ParameterFields) throws(ParameterFault) {
    func betas() throws(ParameterFault) -> (Double, Double) {
      let betas = try fields.numbers("betas")
      guard betas.count == 2 else { throw fields.unknown("betas", "\(betas.count) numbers") }
      return (betas[0], betas[1])
    }
    switch name {
    case "sgd": self = .sgd(momentum: try fields.number("momentum"), nesterov: try fields.flag("nesterov"))
    case "adam", "adamw":
      let (beta1, beta2) = try betas()
      let epsilon = try fields.number("eps")
      self =
        name == "adam"
        ? .adam(beta1: beta1, beta2: beta2, epsilon: epsilon) : .adamw(beta1: beta1, beta2: beta2, epsilon: epsilon)
    case "lars":
      let base = try fields.text("base")
      guard base != "lars" else { throw fields.unknown("base", base) }
      self = .lars(
        momentum: try fields.number("momentum"), trust: try fields.number("trust_coefficient"),
        leastBatch: try fields.integer("batch_act_thresh"), base: try Self(named: base, fields))
    default: throw fields.unknown("name", name)
    }
  }

  public var name: String {
    switch self {
    case .sgd: "sgd"
    case .adam: "adam"
    case .adamw: "adamw"
    case .lars: "lars"
    }
  }

  fileprivate var members: [String: JSONValue] {
    switch self {
    case .sgd(let momentum, let nesterov):
      ["name": "sgd", "momentum": .number(momentum), "nesterov": .bool(nesterov)]
    case .adam(let beta1, let beta2, let epsilon), .adamw(let beta1, let beta2, let epsilon):
      ["name": .string(name), "betas": [.number(beta1), .number(beta2)], "eps": .number(epsilon)]
    case .lars(let momentum, let trust, let leastBatch, let base):
      base.members.merging([
        "name": "lars", "base": .string(base.name), "momentum": .number(momentum), "trust_coefficient": .number(trust),
        "batch_act_thresh": .integer(leastBatch),
      ]) { _, own in own }
    }
  }
}
