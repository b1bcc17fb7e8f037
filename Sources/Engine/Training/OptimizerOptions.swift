/// How the weights are moved by their gradients. Weight decay acts on neither biases nor other tensors of one axis.
public struct OptimizerOptions: Sendable, Codable, Hashable {
  public var rate: Double
  public var weightDecay: Double
  public var rule: UpdateRule
  /// Takes the place of `rule` for large batches; nil: never.
  public var largeBatches: LayerwiseRates?
  /// Whether the rate is multiplied by the images a step over 256 (Goyal et al., *Accurate, Large Minibatch SGD*, 2017).
  /// Images a step are the batch size, or the whole training set where that is smaller.
  public var scalesRate: Bool

  public init(
    rate: Double = 1e-4, weightDecay: Double = 1e-5, rule: UpdateRule = .adamw(), largeBatches: LayerwiseRates? = nil,
    scalesRate: Bool = false
  ) {
    self.rate = rate
    self.weightDecay = weightDecay
    self.rule = rule
    self.largeBatches = largeBatches
    self.scalesRate = scalesRate
  }

  /// The rate of a training of so many images a step.
  func rate(batchSize: Int) -> Double { scalesRate ? rate * Double(batchSize) / 256 : rate }

  /// The rule of a training of so many images a step.
  func rule(batchSize: Int) -> UpdateRule {
    guard let largeBatches, batchSize >= largeBatches.leastBatch else { return rule }
    return .lars(momentum: largeBatches.momentum, trust: largeBatches.trust)
  }
}

/// An update rule, as torch has it: one step of each equals torch's.
public enum UpdateRule: Sendable, Codable, Hashable {
  /// Stochastic gradient descent, the decay within the gradient (torch's `SGD`).
  case sgd(momentum: Double = 0.9, nesterov: Bool = false)
  /// Kingma & Ba, *Adam*, ICLR 2015, the decay within the gradient (torch's `Adam`).
  case adam(beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8)
  /// Loshchilov & Hutter, *Decoupled Weight Decay Regularization*, ICLR 2019 (torch's `AdamW`).
  case adamw(beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8)
  /// You, Gitman & Ginsburg, *Large Batch Training of Convolutional Networks*, 2017, algorithm 1: a tensor's rate is
  /// trust |w| / (|g| + decay |w|) times the rate; for tensors that do not decay the rate itself.
  case lars(momentum: Double = 0.9, trust: Double = 1e-3)
}

/// When and how layer-wise adaptive rates (LARS) act.
public struct LayerwiseRates: Sendable, Codable, Hashable {
  /// Images a step from which on they do.
  public var leastBatch: Int
  public var momentum: Double
  public var trust: Double

  public init(leastBatch: Int, momentum: Double = 0.9, trust: Double = 1e-3) {
    self.leastBatch = leastBatch
    self.momentum = momentum
    self.trust = trust
  }
}

extension OptimizerOptions {
  /// What cannot be, in words.
  var faults: [String] {
    var faults: [String] = []
    func expect(_ sound: Bool, _ text: String) { if !sound { faults.append(text) } }
    expect(rate > 0 && rate.isFinite, "lr is \(rate); give a number above 0")
    expect(weightDecay >= 0 && weightDecay.isFinite, "weight_decay is \(weightDecay); give 0 or more")
    switch rule {
    case .sgd(let momentum, let nesterov):
      expect((0..<1).contains(momentum), "momentum is \(momentum); give a number from 0 to below 1")
      expect(!nesterov || momentum > 0, "nesterov needs a momentum above 0")
    case .adam(let beta1, let beta2, let epsilon), .adamw(let beta1, let beta2, let epsilon):
      expect((0..<1).contains(beta1) && (0..<1).contains(beta2), "betas must lie in [0, 1)")
      expect(epsilon > 0, "the optimizer's eps is \(epsilon); give a number above 0")
    case .lars(let momentum, let trust):
      faults += LayerwiseRates(leastBatch: 1, momentum: momentum, trust: trust).faults
    }
    return faults + (largeBatches?.faults ?? [])
  }
}

extension LayerwiseRates {
  fileprivate var faults: [String] {
    var faults: [String] = []
    if leastBatch < 1 { faults.append("batch_act_thresh is \(leastBatch); give 1 or more") }
    if !(0..<1).contains(momentum) { faults.append("momentum is \(momentum); give a number from 0 to below 1") }
    if !(trust > 0 && trust.isFinite) { faults.append("trust_coefficient is \(trust); give a number above 0") }
    return faults
  }
}
