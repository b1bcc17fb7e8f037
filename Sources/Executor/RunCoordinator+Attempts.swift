import Planner
import Store
import WorkerProtocol

// How attempts begin, what their workers say of them, and how they end.
extension RunCoordinator {
  /// - Returns: Whether the run has ended.
  func start(_ index: Int, at slot: Int) -> Bool {
    // A slot given away just before something made the run give up.
    if schedule.stopMode != nil { return perform(schedule.handle(.stopped(stage: index))) }
    let number: Int64
    do {
      let worker = try backEnd.prepare(slot: slot)
      standing[slot] = worker.id
      // It has no stage yet, and gets none before it is known: one that outlives this process is always found.
      if let process = worker.started { workers[worker.id] = try journal.registerWorker(process, at: .now) }
      number = try journal.nextAttemptNumber()
    } catch {
      return cannotStart(index, error)
    }
    let stage = plan.stages[index]
    let placement =
      backEnd.placement(of: stage, slot: slot)
      ?? StagePlacement(threads: options.threadsPerJob, device: options.devices.name(slot: slot))
    let request = requests.request(
      index, attempt: number, placement: placement, companions: schedule.companions(of: index))
    let now = ContinuousClock.now
    running[slot] = RunningAttempt(
      stage: index, kind: stage.kind, number: number, started: now,
      checkpoint: CheckpointMark(folder: request.checkpointFolder),
      signs: SignsOfLife(begun: backEnd.beginsAtOnce ? now : nil))
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

  /// No worker for a stage: the run ends, unless workers could be had before, for then it may be so again in a moment.
  private func cannotStart(_ index: Int, _ error: any Error) -> Bool {
    let cause: RunError
    switch error {
    case let error as WorkerStartError:
      cause = .workerCannotStart(path: error.path, code: error.code)
      if hasGreeted {
        let failure = StageFailure(.crash, cause.description, remedy: cause.remedy)
        return settle(index, failure, advanced: false, peaks: nil, isFinal: false)
      }
    case let error as WorkspaceError: cause = .workspace(error)
    default: cause = .workspace(.database(path: workspace.folder, code: 1, message: "\(error)"))
    }
    if fatal == nil { fatal = cause }
    // The slot was given away, so the schedule is told that the stage did not come to run before it is told to stop.
    return perform(schedule.handle(.stop(.afterCheckpoint)) + schedule.handle(.stopped(stage: index)))
  }

  /// - Returns: Whether the run has ended.
  func take(_ report: WorkerReport) -> Bool {
    switch report.content {
    case .said(.alive(let number, let cpuSeconds)):
      if running[report.slot]?.number == number {
        running[report.slot]?.signs.saw(cpuSeconds: cpuSeconds, at: .now)
      }
      return false
    case .said(.progress(let number, let progress)):
      showProgress(progress, attempt: number, slot: report.slot)
      return false
    case .said(.done(let number, let outcome, let cost)):
      return endAttempt(number, at: report.slot) { finish($0, outcome, cost) }
    case .said(.failed(let number, let failure, let cost)):
      return endAttempt(number, at: report.slot) { fail($0, failure, cost) }
    case .said(.stopped(let number, let cost)):
      return endAttempt(number, at: report.slot) { stop($0, cost) }
    case .said(.hello):
      hasGreeted = true
      return false
    case .began(let number):
      if running[report.slot]?.number == number {
        running[report.slot]?.started = .now
        running[report.slot]?.signs.begin(at: .now)
        journal.record(.began(attempt: number, at: .now))
        showProgress(StageProgress(fraction: 0, position: "begun"), attempt: number, slot: report.slot)
      }
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
    hasGreeted = true
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
      // One that does not begin after others did is a crash like any other.
      if hasGreeted {
        return fail(attempt, StageFailure(.crash, loss.failure.message, remedy: loss.failure.remedy), nil)
      }
      if fatal == nil { fatal = .workerEndsAtOnce(status: status, output: output) }
    case .otherVersion(let version):
      if fatal == nil { fatal = .workerOfOtherVersion(version) }
    case .unavailable(let failure):
      let ended = giveUp(failure.failureClass == .disk ? .diskFull(failure) : .noWorkers(failure))
      return stop(attempt, nil) || ended
    case .exited, .signalled, .babbled, .ended:
      return fail(attempt, loss.failure, nil)
    }
    let ended = fail(attempt, loss.failure, nil)
    return perform(schedule.handle(.stop(.afterCheckpoint))) || ended
  }

  private func end(of attempt: RunningAttempt, _ cost: StageCost?) -> AttemptEnd {
    var cost = cost
    if cost == nil, attempt.peakMemory > 0 { cost = StageCost(cpuSeconds: 0, peakMemory: attempt.peakMemory) }
    return AttemptEnd(time: .now, seconds: attempt.seconds(at: .now), cost: cost)
  }

  private func finish(_ attempt: RunningAttempt, _ outcome: StageOutcome, _ cost: StageCost?) -> Bool {
    let stage = plan.stages[attempt.stage]
    let end = end(of: attempt, cost)
    do {
      let output = workspace.outputFolder(attempt: attempt.number, kind: stage.kind, key: stage.key)
      leftFiles[attempt.stage] = try workspace.keepArtifact(from: output, kind: stage.kind, key: stage.key)
      try workspace.removeCheckpoints(key: stage.key)
    } catch {
      let cause = error as? WorkspaceError ?? .database(path: workspace.folder, code: 1, message: "\(error)")
      let ended = giveUp(.workspace(cause))
      return stop(attempt, cost) || ended
    }
    recorder.record(attempt.number, stage, outcome, hasArtifact: leftFiles[attempt.stage], end)
    tally.finished(attempt.stage, seconds: end.seconds)
    observer.observe(.finished(stage, outcome, seconds: end.seconds))
    let hasEnded = perform(schedule.handle(.finished(stage: attempt.stage, peaks: attempt.peaks(cost))))
    showCounts(ofChange: true)
    return hasEnded
  }

  private func fail(
    _ attempt: RunningAttempt, _ failure: StageFailure, _ cost: StageCost?, isFinal: Bool = false
  ) -> Bool {
    // A worker that is ended for a reason may fail in its own way before it is gone.
    if let verdict = attempt.verdict { return condemn(attempt, verdict, cost) }
    if failure.failureClass == .disk {
      let ended = giveUp(.diskFull(failure))
      return stop(attempt, cost) || ended
    }
    let stage = plan.stages[attempt.stage]
    let explained = explained(failure, of: attempt.stage)
    journal.record(.failed(attempt: attempt.number, explained, end(of: attempt, cost)))
    let advanced = CheckpointMark(folder: workspace.checkpointFolder(key: stage.key)).isAhead(of: attempt.checkpoint)
    return settle(attempt.stage, explained, advanced: advanced, peaks: attempt.peaks(cost), isFinal: isFinal)
  }

  private func condemn(_ attempt: RunningAttempt, _ verdict: Verdict, _ cost: StageCost?) -> Bool {
    var judged = attempt
    judged.verdict = nil
    return fail(judged, verdict.failure, cost, isFinal: verdict.isFinal)
  }

  /// A stage whose input somebody removed while the run went on fails for want of a file: that is said, and what brings the
  /// input back.
  private func explained(_ failure: StageFailure, of index: Int) -> StageFailure {
    guard [.data, .machine, .crash].contains(failure.failureClass),
      let lost = requests.lostInput(of: index, leftFiles: leftFiles)
    else { return failure }
    return StageFailure(
      .data,
      "the artifact of \(lost.label), which it reads, was removed while the run went on: "
        + workspace.artifactFolder(kind: lost.kind, key: lost.key),
      remedy: "run the same command again: it is made anew, and what reads it runs then")
  }

  /// Tells the schedule of a failure, and everybody what comes of it.
  private func settle(
    _ index: Int, _ failure: StageFailure, advanced: Bool, peaks: StagePeaks?, isFinal: Bool
  ) -> Bool {
    let directives = schedule.handle(
      .failed(stage: index, failure.failureClass, advanced: advanced, peaks: peaks, isFinal: isFinal))
    var delay: Duration?
    for case .awaitRetry(index, let after) in directives { delay = after }
    if delay == nil { tally.failed(index, failure) }
    observer.observe(.failed(plan.stages[index], failure, retryAfter: delay))
    let hasEnded = perform(directives)
    showCounts(ofChange: true)
    return hasEnded
  }

  private func stop(_ attempt: RunningAttempt, _ cost: StageCost?) -> Bool {
    if let verdict = attempt.verdict { return condemn(attempt, verdict, cost) }
    let stage = plan.stages[attempt.stage]
    journal.record(.stopped(attempt: attempt.number, end(of: attempt, cost)))
    observer.observe(.stopped(stage))
    let hasEnded = perform(schedule.handle(.stopped(stage: attempt.stage)))
    showCounts(ofChange: true)
    return hasEnded
  }

  /// Holds what runs against its limits, and ends what is over one or gives no sign of life.
  func judgeRunning() {
    let now = ContinuousClock.now
    for (slot, attempt) in running where attempt.verdict == nil && !attempt.wasKilled {
      let memory = backEnd.processID(slot: slot).flatMap { MachineMemory.resident($0) }
      if let memory { running[slot]?.peakMemory = max(attempt.peakMemory, memory) }
      guard let verdict = watch.verdict(on: attempt, at: now, memory: memory) else { continue }
      running[slot]?.verdict = verdict
      if verdict.leavesTime { askToStop(slot: slot) } else { kill(slot: slot) }
    }
    showCounts(ofChange: false)
  }

  private func showProgress(_ progress: StageProgress, attempt number: Int64, slot: Int) {
    guard var attempt = running[slot], attempt.number == number else { return }
    attempt.progress = progress
    let now = ContinuousClock.now
    attempt.signs.saw(progressAt: now)
    if attempt.progressRecorded.map({ now - $0 >= .seconds(1) }) ?? true {
      attempt.progressRecorded = now
      journal.record(.progressed(attempt: number, progress, at: .now))
    }
    running[slot] = attempt
    observer.observe(.progressed(plan.stages[attempt.stage], slot: slot, progress))
    showCounts(ofChange: false)
  }
}
