import Planner
import WorkerProtocol

extension PilotFleet {
  /// A pilot wrote an event.
  package mutating func hear(_ event: PilotEvent, from id: PilotID, at now: ContinuousClock.Instant) {
    guard pilots[id] != nil else { return }
    switch event {
    case .said(.hello(let version, _)): greet(id, version: version, at: now)
    case .began(let number):
      guard let place = place(of: number, on: id), let errand = update(id, place, { $0.begun = now }) else { return }
      if let attempt = errands[errand]?.request.attempt { tell(.began(attempt: attempt), of: errand) }
    case .leftNothing(let number):
      if let place = place(of: number, on: id) { _ = update(id, place) { $0.leftNothing = true } }
    case .said(.alive(let number, let cpuSeconds)):
      guard let errand = listed(number, on: id)?.errand, let attempt = errands[errand]?.request.attempt else { return }
      tell(.said(.alive(attempt: attempt, cpuSeconds: cpuSeconds)), of: errand)
    case .said(.progress(let number, let progress)):
      guard let errand = listed(number, on: id)?.errand, let attempt = errands[errand]?.request.attempt else { return }
      tell(.said(.progress(attempt: attempt, progress)), of: errand)
    case .said(.done(let number, let outcome, let cost)):
      guard let entry = remove(number, from: id), let errand = errands[entry.errand] else { return }
      learn(entry, errand, at: now)
      if errand.slot == nil {
        finishedBefore[errand.request.key] = (outcome, cost + errand.spent, entry.output, entry.leftNothing)
      }
      answer(
        entry.errand, .said(.done(attempt: errand.request.attempt, outcome, cost + errand.spent)), from: entry.output,
        needsFiles: !entry.leftNothing, by: id)
    case .said(.failed(let number, let failure, let cost)):
      guard let entry = remove(number, from: id), let errand = errands[entry.errand] else { return }
      answer(entry.errand, .said(.failed(attempt: errand.request.attempt, failure, cost + errand.spent)), by: id)
    case .said(.stopped(let number, let cost)):
      guard let entry = listed(number, on: id), let errand = errands[entry.errand] else { return }
      if errand.stopWanted || errand.killWanted || errand.slot == nil && entry.begun == nil {
        _ = remove(number, from: id)
        answerStopped(entry.errand, cost)
      } else if let place = place(of: number, on: id) {
        _ = update(id, place) { $0.wasInterrupted = true }
        errands[entry.errand]?.spent = errand.spent + cost
      }
    case .closed(let end):
      pilots[id]?.closed = (end, now)
    }
  }

  private mutating func greet(_ id: PilotID, version: Int, at now: ContinuousClock.Instant) {
    pilots[id]?.isClaimed = true
    pilots[id]?.hasGreeted = true
    pilots[id]?.started = now
    silentEnds = 0
    jobsStarted += 1
    guard version != ProtocolVersion.current else { return }
    pilots[id]?.killWanted = true
    pilots[id]?.cancelWanted = true
    if let first = pilots[id]?.list.first {
      pilots[id]?.list.removeFirst()
      answerLost(first.errand, .otherVersion(version))
    }
  }

  private func place(of number: Int64, on id: PilotID) -> Int? {
    pilots[id]?.list.firstIndex { $0.number == number }
  }

  private func listed(_ number: Int64, on id: PilotID) -> Listed? {
    place(of: number, on: id).flatMap { pilots[id]?.list[$0] }
  }

  private mutating func update(_ id: PilotID, _ place: Int, _ body: (inout Listed) -> Void) -> Int? {
    guard var entry = pilots[id]?.list[place] else { return nil }
    body(&entry)
    pilots[id]?.list[place] = entry
    return entry.errand
  }

  private mutating func remove(_ number: Int64, from id: PilotID) -> Listed? {
    place(of: number, on: id).flatMap { pilots[id]?.list.remove(at: $0) }
  }

