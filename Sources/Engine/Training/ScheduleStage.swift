/// One link of a learning-rate schedule.
public enum ScheduleStage: Sendable, Codable, Hashable {
  /// From `start` in equal steps to the base rate, which the step after `iterations` steps is the first to have.
  case linearWarmup(iterations: Int, start: Double = 1e-8)
  /// The rate times `factor` when the validation metric has not risen for more than `patience` looks, not below
  /// `minimumRate`.
  case plateau(factor: Double = 0.1, patience: Int = 3, minimumRate: Double = 0, look: Look = .epoch)
  /// Half a wave of the cosine from the base rate to `minimumRate`, over the steps after a warm-up.
  case cosine(minimumRate: Double = 0)
  /// The rate times `factor` after each of these epochs, counted from the training's beginning.
  case multistep(epochs: [Double], factor: Double = 0.1)
  /// From the base rate over `rise` to the base rate within `risingShare` of the steps, then to the first over `fall`, each
  /// by half a wave of the cosine (Smith & Topin, *Super-Convergence*, 2019).
  case oneCycle(risingShare: Double = 0.3, rise: Double = 25, fall: Double = 1e4)

  /// From `start` to the base rate at the last step, by the same factor from step to step (Smith, *Cyclical Learning Rates
  /// for Training Neural Networks*, 2017): for finding a rate, not for training.
  case rangeTest(start: Double)

  /// When a plateau rule looks at the metric.
  public enum Look: String, Sendable, Codable, Hashable {
    /// At every validation.
    case validation
    /// At the last validation of each epoch.
    case epoch
  }

  /// As studies call it.
  var name: String {
    switch self {
    case .linearWarmup: "linear_warmup"
    case .plateau: "plateau"
    case .cosine: "cosine"
    case .multistep: "multistep"
    case .oneCycle: "one_cycle"
    case .rangeTest: "range_test"
    }
  }

  /// What cannot be of the link by itself, in words.
  private var faults: [String] {
    var faults: [String] = []
    func expect(_ sound: Bool, _ text: String) { if !sound { faults.append(text) } }
    switch self {
    case .linearWarmup(let iterations, let start):
      expect(iterations >= 1, "linear_warmup of \(iterations) iterations; give 1 or more")
      expect(start >= 0 && start.isFinite, "linear_warmup from a rate of \(start); give 0 or more")
    case .plateau(let factor, let patience, let minimumRate, _):
      expect(factor > 0 && factor < 1, "plateau's factor is \(factor); give a number between 0 and 1")
      expect(patience >= 0, "plateau's patience is \(patience); give 0 or more")
      expect(minimumRate >= 0, "plateau's min_lr is \(minimumRate); give 0 or more")
    case .cosine(let minimumRate): expect(minimumRate >= 0, "cosine's min_lr is \(minimumRate); give 0 or more")
    case .multistep(let epochs, let factor):
      expect(factor > 0 && factor < 1, "multistep's factor is \(factor); give a number between 0 and 1")
      let ascends = zip([0] + epochs, epochs).allSatisfy { $0 < $1 }
      expect(!epochs.isEmpty && ascends, "multistep's milestones \(epochs) must be above 0 and ascend")
    case .oneCycle(let risingShare, let rise, let fall):
      expect(
        risingShare > 0 && risingShare < 1, "one_cycle's rising_share is \(risingShare); give a number between 0 and 1")
      expect(rise > 1 && fall > 1, "one_cycle's factors are \(rise) and \(fall); give numbers above 1")
    case .rangeTest(let start): expect(start > 0 && start.isFinite, "range_test from a rate of \(start)")
    }
    return faults
  }

  /// What is wrong with a schedule, in words; empty where it can be followed.
  static func faults(_ stages: [ScheduleStage]) -> [String] {
    var faults = stages.flatMap(\.faults)
    var warmups = 0
    var movers: [String] = []
    for stage in stages {
      guard case .linearWarmup = stage else {
        movers.append(stage.name)
        continue
      }
      warmups += 1
      if let first = movers.first { faults.append("linear_warmup stands after \(first); put it first") }
    }
    if warmups > 1 { faults.append("linear_warmup stands \(warmups) times in the schedule; give it once") }
    if movers.count > 1 {
      faults.append("\(movers.joined(separator: " and ")) would all move the learning rate; keep one of them")
    }
    if warmups > 0, movers.contains("one_cycle") { faults.append("one_cycle has a warm-up of its own") }
    return faults
  }
}
