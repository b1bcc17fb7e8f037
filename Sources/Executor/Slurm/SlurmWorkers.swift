import Files
import Foundation
import Planner
import Store
import Synchronization
import WorkerProtocol

/// Workers on the nodes of a Slurm cluster: pilots, which come as job arrays and work through lists of stages.
///
/// Two threads serve it. One reads what pilots write and writes what they are to do; the other speaks to the controller, which
/// may take its time. What follows from what is in `PilotFleet`.
public final class SlurmWorkers: WorkerBackEnd {
  /// What a run has asked of the cluster.
  public struct Usage: Sendable, Hashable {
    /// Jobs whose worker began.
    public var jobs: Int
    /// How often each of Slurm's commands was called.
    public var calls: [String: Int]
  }

  public let slots: Int
  let profile: SlurmProfile
  let workspace: Workspace
  let run: String
  let client: SlurmClient
  let submission: SlurmSubmission
  let note: @Sendable (String) -> Void
  let state: Mutex<State>
  /// Held while something is put on a list and written to its pilot, so that words reach a pilot in the order in which they
  /// were meant.
  let writing = Mutex(())
  private let delivering = Mutex(())
  /// Wake the two threads.
  let conversationWork = DispatchSemaphore(value: 0)
  let clusterWork = DispatchSemaphore(value: 0)

  struct State: Sendable {
    var fleet: PilotFleet
    var listener: (@Sendable (WorkerReport) -> Void)?
    /// The coordinator has had all of its answers; jobs are to end.
    var isEnding = false
    /// Both threads are to end.
    var isOver = false
    /// Something that nobody can do anything about without the user: no more is submitted.
    var failure: StageFailure?
    /// The next question for the jobs' states is due at once.
    var isUrgent = true
    /// Whether Slurm answered when it was last asked.
    var isReachable = true
    var threads = 0
  }

  /// - Parameters:
  ///   - profile: What jobs ask for.
  ///   - worker: The worker's executable; the nodes must find it there.
  ///   - workspace: Open for writing, on a file system that the nodes share.
  ///   - environment: Variables that every worker is to have.
  ///   - note: Told what the user should know, a line at a time.
  /// - Throws: `WorkspaceError` where what an earlier run left cannot be read.
  public init(
    profile: SlurmProfile, worker: String, workspace: Workspace, environment: [String: String] = [:],
    note: @escaping @Sendable (String) -> Void
  ) throws {
    self.profile = profile
    self.workspace = workspace
    self.note = note
    run = UUID().uuidString.lowercased()
    client = SlurmClient()
    submission = SlurmSubmission(profile: profile, worker: worker, environment: environment)
    // Enough that short stages can be put on lists, not so many that all of a large study counts as begun.
    slots = max(profile.maxJobs, min(8 * profile.maxJobs, 2000))
    var fleet = PilotFleet(profile: profile)
    do {
      for folder in try SlurmBatchFolder.all(in: workspace.folder) { try fleet.adopt(folder, now: .now) }
    } catch let fault as FileFault {
      throw WorkspaceError.file(fault)
    }
    state = Mutex(State(fleet: fleet))
  }

  /// Whether Slurm's commands are there.
  public static var isInstalled: Bool { ProgramPath.of("sbatch") != nil }

  public var beginsAtOnce: Bool { false }

  public var slotsShareMemory: Bool { false }

  public var outputsInUse: Set<String> {
    state.withLock { state in Set(state.fleet.pilots.values.flatMap { $0.list.map(\.output) }) }
  }

  /// What was asked of the cluster so far.
  public var usage: Usage {
    Usage(jobs: state.withLock { $0.fleet.jobsStarted }, calls: client.callCounts)
  }

  public func connect(_ listener: @escaping @Sendable (WorkerReport) -> Void) {
    state.withLock { state in
      state.listener = listener
      state.threads = 2
    }
    for (name, body) in [("slurm conversation", converse), ("slurm cluster", administer)] {
      let thread = Thread { [self] in
        body()
        state.withLock { $0.threads -= 1 }
      }
      thread.name = name
      thread.start()
    }
  }

  public func placement(of stage: Stage, slot: Int) -> StagePlacement? {
    let needs = profile.needs(of: stage.kind)
    // Slurm shows a job its own devices only, and so the first is its own.
    return StagePlacement(threads: needs.cpus, device: needs.hasGPU ? "cuda:0" : "cpu")
  }

  /// A slot is a place on somebody's list: whose, is decided when there is a stage.
  public func prepare(slot: Int) throws -> StandbyWorker { StandbyWorker(id: slot, started: nil) }