  private mutating func learn(_ entry: Listed, _ errand: Errand, at now: ContinuousClock.Instant) {
    guard let begun = entry.begun else { return }
    let before = durations[errand.request.kind] ?? (0, 0)
    durations[errand.request.kind] = (before.count + 1, before.total + (now - begun) / .seconds(1))
  }

  // MARK: - Pilots that are no more

  /// Nobody works on this pilot's list any more: what it had begun is answered for or goes on elsewhere, the rest waits
  /// again, before all else.
  ///
  /// - Parameters:
  ///   - workerStatus: What the worker ended with, where its script lived to say.
  ///   - log: Where the job printed.
  package mutating func endPilot(
    _ id: PilotID, _ ending: SlurmEnding, workerStatus: Int32? = nil, log: String? = nil
  ) {
    guard let pilot = pilots.removeValue(forKey: id) else { return }
    if ending == .nodeFailed { avoid(pilot.node) }
    if ending == .exited, !pilot.hasGreeted, !pilot.cancelWanted {
      mournSilent(pilot, status: workerStatus ?? 0, log: log)
    } else if ending == .cancelled, !pilot.cancelWanted, !pilot.list.isEmpty {
      notes.append("job \(name(of: id)) was cancelled, not by this run")
    }
    var again: [Int] = []
    for entry in pilot.list {
      guard let errand = errands[entry.errand] else { continue }
      if let outcome = StageOutcome(leftIn: entry.output) {
        // Its last file was written, its last word was not, or not whole.
        takeUp(entry, outcome, by: id)
        continue
      }
      abandoned.append(entry.output)
      if errand.killWanted {
        answerLost(entry.errand, .signalled(9, outOfMemory: false))
      } else if entry.begun == nil {
        if errand.slot == nil {
          answer(entry.errand, .lost(.signalled(9, outOfMemory: false)))
        } else if errand.stopWanted {
          answerStopped(entry.errand)
        } else {
          again.append(entry.errand)
        }
      } else if pilot.killWanted || isInterruption(entry, ending, closed: pilot.closed?.end) {
        if errand.stopWanted || errand.slot == nil {
          answerStopped(entry.errand)
        } else if goesOnElsewhere(entry.errand, ending, needs: pilot.needs) {
          again.append(entry.errand)
        }
      } else {
        answerLost(entry.errand, loss(ending, pilot, workerStatus: workerStatus))
      }
    }
    waiting.insert(contentsOf: again, at: 0)
  }

  /// A stage whose output lies complete is done.
  private mutating func takeUp(_ entry: Listed, _ outcome: StageOutcome, by id: PilotID) {
    guard let errand = errands[entry.errand] else { return }
    if errand.slot == nil { finishedBefore[errand.request.key] = (outcome, errand.spent, entry.output, false) }
    answer(
      entry.errand, .said(.done(attempt: errand.request.attempt, outcome, errand.spent)), from: entry.output,
      needsFiles: true, by: id)
  }

  /// Whether a begun stage was interrupted through no fault of its own, and begins again from its checkpoint.
  private func isInterruption(_ entry: Listed, _ ending: SlurmEnding, closed: PilotEnd?) -> Bool {
    switch ending {
    case .timeLimit, .preempted, .requeued: true
    case .exited: entry.wasInterrupted || closed == .timeUp
    case .nodeFailed, .forgotten: entry.wasInterrupted
    case .cancelled, .outOfMemory: false
    }
  }

