import Planner
import Store
import WorkerProtocol

/// How far a run is: its stages counted, those that failed, and how long the rest may take.
struct RunTally {
  private(set) var counts = RunCounts()
  private(set) var failures: [(stage: Stage, failure: StageFailure)] = []
  /// What was expected early on and halfway.
  private(set) var forecasts: [Forecast] = []
  private let plan: Plan
  private var durations: DurationModel
  private var lastTold: ContinuousClock.Instant?
  private let begin = ContinuousClock.now

  /// - Parameters:
  ///   - isDone: Of each stage of the plan, whether it was done before this run.
  ///   - measured: How long done stages took, in seconds and in the plan's order; may be empty.
  init(plan: Plan, likeness: StageLikeness, isDone: [Bool], measured: [Double?]) {
    self.plan = plan
    durations = DurationModel(likeness: likeness, isDone: isDone, measured: measured)
    counts.total = plan.stages.count
    counts.doneBefore = isDone.count { $0 }
    counts.done = counts.doneBefore
  }

  /// An attempt began.
  mutating func began() { counts.running += 1 }

  /// An attempt ended, however it did.
  mutating func ended() { counts.running -= 1 }

  mutating func finished(_ stage: Int, seconds: Double) {
    counts.done += 1
    durations.close(stage: stage, seconds: seconds)
  }

  /// A stage failed and is not tried again.
  mutating func failed(_ stage: Int, _ failure: StageFailure) {
    counts.failed += 1
    failures.append((plan.stages[stage], failure))
    durations.close(stage: stage, seconds: nil)
  }

  mutating func blocked(_ stage: Int) {
    counts.blocked += 1
    durations.close(stage: stage, seconds: nil)
  }

  /// The counts and what is left by them, when it is time to tell: after each change, but in runs of very short stages
  /// not more often than can be read; between changes about once a second.
  ///
  /// - Parameter running: Each running stage with its seconds so far and the fraction of it that is done.
  mutating func news(
    ofChange: Bool, slots: Int, running: (ContinuousClock.Instant) -> [(stage: Int, seconds: Double, fraction: Double)]
  ) -> (RunCounts, Estimate?)? {
    let now = ContinuousClock.now
    let pause: Duration = ofChange ? .milliseconds(50) : .seconds(1)
    if let lastTold, now - lastTold < pause, counts.done + counts.failed < counts.total { return nil }
    lastTold = now
    let estimate = durations.estimate(running: running(now), slots: slots)
    if let estimate { remember(estimate, at: now) }
    return (counts, estimate)
  }

  /// Keeps the first estimate, and the first one when half of the stages are done.
  private mutating func remember(_ estimate: Estimate, at now: ContinuousClock.Instant) {
    let toRun = counts.total - counts.doneBefore
    let done = counts.done - counts.doneBefore
    guard done < toRun, forecasts.isEmpty || (forecasts.count == 1 && 2 * done >= toRun) else { return }
    let elapsed = (now - begin) / .seconds(1)
    forecasts.append(
      Forecast(
        after: elapsed, isHalfway: 2 * done >= toRun, seconds: elapsed + estimate.seconds, low: elapsed + estimate.low,
        high: elapsed + estimate.high))
  }
}