  public func send(_ request: WorkerRequest, to slot: Int) {
    state.withLock { state in
      switch request {
      case .run(let stage): state.fleet.take(stage, slot: slot)
      case .stop: state.fleet.stop(slot: slot)
      case .exit: break
      }
    }
    conversationWork.signal()
    clusterWork.signal()
  }

  public func kill(slot: Int) {
    state.withLock { $0.fleet.kill(slot: slot) }
    conversationWork.signal()
    clusterWork.signal()
  }

  public func shutDown() async {
    state.withLock { state in
      state.isEnding = true
      state.isUrgent = true
    }
    conversationWork.signal()
    clusterWork.signal()
    let start = ContinuousClock.now
    var hasCancelled = false
    while true {
      let (left, isReachable, threads) = state.withLock { state in
        (state.fleet.pilots.count, state.isReachable, state.threads)
      }
      if left == 0 || threads < 2 { break }
      let waited = ContinuousClock.now - start
      // Pilots see that they are to end within a second or two; what does not is cancelled, and at last left to itself.
      if waited > .seconds(10), !hasCancelled {
        hasCancelled = true
        state.withLock { state in
          for id in state.fleet.pilots.keys { state.fleet.pilots[id]?.cancelWanted = true }
          state.isUrgent = true
        }
        clusterWork.signal()
      }
      if waited > .seconds(isReachable ? 90 : 20) {
        note(
          "\(left) job(s) of this run may still be in Slurm's queue (named graft-\(run)-*): they end by themselves, without "
            + "running anything")
        break
      }
      try? await Task.sleep(for: .milliseconds(50))
    }
    await seeThemGone(atMost: .seconds(15))
    state.withLock { $0.isOver = true }
    conversationWork.signal()
    clusterWork.signal()
    while state.withLock({ $0.threads }) > 0 { try? await Task.sleep(for: .milliseconds(5)) }
  }

  /// Returns when Slurm knows of no job of this run that is not over: a pilot has ended a moment before its job has.
  private func seeThemGone(atMost limit: Duration) async {
    let names = state.withLock { $0.isReachable ? Array($0.fleet.batches.keys) : [] }
    guard !names.isEmpty else { return }
    let deadline = ContinuousClock.now + limit
    var pause = Duration.milliseconds(300)
    while ContinuousClock.now < deadline {
      try? await Task.sleep(for: pause)
      guard let jobs = try? client.jobs(named: names), jobs.contains(where: \.state.isActive) else { return }
      pause *= 2
    }
  }

  /// Removes what finished runs left in the workspace; call it when all that they did is recorded.
  public func clear() {
    let left = Set(state.withLock { $0.fleet.pilots.keys.map(\.batch) })
    guard let folders = try? SlurmBatchFolder.all(in: workspace.folder) else { return }
    guard let runs = try? SlurmBatchFolder.runs(in: workspace.folder) else { return }
    let kept = Set(folders.filter { left.contains($0.name) }.map(\.run))
    // What cannot be removed now is removed by the next run.
    for run in runs where !kept.contains(run) { try? SlurmBatchFolder.remove(run: run, in: workspace.folder) }
  }

  /// Brings what the fleet has to say to those whom it concerns, in order, whichever thread does it.
  func deliver() {
    delivering.withLock { _ in
      let (deliveries, notes, listener) = state.withLock { state in
        defer {
          state.fleet.outbox = []
          state.fleet.notes = []
        }
        return (state.fleet.outbox, state.fleet.notes, state.listener)
      }
      for text in notes { note("slurm: \(text)") }
      for delivery in deliveries { listener?(settled(delivery)) }
    }
  }

  /// Puts a stage's files where the coordinator looks for them.
  private func settled(_ delivery: PilotFleet.Delivery) -> WorkerReport {
    if let log = delivery.log, case .lost(.neverGreeted(let status, _)) = delivery.report.content {
      let loss = WorkerLoss.neverGreeted(status: status, output: SlurmBatchFolder.end(of: log))
      return WorkerReport(slot: delivery.report.slot, worker: delivery.report.worker, .lost(loss))
    }
    guard let move = delivery.move else { return delivery.report }
    if rename(move.from, move.to) == 0 { return delivery.report }
    let code = errno
    guard delivery.needsFiles else { return delivery.report }
    let fault = FileFault(action: "take over", path: move.from, code: code)
    return WorkerReport(
      slot: delivery.report.slot, worker: delivery.report.worker,
      .lost(.ended(StageFailure(.lost, fault.description, remedy: fault.remedy))))
  }
}
