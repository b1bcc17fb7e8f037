import Engine
import Planner

// What a study calls a training's options, as the engine has them.

extension OptimizerSpec {
  /// - Parameter rate: What a search found; of no use where the study gives the rate.
  func engine(foundRate rate: Double?) -> OptimizerOptions {
    var options = OptimizerOptions(rate: learningRate ?? rate ?? .nan, weightDecay: weightDecay, scalesRate: scalesRate)
    if case .lars(let momentum, let trust, let leastBatch, let base) = rule {
      options.rule = base.engine
      options.largeBatches = LayerwiseRates(leastBatch: leastBatch, momentum: momentum, trust: trust)
    } else {
      options.rule = rule.engine
    }
    return options
  }
}

extension OptimizerSpec.Rule {
  fileprivate var engine: UpdateRule {
    switch self {
    case .sgd(let momentum, let nesterov): .sgd(momentum: momentum, nesterov: nesterov)
    case .adam(let beta1, let beta2, let epsilon): .adam(beta1: beta1, beta2: beta2, epsilon: epsilon)
    case .adamw(let beta1, let beta2, let epsilon): .adamw(beta1: beta1, beta2: beta2, epsilon: epsilon)
    case .lars(let momentum, let trust, _, _): .lars(momentum: momentum, trust: trust)
    }
  }
}

extension ScheduleSpec {
  var engine: ScheduleStage {
    switch self {
    case .linearWarmup(let iterations): .linearWarmup(iterations: iterations)
    case .plateau(let factor, let patience, let minimum):
      .plateau(factor: factor, patience: patience, minimumRate: minimum, look: .validation)
    case .cosine(let minimum): .cosine(minimumRate: minimum)
    case .multistep(let epochs, let factor): .multistep(epochs: epochs, factor: factor)
    case .oneCycle(let risingShare, let rise, let fall): .oneCycle(risingShare: risingShare, rise: rise, fall: fall)
    }
  }
}

extension ClassWeightsSpec {
  var engine: ClassWeights {
    switch self {
    case .none: .equal
    case .balanced: .balanced
    case .given(let weights): .given(weights)
    }
  }
}

extension MixedPrecision {
  var engine: Precision {
    switch self {
    case .off: .float32
    case .bf16: .bfloat16
    case .fp16: .float16
    }
  }
}