  /// Lets an interrupted stage go on, unless it gets nowhere: then it is answered for. Only time limits count for that; who is
  /// displaced by others may have had no time at all.
  ///
  /// - Returns: Whether it goes on.
  private mutating func goesOnElsewhere(_ number: Int, _ ending: SlurmEnding, needs: SlurmNeeds) -> Bool {
    guard var errand = errands[number] else { return false }
    let now = CheckpointMark(folder: errand.request.checkpointFolder)
    // How far one of an earlier run was when it was handed out, nobody knows.
    let hasAdvanced = errand.checkpoint.map { now.isAhead(of: $0) } ?? true
    if hasAdvanced { errand.fruitless = 0 } else if ending == .timeLimit { errand.fruitless += 1 }
    errands[number] = errand
    guard errand.fruitless >= Self.mostFruitless else {
      notes.append("\(errand.request.label): interrupted with its job, goes on in another one")
      return true
    }
    let limit = needs.time.map { "\(SlurmTime.text(seconds: $0)) (slurm.time)" } ?? "the partition's"
    answerLost(
      number,
      .ended(
        StageFailure(
          .time,
          "it made no headway within the time limit of its jobs: \(Self.mostFruitless) in a row ended before its checkpoint got "
            + "any further; the limit is \(limit)",
          remedy:
            "raise `time` in the section slurm, or for this kind in slurm.kinds; or let it write checkpoints more often "
            + "(--checkpoint-every), or earlier before the limit (`grace`)")))
    return false
  }

  /// So many time limits may a stage meet in a row without getting any further.
  private static let mostFruitless = 3

  private func loss(_ ending: SlurmEnding, _ pilot: Pilot, workerStatus: Int32?) -> WorkerLoss {
    let job = "job \(name(of: pilot.id))\(pilot.node.isEmpty ? "" : " on \(pilot.node)")"
    switch ending {
    case .outOfMemory:
      return .ended(
        StageFailure(
          .memory, "Slurm ended \(job) for want of memory",
          remedy:
            "raise `memory` in the section slurm (it is \(pilot.needs.memory ?? "the partition's default")), or use a "
            + "smaller batch"))
    case .nodeFailed:
      return .ended(StageFailure(.lost, "\(job) was lost with its node", remedy: "`sinfo --Node` shows the nodes"))
    case .cancelled: return .ended(StageFailure(.lost, "\(job) was cancelled", remedy: "run the same command again"))
    case .forgotten:
      return .ended(StageFailure(.lost, "\(job) is gone, and Slurm does not say how", remedy: "`graft logs`"))
    case .exited, .timeLimit, .preempted, .requeued:
      guard let status = workerStatus else { return .ended(StageFailure(.lost, "\(job) ended in mid-stage")) }
      return status > 128 ? .signalled(status - 128, outOfMemory: false) : .exited(status: status)
    }
  }

  /// A pilot that ended before it said a word: one may be its node's fault, several are everybody's.
  private mutating func mournSilent(_ pilot: Pilot, status: Int32, log: String?) {
    silentEnds += 1
    avoid(pilot.node)
    guard silentEnds >= 3, let first = pilot.list.first(where: { errands[$0.errand]?.slot != nil }) else {
      notes.append("job \(name(of: pilot.id)) ended with status \(status) before its worker began")
      return
    }
    answerLost(first.errand, .neverGreeted(status: status, output: ""), log: log)
  }

  private mutating func avoid(_ node: String) {
    guard !node.isEmpty, !badNodes.contains(node) else { return }
    badNodes.append(node)
    // Nodes are mended; and with too many left out nothing could run.
    if badNodes.count > 16 { badNodes.removeFirst() }
    notes.append("node \(node) is left out from now on")
  }

  /// The job as Slurm names it, where that is known.
  func name(of id: PilotID) -> String {
    batches[id.batch]?.array.map { "\($0)_\(id.task)" } ?? "\(id.batch)[\(id.task)]"
  }

  /// A pilot whose requests are ours again: it never began, and never will.
  mutating func release(_ id: PilotID) {
    pilots[id]?.isClaimed = false
    pilots[id]?.cancelWanted = true
    guard let list = pilots[id]?.list else { return }
    pilots[id]?.list = []
    var again: [Int] = []
    for entry in list {
      guard let errand = errands[entry.errand] else { continue }
      if errand.killWanted {
        answerLost(entry.errand, .signalled(9, outOfMemory: false))
      } else if errand.slot == nil || errand.stopWanted {
        answerStopped(entry.errand)
      } else {
        again.append(entry.errand)
      }
    }
    waiting.insert(contentsOf: again, at: 0)
  }
}
