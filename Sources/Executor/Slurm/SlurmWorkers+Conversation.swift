import Files
import Foundation
import Planner
import Store
import WorkerProtocol

extension SlurmWorkers {
  /// When and how a pilot's events are looked at.
  private struct Ear {
    var lines: AppendedLines
    var pause: Duration
    var due: ContinuousClock.Instant
  }

  /// The conversation's thread: what pilots wrote, what they are to do.
  func converse() {
    var ears: [PilotFleet.PilotID: Ear] = [:]
    while !state.withLock({ $0.isOver }) {
      let now = ContinuousClock.now
      listen(&ears, at: now)
      bury(at: now)
      deliver()
      pacify()
      steal(at: now)
      write()
      deliver()
      let next = ears.values.map(\.due).min() ?? now + .seconds(1)
      let pause = max(.milliseconds(5), min(next - ContinuousClock.now, .milliseconds(500)))
      if conversationWork.wait(timeout: .now() + pause / .seconds(1)) == .success {
        while conversationWork.wait(timeout: .now()) == .success {}
      }
    }
  }

  /// Reads what is new, oftener of those that have just said something, seldom of those whose jobs wait in the queue.
  private func listen(_ ears: inout [PilotFleet.PilotID: Ear], at now: ContinuousClock.Instant) {
    let pilots = state.withLock { $0.fleet.pilots.mapValues { ($0.folder, $0.isClaimed || !$0.node.isEmpty) } }
    for id in ears.keys where pilots[id] == nil { ears[id] = nil }
    let shortest = Duration.milliseconds(20)
    for (id, (folder, isAwake)) in pilots {
      var ear = ears[id] ?? Ear(lines: startOfListening(to: id, folder), pause: shortest, due: now)
      defer { ears[id] = ear }
      guard ear.due <= now else { continue }
      // A file that cannot be read now is read at the next look.
      let lines = (try? ear.lines.next()) ?? []
      ear.pause = lines.isEmpty ? min(ear.pause * 1.5, .seconds(isAwake ? 1 : 5)) : shortest
      ear.due = now + ear.pause
      guard !lines.isEmpty else { continue }
      state.withLock { state in
        for line in lines {
          guard let event = try? PilotEvent(line: line) else { continue }
          state.fleet.hear(event, from: id, at: .now)
          if case .closed = event { state.isUrgent = true }
        }
      }
      clusterWork.signal()
    }
  }

  /// What an earlier run had read of a pilot that was taken over has been read again by now: it goes on from there.
  private func startOfListening(to id: PilotFleet.PilotID, _ folder: PilotFolder) -> AppendedLines {
    state.withLock { $0.fleet.heardBefore.removeValue(forKey: id) } ?? AppendedLines(path: folder.events)
  }

  /// Ends the lists of pilots that run no more.
  private func bury(at now: ContinuousClock.Instant) {
    let ended = state.withLock { $0.fleet.ended(at: now) }
    for (id, ending) in ended {
      guard let pilot = state.withLock({ $0.fleet.pilots[id] }) else { continue }
      let log = "\((pilot.folder.path as NSString).deletingLastPathComponent)/\(id.task).log"
      let status = pilot.folder.workerStatus
      // Whoever said his last word was killed by nobody.
      let how = pilot.closed == nil ? ending.explained(by: SlurmBatchFolder.end(of: log)) : ending
      let abandoned = state.withLock { state in
        state.fleet.endPilot(id, how, workerStatus: status, log: log)
        state.isUrgent = true
        defer { state.fleet.abandoned = [] }
        return state.fleet.abandoned
      }
      // What stays is removed by the recovery before the next run.
      for folder in abandoned { try? DurableFiles.remove(folder) }
      clusterWork.signal()
    }
  }

  /// Makes sure that those do nothing more who are not to: by taking their requests from pilots that never began, by telling
  /// the others.
  private func pacify() {
    struct Duty {
      let id: PilotFleet.PilotID
      let folder: PilotFolder
      let mustEndAtOnce: Bool
      let isClaimed: Bool
      let word: WorkerRequest
    }
    let duties = state.withLock { state -> [Duty] in
      let doubtful = Set(state.fleet.doubtfulPilots)
      return state.fleet.pilots.values.compactMap { pilot in
        guard pilot.closed == nil else { return nil }
        let atOnce = (pilot.killWanted || doubtful.contains(pilot.id)) && !pilot.revoked
        let exit = state.isEnding
        guard atOnce || ((pilot.stopWanted || exit) && !pilot.stopSent) else { return nil }
        return Duty(
          id: pilot.id, folder: pilot.folder, mustEndAtOnce: atOnce, isClaimed: pilot.isClaimed,
          word: exit ? .exit : .stop)
      }
    }
    for duty in duties {
      let isOurs = !duty.isClaimed && ((try? duty.folder.takeBack()) ?? false)
      if duty.mustEndAtOnce { try? duty.folder.revoke() }
      if !isOurs, !duty.mustEndAtOnce {
        // One that cannot be told now is told at the next round.
        let isTold = writing.withLock { _ in
          (try? AppendedFile.append(duty.word.line, to: duty.folder.requests, durably: true)) != nil
        }
        guard isTold else { continue }
      }
      state.withLock { state in
        if isOurs { state.fleet.release(duty.id) }
        state.fleet.pilots[duty.id]?.stopSent = true
        if duty.mustEndAtOnce { state.fleet.revoked(duty.id) }
      }
      clusterWork.signal()
    }
  }

  /// Takes stages from pilots in the queue where another could begin them now.
  private func steal(at now: ContinuousClock.Instant) {
    let chosen = state.withLock { state in
      state.isEnding ? [] : state.fleet.stealable(at: now).compactMap { state.fleet.pilots[$0] }
    }
    for pilot in chosen where (try? pilot.folder.takeBack()) == true {
      state.withLock { $0.fleet.release(pilot.id) }
      clusterWork.signal()
    }
  }

  /// Writes new requests to those that can take them.
  private func write() {
    if let failure = state.withLock({ $0.fleet.waiting.isEmpty ? nil : $0.failure }) { return fail(failure) }
    do {
      try placeAndWrite()
    } catch {
      fail(error)
    }
  }

  /// Puts waiting stages on the lists of those that can take them, and writes that down.
  ///
  /// - Throws: `FileFault`.
  func placeAndWrite() throws(FileFault) {
    let result: Result<Void, FileFault> = writing.withLock { _ in
      let letters = state.withLock { state in state.isEnding ? [] : state.fleet.place(at: .now) }
      for letter in letters {
        do {
          for output in letter.outputs { try DurableFiles.remove(output) }
          try AppendedFile.append(letter.lines, to: letter.folder.requests, durably: true)
        } catch {
          return .failure(
            error as? FileFault ?? FileFault(action: "append to", path: letter.folder.requests, code: EIO))
        }
      }
      return .success(())
    }
    try result.get()
  }

  /// The workspace cannot be written, because its disk is full or fails: nothing can be asked of anybody.
  func fail(_ fault: FileFault) { fail(StageFailure(.disk, fault.description, remedy: fault.remedy)) }

  /// Lets the run end with a reason: whatever waits is told of it.
  func fail(_ failure: StageFailure) {
    state.withLock { state in
      state.failure = failure
      let waiting = state.fleet.waiting
      state.fleet.waiting = []
      for errand in waiting { state.fleet.answerLost(errand, .unavailable(failure)) }
    }
    deliver()
  }
}
