import Planner

/// How long a run will still take: the middle and an interval that holds the truth in about 80 of 100 cases, in seconds.
public struct Estimate: Sendable, Hashable {
  public let seconds: Double
  public let low: Double
  public let high: Double
}

/// What like stages took, and what the remaining ones will take. Where no like stage was measured, less alike ones stand
/// in, with a wider spread.
struct DurationModel: Sendable {
  /// Sums of the durations measured for one likeness (Welford's method).
  private struct Spread {
    var count = 0.0
    var mean = 0.0
    var squares = 0.0

    mutating func add(_ value: Double) {
      count += 1
      let difference = value - mean
      mean += difference / count
      squares += difference * (value - mean)
    }
  }

  private let likeness: StageLikeness
  /// By likeness, those of what is less alike included.
  private var spreads: [Spread]
  /// How many stages of each are not done; only likenesses that stages have themselves.
  private var remaining: [Int]

  /// - Parameters:
  ///   - isDone: Of each stage.
  ///   - measured: Seconds of stages done, in the plan's order; may be empty.
  init(likeness: StageLikeness, isDone: [Bool], measured: [Double?]) {
    self.likeness = likeness
    spreads = Array(repeating: Spread(), count: likeness.wider.count)
    remaining = Array(repeating: 0, count: likeness.wider.count)
    for (stage, isDone) in isDone.enumerated() where !isDone { remaining[Int(likeness.ofStage[stage])] += 1 }
    for (stage, seconds) in measured.enumerated() {
      if let seconds { add(seconds, of: stage) }
    }
  }

  /// A stage ended for good; `seconds` only where it is done.
  mutating func close(stage: Int, seconds: Double?) {
    remaining[Int(likeness.ofStage[stage])] -= 1
    if let seconds { add(seconds, of: stage) }
  }

  private mutating func add(_ seconds: Double, of stage: Int) {
    var number = likeness.ofStage[stage]
    while number >= 0 {
      spreads[Int(number)].add(seconds)
      number = likeness.wider[Int(number)]
    }
  }

  /// - Parameters:
  ///   - running: How long each running stage has run, and what part of it is done.
  ///   - slots: How many run at once.
  /// - Returns: nil while nothing like one of the remaining stages was measured.
  func estimate(running: [(stage: Int, seconds: Double, fraction: Double)], slots: Int) -> Estimate? {
    var mean = 0.0
    var variance = 0.0
    var stages = 0
    for (likeness, count) in remaining.enumerated() where count > 0 {
      guard let spread = nearest(Int32(likeness)) else { return nil }
      let number = Double(count)
      mean += number * spread.mean
      // Each stage strays by itself, and all of them together by what the mean is not known.
      variance += number * spread.variance + number * number * spread.variance / spread.count
      stages += count
    }
    for (stage, seconds, fraction) in running {
      guard let spread = nearest(likeness.ofStage[stage]) else { return nil }
      let total = fraction > 0.05 ? seconds / fraction : spread.mean
      mean -= min(seconds, total) + spread.mean - total
    }
    let atOnce = Double(max(1, min(slots, stages)))
    let middle = max(0, mean) / atOnce
    let half = 1.2816 * variance.squareRoot() / atOnce
    return Estimate(seconds: middle, low: max(0, middle - half), high: middle + half)
  }

  private func nearest(_ likeness: Int32) -> (mean: Double, variance: Double, count: Double)? {
    var number = likeness
    while number >= 0 {
      let spread = spreads[Int(number)]
      if spread.count > 0 {
        let assumed = 0.25 * spread.mean * spread.mean
        let measured = spread.count > 1 ? spread.squares / (spread.count - 1) : assumed
        return (spread.mean, number == likeness ? measured : max(measured, assumed), spread.count)
      }
      number = self.likeness.wider[Int(number)]
    }
    return nil
  }
}

extension Estimate {
  /// What the stages of a plan that are not done will take, by what like ones took; nil where no like one was measured.
  ///
  /// - Parameters:
  ///   - plan: The plan.
  ///   - isDone: Of each stage.
  ///   - measured: Seconds of stages that are done, in the plan's order.
  ///   - jobs: How many run at once.
  public static func of(_ plan: Plan, isDone: [Bool], measured: [Double?], jobs: Int) -> Estimate? {
    of(StageLikeness(plan: plan), isDone: isDone, measured: measured, running: [], jobs: jobs)
  }

  /// The same where it is known which stages are alike, and some of them run.
  ///
  /// - Parameters:
  ///   - likeness: Which stages are alike.
  ///   - isDone: Of each stage, whether it is done.
  ///   - measured: Seconds of stages that are done, in the plan's order.
  ///   - running: How long each running stage has run, and what part of it is done.
  ///   - jobs: How many run at once.
  public static func of(
    _ likeness: StageLikeness, isDone: [Bool], measured: [Double?],
    running: [(stage: Int, seconds: Double, fraction: Double)], jobs: Int
  ) -> Estimate? {
    DurationModel(likeness: likeness, isDone: isDone, measured: measured).estimate(running: running, slots: jobs)
  }
}
