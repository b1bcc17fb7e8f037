import Foundation
import Planner
import Store
import WorkerProtocol

/// Runs a plan: asks the schedule what is next, has the back end do it, has the journal record it.
public actor RunCoordinator {
  /// What comes in while a run goes on.
  private enum Mail: Sendable {
    case worker(WorkerReport)
    case retryDue(stage: Int)
    case stop(StopMode)
    case graceOver(slot: Int, attempt: Int64)
    case cannotRecord(WorkspaceError)
  }

  /// A stage at a slot.
  private struct RunningAttempt {
    let stage: Int
    let number: Int64
    var started: ContinuousClock.Instant
    let checkpoint: CheckpointMark
    var wasKilled = false
    var progress: StageProgress?
    var progressRecorded: ContinuousClock.Instant?
  }

  private let plan: Plan
  private let workspace: Workspace
  private let backEnd: any WorkerBackEnd
  private let options: RunOptions
  private let observer: any RunObserver
  private let clock: any Clock<Duration>
  private let mail: AsyncStream<Mail>
  private let post: AsyncStream<Mail>.Continuation

  private let journal: RunJournal
  private var schedule: Schedule
  private var running: [Int: RunningAttempt] = [:]
  /// The back end's number of the worker at each slot.
  private var standing: [Int: Int] = [:]
  /// The database's number of each worker, by the back end's.
  private var workers: [Int: Int64] = [:]
  private var tally: RunTally
  private var keeping: [Task<Void, any Error>] = []
  private var fatal: RunError?
  private var wasToldToStop = false

  /// - Parameters:
  ///   - plan: What to run; every stage of it.
  ///   - workspace: Open for writing.
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
    do {
      journal = try RunJournal(workspace: workspace)
    } catch let error as WorkspaceError {
      throw RunError.workspace(error)
    }
    schedule = Schedule(inputs: [], done: [], slots: 1)
    tally = RunTally(plan: plan, isDone: plan.stages.map { _ in true }, measured: [:])
  }

  /// Tells the run to stop; may be called at any time, from anywhere, more than once.
  public nonisolated func requestStop(_ mode: StopMode) { post.yield(.stop(mode)) }

  /// Puts the workspace in order, runs every stage that is not done, and returns when nothing runs any more. Call it once.
  ///
  /// - Throws: `RunError`. What was done is recorded, or lies complete in the workspace and is taken up by the next run.
  public func run() async throws -> RunSummary {
    let begin = ContinuousClock.now
    do {
      try prepare()
    } catch let error as WorkspaceError {
      throw RunError.workspace(error)
    }
    var hasEnded = perform(schedule.handle(.begin))
    if !hasEnded {
      for await item in mail {
        hasEnded = take(item)
        if hasEnded { break }
      }
    }
    await backEnd.shutDown()
    try await finishRecording()
    if let fatal { throw fatal }
    let summary = summary(seconds: (ContinuousClock.now - begin) / .seconds(1))
    observer.observe(.ended(summary))
    return summary
  }

  private func prepare() throws {
    let recovery = try workspace.recover(
      stages: plan.stages, grace: options.orphanGrace, sparing: backEnd.outputsInUse)
    let records = try workspace.records(of: plan.stages)
    let isDone = plan.stages.map { records[$0.key]?.isDone ?? false }
    schedule = Schedule(
      inputs: try inputPlaces(), done: isDone, groups: plan.companionGroups, slots: backEnd.slots,
      retry: options.retry, failFast: options.failFast)
    tally = RunTally(plan: plan, isDone: isDone, measured: try workspace.measuredSeconds(of: plan.stages))
    let post = post
    journal.onFault { post.yield(.cannotRecord($0)) }
    backEnd.connect { post.yield(.worker($0)) }
    observer.observe(.began(tally.counts, recovery))
  }

  private func inputPlaces() throws -> [[Int]] {
    var places: [StageKey: Int] = [:]
    places.reserveCapacity(plan.stages.count)
    return try plan.stages.enumerated().map { index, stage in
      defer { places[stage.key] = index }
      return try stage.inputs.map { input in
        guard let place = places[input.key] else { throw RunError.disorderedPlan(label: stage.label) }
        return place
      }
    }
  }

  /// - Returns: Whether the run has ended.
  private func take(_ item: Mail) -> Bool {
    switch item {
    case .worker(let report): return take(report)
    case .retryDue(let stage): return perform(schedule.handle(.retryDue(stage: stage)))
    case .stop(let mode):
      wasToldToStop = true
      observer.observe(.stopping(mode))
      return perform(schedule.handle(.stop(mode)))
    case .graceOver(let slot, let attempt):
      if running[slot]?.number == attempt { kill(slot: slot) }
      return false
    case .cannotRecord(let fault):
      return giveUp(.workspace(fault))
    }
  }

  /// Lets what runs stop, and remembers why.
  private func giveUp(_ error: RunError) -> Bool {
    if fatal == nil { fatal = error }
    return perform(schedule.handle(.stop(.afterCheckpoint)))
  }

  private func perform(_ directives: [Schedule.Directive]) -> Bool {
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
      case .askToStop(let slot):
        backEnd.send(.stop, to: slot)
        guard let attempt = running[slot]?.number else { break }
        let (clock, post, grace) = (clock, post, options.stopGrace)
        Task {
          try? await clock.sleep(for: grace)
          post.yield(.graceOver(slot: slot, attempt: attempt))
        }
      case .kill(let slot): kill(slot: slot)
      case .block(let stage, let failed):
        tally.blocked(stage)
        observer.observe(.blocked(plan.stages[stage], by: plan.stages[failed]))
      case .end: hasEnded = true
      }
    }
    return hasEnded
  }

  private func kill(slot: Int) {
    running[slot]?.wasKilled = true
    backEnd.kill(slot: slot)
  }

  // MARK: - Starting

  private func start(_ index: Int, at slot: Int) -> Bool {
    // A slot given away just before something made the run give up.
    if schedule.stopMode != nil { return perform(schedule.handle(.stopped(stage: index))) }
    let stage = plan.stages[index]
    let checkpoints = workspace.checkpointFolder(key: stage.key)
    do {
      let worker = try backEnd.prepare(slot: slot)
      standing[slot] = worker.id
      if let process = worker.started { workers[worker.id] = try journal.registerWorker(process, at: .now) }
    } catch {
      let cause: RunError =
        switch error {
        case let error as WorkerStartError: .workerCannotStart(path: error.path, code: error.code)
        case let error as WorkspaceError: .workspace(error)
        default: .workspace(.database(path: workspace.folder, code: 1, message: "\(error)"))
        }
      if fatal == nil { fatal = cause }
      // The slot was given away, so the schedule is told that the stage did not come to run before it is told to stop.
      return perform(schedule.handle(.stop(.afterCheckpoint)) + schedule.handle(.stopped(stage: index)))
    }
    let number = journal.nextAttemptNumber()
    let placement =
      backEnd.placement(of: stage, slot: slot)
      ?? StagePlacement(threads: options.threadsPerJob, device: options.devices.name(slot: slot))
    let request = StageRequest(
      attempt: number, key: stage.key, kind: stage.kind, label: stage.label, parameters: stage.parameters,
      inputs: resolvedInputs(of: stage),
      locations: stage.locations, manner: stage.manner,
      outputFolder: workspace.outputFolder(attempt: number, kind: stage.kind, key: stage.key),
      checkpointFolder: checkpoints, threads: placement.threads, device: placement.device,
      logFile: workspace.logFile(key: stage.key, attempt: number),
      companions: schedule.companions(of: index).map { plan.stages[$0] }.map {
        CompanionStage(key: $0.key, kind: $0.kind, parameters: $0.parameters, inputs: resolvedInputs(of: $0))
      })
    running[slot] = RunningAttempt(
      stage: index, number: number, started: .now, checkpoint: CheckpointMark(folder: checkpoints))
    tally.began()
    journal.record(
      .started(
        attempt: number, stage, worker: standing[slot].flatMap { workers[$0] }, threads: placement.threads,
        device: placement.device, at: .now)
    )
    observer.observe(.started(stage, attempt: number, slot: slot))
    backEnd.send(.run(request), to: slot)
    return false
  }

  private lazy var kinds: [StageKey: StageKind] = Dictionary(plan.stages.map { ($0.key, $0.kind) }) { first, _ in first
  }

  private func resolvedInputs(of stage: Stage) -> [ResolvedInput] {
    stage.inputs.map { input in
      ResolvedInput(
        role: input.role, key: input.key,
        folder: kinds[input.key].map { workspace.artifactFolder(kind: $0, key: input.key) } ?? "")
    }
  }

  // MARK: - What workers report

  private func take(_ report: WorkerReport) -> Bool {
    switch report.content {
    case .said(.progress(let number, let progress)):
      showProgress(progress, attempt: number, slot: report.slot)
      return false
    case .said(.done(let number, let outcome, let cost)):
      return endAttempt(number, at: report.slot) { finish($0, outcome, cost) }
    case .said(.failed(let number, let failure, let cost)):
      return endAttempt(number, at: report.slot) { fail($0, failure, cost) }
    case .said(.stopped(let number, let cost)):
      return endAttempt(number, at: report.slot) { stop($0, cost) }
    case .said(.hello): return false
    case .began(let number):
      if running[report.slot]?.number == number { running[report.slot]?.started = .now }
      return false
    case .lost(let loss):
      if let worker = workers.removeValue(forKey: report.worker) { journal.record(.workerEnded(worker, at: .now)) }
      // Where another worker stands by now, what the lost one did was answered for before it was replaced.
      guard standing[report.slot] == report.worker else { return false }
      standing[report.slot] = nil
      return lose(report.slot, loss)
    }
  }

  /// Takes the attempt from its slot and ends it; answers for an attempt that no longer runs there are dropped.
  private func endAttempt(_ number: Int64, at slot: Int, _ end: (RunningAttempt) -> Bool) -> Bool {
    guard let attempt = running[slot], attempt.number == number else { return false }
    running[slot] = nil
    tally.ended()
    return end(attempt)
  }

  private func lose(_ slot: Int, _ loss: WorkerLoss) -> Bool {
    guard let attempt = running.removeValue(forKey: slot) else { return false }
    tally.ended()
    let stage = plan.stages[attempt.stage]
    if let outcome = workspace.completeOutcome(attempt: attempt.number, kind: stage.kind, key: stage.key) {
      // It died between its last file and its last word: nothing is missing.
      return finish(attempt, outcome, nil)
    }
    try? workspace.discardOutput(attempt: attempt.number, kind: stage.kind, key: stage.key)
    if attempt.wasKilled { return stop(attempt, nil) }
    switch loss {
    case .neverGreeted(let status, let output):
      if fatal == nil { fatal = .workerEndsAtOnce(status: status, output: output) }
    case .otherVersion(let version):
      if fatal == nil { fatal = .workerOfOtherVersion(version) }
    case .unavailable(let failure):
      let ended = giveUp(.noWorkers(failure))
      return stop(attempt, nil) || ended
    case .exited, .signalled, .babbled, .ended:
      return fail(attempt, loss.failure, nil)
    }
    let ended = fail(attempt, loss.failure, nil)
    return perform(schedule.handle(.stop(.afterCheckpoint))) || ended
  }

  private func end(of attempt: RunningAttempt, _ cost: StageCost?) -> AttemptEnd {
    AttemptEnd(time: .now, seconds: (ContinuousClock.now - attempt.started) / .seconds(1), cost: cost)
  }

  private func finish(_ attempt: RunningAttempt, _ outcome: StageOutcome, _ cost: StageCost?) -> Bool {
    let stage = plan.stages[attempt.stage]
    let end = end(of: attempt, cost)
    let hasArtifact: Bool
    do {
      let output = workspace.outputFolder(attempt: attempt.number, kind: stage.kind, key: stage.key)
      hasArtifact = try workspace.keepArtifact(from: output, kind: stage.kind, key: stage.key)
      try workspace.removeCheckpoints(key: stage.key)
    } catch {
      let cause = error as? WorkspaceError ?? .database(path: workspace.folder, code: 1, message: "\(error)")
      let ended = giveUp(.workspace(cause))
      return stop(attempt, cost) || ended
    }
    record(attempt.number, stage, outcome, hasArtifact: hasArtifact, end)
    tally.finished(attempt.stage, seconds: end.seconds)
    observer.observe(.finished(stage, outcome, seconds: end.seconds))
    let hasEnded = perform(schedule.handle(.finished(stage: attempt.stage)))
    showCounts(ofChange: true)
    return hasEnded
  }

  /// Records a result; its files are hashed first, while the run goes on.
  private func record(
    _ number: Int64, _ stage: Stage, _ outcome: StageOutcome, hasArtifact: Bool, _ end: AttemptEnd
  ) {
    let (journal, workspace, post) = (journal, workspace, post)
    guard hasArtifact else {
      journal.record(.finished(attempt: number, stage, outcome, hasArtifact: false, files: [], end))
      return
    }
    keeping.append(
      Task.detached {
        do {
          let files = try workspace.artifactFiles(kind: stage.kind, key: stage.key)
          journal.record(.finished(attempt: number, stage, outcome, hasArtifact: true, files: files, end))
        } catch let fault as WorkspaceError {
          post.yield(.cannotRecord(fault))
          throw fault
        }
      })
  }

  private func fail(_ attempt: RunningAttempt, _ failure: StageFailure, _ cost: StageCost?) -> Bool {
    if failure.failureClass == .disk {
      let ended = giveUp(.diskFull(failure))
      return stop(attempt, cost) || ended
    }
    let stage = plan.stages[attempt.stage]
    journal.record(.failed(attempt: attempt.number, failure, end(of: attempt, cost)))
    let advanced = CheckpointMark(folder: workspace.checkpointFolder(key: stage.key)).isAhead(of: attempt.checkpoint)
    let directives = schedule.handle(
      .failed(stage: attempt.stage, failure.failureClass, advanced: advanced))
    var delay: Duration?
    for case .awaitRetry(attempt.stage, let after) in directives { delay = after }
    if delay == nil { tally.failed(attempt.stage, failure) }
    observer.observe(.failed(stage, failure, retryAfter: delay))
    let hasEnded = perform(directives)
    showCounts(ofChange: true)
    return hasEnded
  }

  private func stop(_ attempt: RunningAttempt, _ cost: StageCost?) -> Bool {
    let stage = plan.stages[attempt.stage]
    journal.record(.stopped(attempt: attempt.number, end(of: attempt, cost)))
    observer.observe(.stopped(stage))
    let hasEnded = perform(schedule.handle(.stopped(stage: attempt.stage)))
    showCounts(ofChange: true)
    return hasEnded
  }

  // MARK: - What is shown

  private func showProgress(_ progress: StageProgress, attempt number: Int64, slot: Int) {
    guard var attempt = running[slot], attempt.number == number else { return }
    attempt.progress = progress
    let now = ContinuousClock.now
    if attempt.progressRecorded.map({ now - $0 >= .seconds(1) }) ?? true {
      attempt.progressRecorded = now
      journal.record(.progressed(attempt: number, progress, at: .now))
    }
    running[slot] = attempt
    observer.observe(.progressed(plan.stages[attempt.stage], slot: slot, progress))
    showCounts(ofChange: false)
  }

  private func showCounts(ofChange: Bool) {
    let news = tally.news(ofChange: ofChange, slots: backEnd.atOnce) { now in
      running.values.map { ($0.stage, (now - $0.started) / .seconds(1), $0.progress?.fraction ?? 0) }
    }
    if let (counts, estimate) = news { observer.observe(.counted(counts, estimate)) }
  }

  // MARK: - The end

  private func finishRecording() async throws {
    for task in keeping {
      do {
        try await task.value
      } catch let fault as WorkspaceError {
        if fatal == nil { fatal = .workspace(fault) }
      }
    }
    do {
      try journal.flush()
    } catch let fault as WorkspaceError {
      throw fatal ?? RunError.workspace(fault)
    }
  }

  private func summary(seconds: Double) -> RunSummary {
    let counts = tally.counts
    let ending: RunSummary.Ending =
      if counts.done == counts.total { .complete } else if wasToldToStop { .stopped } else { .incomplete }
    return RunSummary(ending: ending, counts: counts, failures: tally.failures, seconds: seconds)
  }
}
