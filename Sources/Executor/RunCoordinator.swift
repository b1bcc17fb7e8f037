import Foundation
import Planner
import Store
import WorkerProtocol

/// Runs a plan: asks the schedule what is next, has the back end do it, has the journal record it.
public actor RunCoordinator {
  /// What comes in while a run goes on.
  enum Mail: Sendable {
    case worker(WorkerReport)
    case retryDue(stage: Int)
    case stop(StopMode)
    case graceOver(slot: Int, attempt: Int64)
    case cannotRecord(WorkspaceError)
    /// Time to look at what runs, and at what others have left in the workspace.
    case watch
  }

  let plan: Plan
  let workspace: Workspace
  let backEnd: any WorkerBackEnd
  let options: RunOptions
  let observer: any RunObserver
  let journal: RunJournal
  let recorder: ResultRecorder
  let requests: StageRequests
  let watch: AttemptWatch
  private let clock: any Clock<Duration>
  private let mail: AsyncStream<Mail>
  private let post: AsyncStream<Mail>.Continuation

  var schedule: Schedule
  /// The attempt at each slot.
  var running: [Int: RunningAttempt] = [:]
  /// The back end's number of the worker at each slot.
  var standing: [Int: Int] = [:]
  /// The database's number of each worker, by the back end's.
  var workers: [Int: Int64] = [:]
  /// Whether some worker of this run began well: then one that does not is no fault of the machine's.
  var hasGreeted = false
  /// Of each stage, whether it is done and left files.
  var leftFiles: [Bool]
  var tally: RunTally
  var fatal: RunError?
  private var wasToldToStop = false
  private var lastSign = ContinuousClock.now
  private var lastSummary = ContinuousClock.now - .seconds(3600)

  /// - Parameters:
  ///   - plan: What to run; every stage of it.
  ///   - workspace: Open for writing.
  ///   - backEnd: What runs stages.
  ///   - options: How it is run.
  ///   - observer: Told what happens.
  ///   - clock: What delays before retries and graces are measured by.
  public init(
    plan: Plan, workspace: Workspace, backEnd: any WorkerBackEnd, options: RunOptions, observer: any RunObserver,
    clock: any Clock<Duration> = ContinuousClock()
  ) throws {
    self.plan = plan
    self.workspace = workspace
    self.backEnd = backEnd
    self.options = options
    self.observer = observer
    self.clock = clock
    (mail, post) = AsyncStream.makeStream()
    let post = post
    do {
      journal = try RunJournal(workspace: workspace)
    } catch let error as WorkspaceError {
      throw RunError.workspace(error)
    }
    recorder = ResultRecorder(workspace: workspace, journal: journal) { post.yield(.cannotRecord($0)) }
    requests = try StageRequests(plan: plan, workspace: workspace)
    watch = AttemptWatch(limits: options.limits, hungAfter: options.hungAfter)
    leftFiles = Array(repeating: false, count: plan.stages.count)
    schedule = Schedule(inputs: [], done: [], layout: SlotLayout(slotsPerPlace: 1))
    tally = RunTally(plan: plan, likeness: StageLikeness(), isDone: [], measured: [])
  }

  /// Tells the run to stop; may be called at any time, from anywhere, more than once.
  public nonisolated func requestStop(_ mode: StopMode) {
    workspace.stopWaiting(atOnce: mode == .atOnce)
    post.yield(.stop(mode))
  }

  /// Puts the workspace in order, runs every stage that is not done, and returns when nothing runs any more. Call it once.
  ///
  /// - Throws: `RunError`. What was done is recorded, or lies complete in the workspace and is taken up by the next run.
  public func run() async throws -> RunSummary {
    do {
      try prepare()
    } catch let error as WorkspaceError {
      throw RunError.workspace(error)
    }
    let begin = ContinuousClock.now
    let (post, interval) = (post, options.watchInterval)
    let watching = Task {
      while !Task.isCancelled {
        try? await Task.sleep(for: interval)
        post.yield(.watch)
      }
    }
    defer { watching.cancel() }
    var hasEnded = perform(schedule.handle(.begin))
    if !hasEnded {
      for await item in mail {
        hasEnded = take(item)
        if hasEnded { break }
      }
    }
    await backEnd.shutDown()
    do {
      try await recorder.finish()
    } catch let fault as WorkspaceError {
      if fatal == nil { fatal = .workspace(fault) }
    }
    keepSummary(isLast: true)
    if let fatal { throw fatal }
    let summary = summary(seconds: (ContinuousClock.now - begin) / .seconds(1))
    observer.observe(.ended(summary))
    return summary
  }

  private func prepare() throws {
    try DescriptorLimit.ensure(DescriptorLimit.own + backEnd.descriptorsNeeded)
    let observer = observer
    _ = workspace.takeStopRequest()
    let recovery = try workspace.recover(
      stages: plan.stages, grace: options.orphanGrace, sparing: backEnd.outputsInUse
    ) { observer.observe(.waiting(.workersElsewhere(seconds: $0))) }
    leftFiles = try workspace.presentArtifacts(of: plan.stages)
    let records = try workspace.records(of: plan, present: leftFiles)
    let isDone = records.map { $0 == .done(hasArtifact: true) }
    let failed = try options.retriesFailed ? [] : failures(among: records)
    let likeness = StageLikeness(plan: plan)
    var measured: [Int: StagePeaks] = [:]
    for found in try workspace.measuredMemory() {
      guard let stage = requests.place(of: found.stage) else { continue }
      measured[stage] = StagePeaks(memory: found.memory, placeMemory: found.device)
    }
    schedule = Schedule(
      inputs: requests.inputs, done: isDone, failed: failed.map(\.stage), groups: plan.companionGroups,
      order: plan.order(first: options.first), likeness: likeness, measured: measured,
      layout: options.layout(slots: backEnd.slots, sharesMemory: backEnd.slotsShareMemory), retry: options.retry,
      failFast: options.failFast)
    tally = RunTally(
      plan: plan, likeness: likeness, isDone: isDone, measured: try workspace.measuredSeconds(of: plan.stages))
    for (stage, failure) in failed { tally.failed(stage, failure) }
    let post = post
    journal.onFault { post.yield(.cannotRecord($0)) }
    backEnd.connect { post.yield(.worker($0)) }
    observer.observe(.began(tally.counts, recovery))
  }

  /// The stages whose last attempt failed.
  private func failures(among records: [RecordedStage?]) throws -> [(stage: Int, failure: StageFailure)] {
    let places = records.indices.filter { records[$0] == .failed }
    let details = try workspace.records(of: places.map { plan.stages[$0] })
    return places.compactMap { place in
      details[plan.stages.keys[place]]?.lastAttempt?.failure.map { (place, $0) }
    }
  }

  /// - Returns: Whether the run has ended.
  private func take(_ item: Mail) -> Bool {
    switch item {
    case .worker(let report): return take(report)
    case .retryDue(let stage): return perform(schedule.handle(.retryDue(stage: stage)))
    case .stop(let mode): return stop(mode)
    case .graceOver(let slot, let attempt):
      if running[slot]?.number == attempt { kill(slot: slot) }
      return false
    case .cannotRecord(let fault): return giveUp(.workspace(fault))
    case .watch:
      judgeRunning()
      keepSummary()
      return lookAround()
    }
  }

  private func stop(_ mode: StopMode) -> Bool {
    wasToldToStop = true
    // A signal and a request in the workspace may say the same.
    if schedule.stopMode != mode, schedule.stopMode != .atOnce { observer.observe(.stopping(mode)) }
    return perform(schedule.handle(.stop(mode)))
  }

  /// Whether another terminal, or another machine, wants something of this run.
  private func lookAround() -> Bool {
    if ContinuousClock.now - lastSign >= .seconds(Workspace.signOfLife) {
      lastSign = .now
      workspace.giveSignOfLife()
    }
    if fatal == nil, !workspace.holdsLock { return giveUp(.lockRemoved(workspace: workspace.folder)) }
    guard let request = workspace.takeStopRequest() else { return false }
    return stop(request.isAtOnce ? .atOnce : .afterCheckpoint)
  }

  /// Lets what runs stop, and remembers why.
  func giveUp(_ error: RunError) -> Bool {
    if fatal == nil { fatal = error }
    return perform(schedule.handle(.stop(.afterCheckpoint)))
  }

  /// - Returns: Whether the run has ended.
  func perform(_ directives: [Schedule.Directive]) -> Bool {
    var hasEnded = false
    for directive in directives {
      switch directive {
      case .start(let stage, let slot):
        if start(stage, at: slot) { hasEnded = true }
      case .awaitRetry(let stage, let delay):
        let (clock, post) = (clock, post)
        Task {
          try? await clock.sleep(for: delay)
          post.yield(.retryDue(stage: stage))
        }
      case .askToStop(let slot): askToStop(slot: slot)
      case .kill(let slot): kill(slot: slot)
      case .block(let stage, let failed):
        tally.blocked(stage)
        observer.observe(.blocked(plan.stages[stage], by: plan.stages[failed]))
      case .end: hasEnded = true
      }
    }
    return hasEnded
  }

  /// Lets the worker at the slot write a checkpoint, and kills it where that takes too long.
  func askToStop(slot: Int) {
    backEnd.send(.stop, to: slot)
    guard let attempt = running[slot]?.number else { return }
    let (clock, post, grace) = (clock, post, options.stopGrace)
    Task {
      try? await clock.sleep(for: grace)
      post.yield(.graceOver(slot: slot, attempt: attempt))
    }
  }

  func kill(slot: Int) {
    running[slot]?.wasKilled = true
    backEnd.kill(slot: slot)
  }

  func showCounts(ofChange: Bool) {
    let news = tally.news(ofChange: ofChange, slots: options.jobs) { now in
      running.values.map { ($0.stage, $0.seconds(at: now), $0.progress?.fraction ?? 0) }
    }
    if let (counts, estimate) = news { observer.observe(.counted(counts, estimate)) }
  }

  /// Keeps what was counted, for whoever asks from another terminal; the more stages there are, the more rarely.
  private func keepSummary(isLast: Bool = false) {
    guard let key = options.summaryKey else { return }
    let pause = Duration.seconds(1) + .microseconds(10 * plan.stages.count)
    guard isLast || ContinuousClock.now - lastSummary >= pause else { return }
    lastSummary = .now
    let states = schedule.statuses.map(\.state)
    // Whoever asks can count by himself.
    try? workspace.record(StudySummary(of: plan, states: states), of: key)
  }

  private func summary(seconds: Double) -> RunSummary {
    let counts = tally.counts
    let ending: RunSummary.Ending =
      if counts.done == counts.total { .complete } else if wasToldToStop { .stopped } else { .incomplete }
    return RunSummary(
      ending: ending, counts: counts, failures: tally.failures, seconds: seconds,
      forecasts: ending == .complete ? tally.forecasts : [])
  }
}

extension Schedule.Status {
  /// As a status says it.
  fileprivate var state: StageState {
    switch self {
    case .waiting: .waiting
    case .ready: .ready
    case .running: .running
    case .backingOff, .failed: .failed
    case .done: .done
    case .stopped: .stopped
    }
  }
}
