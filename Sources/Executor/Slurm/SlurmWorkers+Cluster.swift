import Files
import Foundation
import Planner
import Store
import WorkerProtocol

extension SlurmWorkers {
  /// How the dealings with the controller stand; known to its thread alone.
  private struct Dealings {
    var limits: SlurmLimits?
    var nextQuestion = ContinuousClock.now
    var pause: Duration
    var paces: [SlurmNeeds: SubmissionPace] = [:]
    /// Nothing is submitted before.
    var submissionsFrom = ContinuousClock.now
    var number = 0
  }

  /// The cluster's thread: submissions, the states of jobs, cancellations.
  func administer() {
    var dealings = Dealings(pause: .seconds(profile.poll))
    while !state.withLock({ $0.isOver }) {
      cancel()
      ask(&dealings)
      settleUnknown()
      submit(&dealings)
      deliver()
      let (isUrgent, hasPilots) = state.withLock { ($0.isUrgent, !$0.fleet.pilots.isEmpty) }
      let now = ContinuousClock.now
      let due =
        !hasPilots
        ? now + .seconds(1) : isUrgent ? min(dealings.nextQuestion, now + .seconds(1)) : dealings.nextQuestion
      let pause = max(.milliseconds(20), min(due - now, .seconds(1)))
      if clusterWork.wait(timeout: .now() + pause / .seconds(1)) == .success {
        while clusterWork.wait(timeout: .now()) == .success {}
      }
    }
  }

  /// One question for all jobs, when it is due.
  private func ask(_ dealings: inout Dealings) {
    let shortest = Duration.seconds(profile.poll)
    let (names, isUrgent) = state.withLock { ($0.fleet.askedNames, $0.isUrgent) }
    guard !names.isEmpty else { return }
    if isUrgent {
      // Something is about to change: not later than after the shortest pause since the last question.
      dealings.nextQuestion = min(dealings.nextQuestion, dealings.nextQuestion - dealings.pause + shortest)
      dealings.pause = shortest
    }
    let asked = ContinuousClock.now
    guard dealings.nextQuestion <= asked else { return }
    state.withLock { $0.isUrgent = false }
    var hasChanged = false
    do {
      let jobs = try client.jobs(named: names)
      hasChanged = state.withLock { $0.fleet.see(jobs, ofNames: names, asked: asked, at: .now) }
      sayAnswer()
    } catch {
      sayOutage(error)
    }
    dealings.pause = hasChanged ? shortest : min(dealings.pause * 1.5, max(.seconds(60), shortest))
    dealings.nextQuestion = .now + dealings.pause
    if hasChanged { conversationWork.signal() }
  }

  /// Says that an outage is over, where there was one.
  private func sayAnswer() {
    let wasReachable = state.withLock { state in
      defer { state.isReachable = true }
      return state.isReachable
    }
    if !wasReachable { note("slurm: it answers again") }
  }

  /// Said once for each outage.
  private func sayOutage(_ outage: SlurmClient.Outage) {
    let wasReachable = state.withLock { state in
      defer { state.isReachable = false }
      return state.isReachable
    }
    if wasReachable {
      note("slurm: it does not answer (\(outage.message)); what runs goes on, and it is asked again")
    }
  }

  /// Arrays whose submission got no answer and of which Slurm knows nothing: those of their pilots that cannot be claimed
  /// run nevertheless.
  private func settleUnknown() {
    let unknown = state.withLock { state in
      state.fleet.unknownBatches.map { name in
        (name, state.fleet.pilots.values.filter { $0.id.batch == name && !$0.isClaimed })
      }
    }
    for (name, pilots) in unknown {
      var allOurs = true
      for pilot in pilots {
        let isOurs = (try? pilot.folder.takeBack()) ?? false
        state.withLock { state in
          if isOurs {
            state.fleet.release(pilot.id)
            state.fleet.pilots[pilot.id] = nil
          } else {
            state.fleet.pilots[pilot.id]?.isClaimed = true
          }
        }
        if !isOurs { allOurs = false }
      }
      state.withLock { state in
        state.fleet.batches[name]?.doubt = nil
        if allOurs, !state.fleet.pilots.keys.contains(where: { $0.batch == name }) { state.fleet.batches[name] = nil }
      }
      conversationWork.signal()
    }
  }

  /// Cancels what is to be cancelled, all in one call.
  private func cancel() {
    let (ids, strays, names, isReachable) = state.withLock { state in
      let (ids, strays) = (state.fleet.cancellations, state.fleet.strays)
      return (ids, strays, strays.union(ids.map { state.fleet.name(of: $0) }), state.isReachable)
    }
    guard !names.isEmpty, isReachable else { return }
    do {
      try client.cancel(names.sorted())
      state.withLock { state in
        for id in ids { state.fleet.pilots[id]?.cancelSent = true }
        state.fleet.strays.subtract(strays)
        state.isUrgent = true
      }
    } catch {
      sayOutage(error)
    }
  }

  // MARK: - Submissions

