import Planner
import WorkerProtocol

extension PilotFleet {
  /// The arrays about which Slurm is to be asked: those with a pilot that may still run or wait.
  var askedNames: [String] { Set(pilots.keys.map(\.batch)).sorted() }

  /// Takes in what Slurm says of its jobs.
  ///
  /// - Parameters:
  ///   - names: What was asked for.
  ///   - asked: When the question was put: of what was submitted later the answer says nothing.
  /// - Returns: Whether anything is other than before.
  package mutating func see(
    _ jobs: [SlurmJob], ofNames names: [String], asked: ContinuousClock.Instant, at now: ContinuousClock.Instant
  ) -> Bool {
    var hasChanged = false
    var seen: Set<PilotID> = []
    for job in jobs {
      let id = PilotID(batch: job.name, task: job.task)
      seen.insert(id)
      if batches[job.name]?.array == nil {
        batches[job.name]?.array = job.array
        batches[job.name]?.doubt = nil
        hasChanged = true
      }
      // A job of that name but of another array is no job of ours, whoever made it.
      guard batches[job.name]?.array == job.array, var pilot = pilots[id] else { continue }
      pilot.absences = 0
      if !job.node.isEmpty, pilot.node != job.node {
        pilot.node = job.node
        hasChanged = true
      }
      switch job.state {
      case .over(let ending) where pilot.over == nil:
        pilot.over = (ending, now)
        hasChanged = true
      case .unknown(let state):
        noteOnce(
          "state \(state)", "Slurm says that job \(job.id) is \(state), which Graft does not know: it counts as running"
        )
      case .waiting where pilot.over == nil && pilot.started.map { $0 < asked } ?? false:
        // It had begun before the question was put. Who starts a second time finds its list claimed, and does nothing.
        pilot.over = (.requeued, now)
        pilot.cancelWanted = true
        strays.insert(job.id)
        hasChanged = true
      case .waiting: noteHopeless(job)
      case .running, .ending, .over: break
      }
      pilots[id] = pilot
    }
    for job in jobs where job.task == SlurmJob.wholeArray && batches[job.name]?.array == job.array {
      guard case .over(let ending) = job.state else { continue }
      for id in pilots.keys where id.batch == job.name && seen.insert(id).inserted && pilots[id]?.over == nil {
        pilots[id]?.over = (ending, now)
        hasChanged = true
      }
    }
    for name in names {
      guard let batch = batches[name], batch.submitted < asked else { continue }
      for id in pilots.keys where id.batch == name && !seen.contains(id) && pilots[id]?.over == nil {
        guard batch.array != nil else { continue }
        let absences = (pilots[id]?.absences ?? 0) + 1
        pilots[id]?.absences = absences
        // Once may be a controller that has just started.
        if absences >= 2 {
          pilots[id]?.over = (.forgotten, now)
          hasChanged = true
        }
      }
      if batch.array == nil, let doubt = batch.doubt, doubt.since < asked {
        batches[name]?.doubt?.absences += 1
        hasChanged = true
      }
    }
    return hasChanged
  }

  /// Jobs that will wait for ever unless somebody does something.
  private mutating func noteHopeless(_ job: SlurmJob) {
    let hopeless = [
      "PartitionTimeLimit", "PartitionNodeLimit", "PartitionConfig", "PartitionDown", "PartitionInactive",
      "BadConstraints", "JobHeldUser",
      "JobHeldAdmin", "AccountNotAllowed", "InvalidAccount", "InvalidQOS", "QOSNotAllowed", "ReqNodeNotAvail",
    ]
    // Such as QOSMaxWallDurationPerJobLimit: more than one job may ask for.
    guard job.reason.contains("PerJobLimit") || hopeless.contains(where: { job.reason.hasPrefix($0) }) else { return }
    noteOnce("reason \(job.reason)", "job \(job.id) waits, and Slurm gives as the reason: \(job.reason)")
  }

  /// Submissions whose answer was lost, and which Slurm does not know: whoever claims their pilots' requests first decides.
  var unknownBatches: [String] {
    batches.values.filter { ($0.doubt?.absences ?? 0) >= 2 }.map(\.name)
  }

  /// Pilots that run no more, as far as can be told now, and how they ended.
  package func ended(at now: ContinuousClock.Instant) -> [(pilot: PilotID, ending: SlurmEnding)] {
    pilots.values.compactMap { pilot in
      if let closed = pilot.closed {
        switch closed.end {
        case .idle, .asked: return (pilot.id, .exited)
        case .timeUp: return (pilot.id, .timeLimit)
        case .revoked: return (pilot.id, pilot.over?.ending ?? .forgotten)
        case .terminated:
          // Only Slurm knows why it was told to end; where it does not say in time, another job is taken for the cause.
          if let over = pilot.over { return (pilot.id, over.ending) }
          return now - closed.at > .seconds(120) ? (pilot.id, .preempted) : nil
        }
      }
      // Nobody may begin what it leaves before it is certain that it will not.
      guard let over = pilot.over, pilot.revoked else { return nil }
      // Its last words may still be on their way; and a job that Slurm lost sight of may live on for a moment.
      let patience: Duration =
        !pilot.isClaimed
        ? .seconds(1) : [.nodeFailed, .requeued, .forgotten].contains(over.ending) ? .seconds(10) : .seconds(2)
      return now - over.at > patience ? (pilot.id, over.ending) : nil
    }
  }

  /// Claimed pilots that Slurm holds for lost and that have not said so themselves: they are told to end, should they live.
  package var doubtfulPilots: [PilotID] {
    pilots.values.filter { $0.over != nil && $0.closed == nil && !$0.revoked }.map(\.id)
  }

  /// The jobs to be cancelled now, by their numbers, where those are known.
  var cancellations: [PilotID] {
    pilots.values.filter { $0.cancelWanted && !$0.cancelSent && $0.over == nil && batches[$0.id.batch]?.array != nil }
      .map(\.id)
  }
}
