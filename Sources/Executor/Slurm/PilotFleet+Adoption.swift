import Files
import Planner
import WorkerProtocol

extension PilotFleet {
  /// Takes over what an earlier run left of a submission: pilots that may live, with what they were asked for and have not
  /// answered, and answers that nobody has read.
  ///
  /// - Throws: `FileFault`.
  mutating func adopt(_ folder: SlurmBatchFolder, now: ContinuousClock.Instant) throws {
    // Without a description nothing was submitted.
    guard let (needs, count) = folder.description else { return }
    let array = folder.array
    batches[folder.name] = Batch(
      name: folder.name, needs: needs, count: count, array: array, submitted: now,
      doubt: array == nil ? (now, 0) : nil)
    for task in 0..<count {
      try adopt(PilotID(batch: folder.name, task: task), folder.pilot(task), needs: needs, now: now)
    }
    jobsStarted = 0
    silentEnds = 0
    outbox = []
    notes = []
    if !pilots.keys.contains(where: { $0.batch == folder.name }) { batches[folder.name] = nil }
  }

  private mutating func adopt(
    _ id: PilotID, _ folder: PilotFolder, needs: SlurmNeeds, now: ContinuousClock.Instant
  ) throws {
    var pilot = Pilot(id: id, folder: folder, needs: needs)
    pilot.isClaimed = folder.isClaimed
    var requests = AppendedLines(path: folder.requests)
    for line in try requests.next() {
      switch try? WorkerRequest(line: line) {
      case .run(let request):
        // One that lies elsewhere by now (the workspace was moved) could not be taken over.
        let number = add(Errand(slot: nil, request: request, needs: needs))
        pilot.list.append(Listed(number: request.attempt, errand: number, output: request.outputFolder))
        pilot.requestCount = max(pilot.requestCount, request.attempt)
      case .stop, .exit:
        // It may have stopped by then, or not: it is given nothing more.
        pilot.stopWanted = true
        pilot.stopSent = true
      case nil: break
      }
    }
    if folder.isRevoked {
      pilot.revoked = true
      pilot.over = (.forgotten, now)
    }
    pilots[id] = pilot
    var events = AppendedLines(path: folder.events)
    for line in try events.next() {
      if let event = try? PilotEvent(line: line) { hear(event, from: id, at: now) }
    }
    heardBefore[id] = events
    settleAdopted(id, wasTaken: folder.isClaimedByCoordinator)
  }

  /// - Parameter wasTaken: Whether an earlier coordinator gave the requests to others.
  private mutating func settleAdopted(_ id: PilotID, wasTaken: Bool) {
    guard let pilot = pilots[id] else { return }
    let isEnded = pilot.closed != nil
    if isEnded || wasTaken {
      for entry in pilot.list { errands[entry.errand] = nil }
      pilots[id]?.list = []
      if isEnded {
        pilots[id] = nil
        heardBefore[id] = nil
      } else {
        // Its job may stand in the queue still.
        pilots[id]?.cancelWanted = true
      }
      return
    }
    for entry in pilot.list {
      guard let key = errands[entry.errand]?.request.key else { continue }
      // One that was thought to be lost gives way to the one that its work went to.
      if pilot.revoked, adoptable[key] != nil { continue }
      adoptable[key] = entry.errand
    }
  }
}
