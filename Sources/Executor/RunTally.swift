import Planner
import Store
import WorkerProtocol

/// How far a run is: its stages counted, those that failed, and how long the rest may take.
struct RunTally {
  private(set) var counts = RunCounts()
  private(set) var failures: [(stage: Stage, failure: StageFailure)] = []
  private let plan: Plan
  private var durations: DurationModel
  private var lastTold: ContinuousClock.Instant?

  /// - Parameters:
  ///   - isDone: Of each stage of the plan, whether it was done before this run.
  ///   - measured: How long done stages took, in seconds and in the plan's order; may be empty.
  init(plan: Plan, isDone: [Bool], measured: [Double?]) {
    self.plan = plan
    durations = DurationModel(plan: plan, isDone: isDone, measured: measured)
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
    return (counts, durations.estimate(running: running(now), slots: slots))
  }
}
