/// One link of a learning-rate schedule.
public enum ScheduleStage: Sendable, Codable, Hashable {
  /// From `start` in equal steps to the base rate, which the step after `iterations` steps is the first to have.
  case linearWarmup(iterations: Int, start: Double = 1e-8)
  /// The rate times `factor` when the validation metric has not risen for more than `patience` looks, not below
  /// `minimumRate`.
  case plateau(factor: Double = 0.1, patience: Int = 3, minimumRate: Double = 0, look: Look = .epoch)

  /// When a plateau rule looks at the metric.
  public enum Look: String, Sendable, Codable, Hashable {
    /// At every validation.
    case validation
    /// At the last validation of each epoch.
    case epoch
  }
}

/// The learning rate as training goes on: a value, so that a checkpoint holds it whole.
///
/// The plateau rule is torch's `ReduceLROnPlateau` in mode max with a relative threshold of 1e-4 of the best metric's magnitude.
/// It does not see validations that fall within the warm-up.
public struct LearningRateSchedule: Sendable, Codable, Hashable {
  private let stages: [ScheduleStage]
  private let base: Double
  /// What the plateau rule has made of the base rate.
  private var reduced: Double
  private var best: Double?
  private var looksWithoutRise = 0

  public init(_ stages: [ScheduleStage], base: Double) {
    self.stages = stages
    self.base = base
    reduced = base
  }

  private var warmup: (iterations: Int, start: Double)? {
    for case .linearWarmup(let iterations, let start) in stages { return (iterations, start) }
    return nil
  }

  /// The rate of the step that follows `steps` steps.
  public func rate(after steps: Int) -> Double {
    guard let warmup, steps < warmup.iterations else { return reduced }
    return warmup.start + (base - warmup.start) * Double(steps) / Double(warmup.iterations)
  }

  /// Looks at a validation's metric.
  ///
  /// - Parameters:
  ///   - steps: Optimizer steps done.
  ///   - endsEpoch: Whether it is the last validation of its epoch.
  public mutating func observe(metric: Double, after steps: Int, endsEpoch: Bool) {
    if let warmup, steps < warmup.iterations { return }
    for case .plateau(let factor, let patience, let minimumRate, let look) in stages {
      if look == .epoch && !endsEpoch { return }
      if best.map({ metric > $0 + 1e-4 * $0.magnitude }) ?? !metric.isNaN {
        best = metric
        looksWithoutRise = 0
      } else {
        looksWithoutRise += 1
      }
      if looksWithoutRise > patience {
        reduced = min(reduced, max(reduced * factor, minimumRate))
        looksWithoutRise = 0
      }
    }
  }

  /// What is wrong with a schedule, in words; empty where it can be followed.
  static func faults(_ stages: [ScheduleStage]) -> [String] {
    var faults: [String] = []
    var warmups = 0
    var plateaus = 0
    for stage in stages {
      switch stage {
      case .linearWarmup(let iterations, let start):
        warmups += 1
        if iterations < 1 { faults.append("linear_warmup of \(iterations) iterations; give 1 or more") }
        if !(start >= 0 && start.isFinite) { faults.append("linear_warmup from a rate of \(start); give 0 or more") }
        if plateaus > 0 { faults.append("linear_warmup stands after plateau; put it first") }
      case .plateau(let factor, let patience, let minimumRate, _):
        plateaus += 1
        if !(factor > 0 && factor < 1) { faults.append("plateau's factor is \(factor); give a number between 0 and 1") }
        if patience < 0 { faults.append("plateau's patience is \(patience); give 0 or more") }
        if !(minimumRate >= 0) { faults.append("plateau's min_lr is \(minimumRate); give 0 or more") }
      }
    }
    if warmups > 1 { faults.append("linear_warmup stands \(warmups) times in the schedule; give it once") }
    if plateaus > 1 { faults.append("plateau stands \(plateaus) times in the schedule; give it once") }
    return faults
  }
}