  /// Asks for the jobs that waiting stages need.
  private func submit(_ dealings: inout Dealings) {
    let mayAsk = state.withLock { state in
      // With no job to ask about, nobody but this finds that Slurm answers again.
      !state.isEnding && state.failure == nil && !state.fleet.waiting.isEmpty
        && (state.isReachable || state.fleet.askedNames.isEmpty)
        && !state.fleet.batches.values.contains { $0.doubt != nil }
    }
    guard mayAsk, ContinuousClock.now >= dealings.submissionsFrom else { return }
    // What can be put on the lists of those that are there is not asked for anew.
    do { try placeAndWrite() } catch { return fail(error) }
    guard let limits = limits(&dealings) else { return }
    var paces = dealings.paces
    let orders = state.withLock { $0.fleet.orders(limits: limits, paces: &paces, at: .now) }
    dealings.paces = paces
    for order in orders {
      dealings.number += 1
      let batch = SlurmBatchFolder(workspace: workspace.folder, run: run, number: dealings.number)
      do {
        try batch.make(
          needs: order.needs, count: order.count, script: submission.script(batch, needs: order.needs))
        guard try submit(order, as: batch, &dealings) else { return }
      } catch let fault as FileFault {
        fail(fault)
        return
      } catch let error as WorkerStartError {
        fail(
          StageFailure(
            .machine, "\(error.path) cannot be started: \(String(cString: strerror(error.code)))",
            remedy: "run this where Slurm's commands are, or without --executor slurm"))
        return
      } catch {
        fail(StageFailure(.machine, "\(error)"))
        return
      }
    }
  }

  private func limits(_ dealings: inout Dealings) -> SlurmLimits? {
    if let limits = dealings.limits { return limits }
    do {
      dealings.limits = try client.limits()
      sayAnswer()
    } catch {
      sayOutage(error)
      dealings.submissionsFrom = .now + .seconds(profile.poll)
    }
    return dealings.limits
  }

  /// - Returns: Whether more may be submitted at once.
  private func submit(_ order: PilotFleet.Order, as batch: SlurmBatchFolder, _ dealings: inout Dealings) throws -> Bool
  {
    let excluded = state.withLock { state in
      state.fleet.expect(batch, order, at: .now)
      return state.fleet.badNodes
    }
    // Their lists are written before they can start, so that they have work even if nobody is here then.
    try placeAndWrite()
    let arguments = submission.arguments(batch, needs: order.needs, count: order.count, excluded: excluded)
    let answer = try client.submit(arguments)
    let now = ContinuousClock.now
    switch answer {
    case .accepted(let array):
      state.withLock { state in
        state.fleet.accept(batch.name, as: array, at: now)
        state.isUrgent = true
      }
      dealings.paces[order.needs, default: SubmissionPace()].took(order.count)
      try batch.keepArray(array)
      return true
    case .nowhere(let message) where !excluded.isEmpty:
      takeBack(batch)
      state.withLock { state in
        state.fleet.badNodes = []
        state.fleet.notes.append("without the nodes left out nothing can run (\(message)): they are tried again")
      }
      return false
    case .lost(let message):
      state.withLock { state in
        state.fleet.heardNothing(of: batch.name, at: now)
        state.isUrgent = true
      }
      sayOutage(SlurmClient.Outage(message: message))
      dealings.paces[order.needs, default: SubmissionPace()].heardNothing(of: order.count)
      return false
    case .full(let message), .overLimit(let message), .refused(let message), .nowhere(let message):
      takeBack(batch)
      return bear(answer, message, order, &dealings, at: now)
    }
  }

  /// Jobs that Slurm did not take: their stages wait again.
  private func takeBack(_ batch: SlurmBatchFolder) {
    state.withLock { $0.fleet.dismiss(batch.name) }
    batch.removeUnused()
  }

  /// Jobs are not to be had: fewer are asked for, or later, while others are out. Where none is, and a single one such as Slurm
  /// has never taken is refused, waiting would change nothing.
  ///
  /// - Returns: Whether other jobs may be asked for now.
  private func bear(
    _ answer: SubmissionAnswer, _ message: String, _ order: PilotFleet.Order, _ dealings: inout Dealings,
    at now: ContinuousClock.Instant
  ) -> Bool {
    let out = state.withLock { $0.fleet.out }
    let isAnyOut = out.values.contains { $0 > 0 }
    var pace = dealings.paces[order.needs, default: SubmissionPace()]
    let isHopeless: Bool
    switch answer {
    case .full:
      pace.foundNoRoom(for: order.count, out: out[order.needs, default: 0], at: now)
      isHopeless = false
    case .overLimit:
      isHopeless = !isAnyOut && order.count == 1 && !pace.hasTaken
      pace.foundNoRoom(for: order.count, out: out[order.needs, default: 0], at: now)
    default:
      isHopeless = !isAnyOut
      pace.wasRefused(at: now)
    }
    dealings.paces[order.needs] = pace
    if isHopeless {
      fail(
        StageFailure(
          .machine, "Slurm refuses the jobs: \(message)",
          remedy: "see the section slurm of the study file and of slurm.yaml; `sinfo` lists partitions, "
            + "`sacctmgr show assoc` and `sacctmgr show qos` accounts and their limits"))
      return false
    }
    state.withLock { state in
      state.fleet.noteOnce(
        "refusal \(message)",
        isAnyOut
          ? "it takes no more jobs for now (\(message)); what runs goes on, and it is tried again"
          : "it takes fewer jobs (\(message)); it is tried again")
    }
    if case .full = answer { return false }
    return true
  }
}
