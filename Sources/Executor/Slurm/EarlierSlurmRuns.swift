import Files
import Foundation
import Planner
import Store
import WorkerProtocol

/// What runs on Slurm left behind in a workspace when they were killed: jobs, and the conversations with them. A run that is to
/// work on this machine, and `graft stop`, end them. Use it with the right to write to the workspace: else a run that begins
/// meanwhile takes over what is being ended.
public struct EarlierSlurmRuns {
  private let workspace: String
  private let client = SlurmClient()

  /// Slurm does not say what became of them.
  public struct Unknown: Error, Sendable, CustomStringConvertible {
    public let description: String
    public let remedy: String
  }

  /// - Parameter workspace: The workspace's folder.
  public init(workspace: String) { self.workspace = workspace }

  /// Whether there is anything.
  public var haveLeftAnything: Bool { (try? SlurmBatchFolder.runs(in: workspace))?.isEmpty == false }

  /// Takes their work from those that have not begun, cancels all that is left, and returns when nothing of it runs any more.
  /// What they had finished stays where the start of a run finds it.
  ///
  /// - Parameters:
  ///   - mode: Whether stages may write checkpoints.
  ///   - waits: Whether to return only when they have ended.
  ///   - limit: How long to wait for that.
  /// - Returns: How many jobs had to be cancelled.
  /// - Throws: `Unknown`; `FileFault`.
  public func end(
    _ mode: StopMode = .afterCheckpoint, waits: Bool = true, limit: Duration = .seconds(120)
  ) throws -> Int {
    let batches = try submitted()
    guard batches.contains(where: { !hasClosed($0) }) else { return 0 }
    let deadline = ContinuousClock.now + limit
    for pilot in batches.flatMap(pilots) where !hasClosed(pilot) {
      if try !pilot.takeBack(), mode == .atOnce { try pilot.revoke() }
    }
    var cancelled: Set<String> = []
    var quietLooks = 0
    while true {
      do {
        let active = try activeJobs(of: batches)
        let fresh = active.map(\.id).filter { !cancelled.contains($0) }
        if !fresh.isEmpty {
          try client.cancel(fresh)
          cancelled.formUnion(fresh)
        }
        // What was submitted just before its coordinator died may show late.
        quietLooks = active.isEmpty ? quietLooks + 1 : 0
        if quietLooks >= 2 || !waits { return cancelled.count }
      } catch {
        // Those that have never begun do nothing any more, wherever they stand.
        let canWork = batches.flatMap(pilots).contains { !hasClosed($0) && !$0.isClaimedByCoordinator }
        guard canWork else { return cancelled.count }
        throw Unknown(
          description:
            "jobs of an earlier run on Slurm may still work in \(workspace), and Slurm does not say: \(error.message)",
          remedy: "run this where Slurm's commands are and when it answers, or go on with --executor slurm")
      }
      guard ContinuousClock.now < deadline else {
        throw Unknown(
          description: "jobs of an earlier run on Slurm do not end: \(cancelled.sorted().joined(separator: ", "))",
          remedy: "`squeue` shows what they wait for; run the same command again when they are gone")
      }
      usleep(500_000)
    }
  }

  /// Removes the conversations of runs that are over: all of their jobs have ended, and whatever these found is recorded. Those of
  /// others stay, for the run that will take them over.
  ///
  /// - Parameter isRecorded: Whether a stage's result is. Without it nothing of what they found counts.
  /// - Throws: `FileFault`.
  public func clear(isRecorded: (StageKey) throws -> Bool = { _ in true }) throws {
    let all = try submitted()
    for run in try SlurmBatchFolder.runs(in: workspace) {
      let batches = all.filter { $0.run == run }
      guard batches.allSatisfy(hasClosed) || haveEnded(batches) else { continue }
      guard try batches.flatMap(pilots).allSatisfy({ try answers(of: $0).allSatisfy(isRecorded) }) else { continue }
      try SlurmBatchFolder.remove(run: run, in: workspace)
    }
  }

  /// Submissions that may have been made: without a description nothing was.
  private func submitted() throws -> [SlurmBatchFolder] {
    try SlurmBatchFolder.all(in: workspace).filter { $0.description != nil }
  }

  private func pilots(_ batch: SlurmBatchFolder) -> [PilotFolder] {
    (0..<(batch.description?.count ?? 0)).map(batch.pilot)
  }

  /// Jobs of these submissions that stand in the queue or run. One of the same name but of another array is somebody else's.
  private func activeJobs(of batches: [SlurmBatchFolder]) throws(SlurmClient.Outage) -> [SlurmJob] {
    let arrays = Dictionary(uniqueKeysWithValues: batches.map { ($0.name, $0.array) })
    return try client.jobs(named: batches.map(\.name)).filter { job in
      job.state.isActive && (arrays[job.name]?.map { $0 == job.array } ?? true)
    }
  }

  /// Whether Slurm says that no job of theirs is left.
  private func haveEnded(_ batches: [SlurmBatchFolder]) -> Bool {
    SlurmWorkers.isInstalled && (try? activeJobs(of: batches).isEmpty) ?? false
  }

  /// Whether every job of it has said its last word.
  private func hasClosed(_ batch: SlurmBatchFolder) -> Bool { pilots(batch).allSatisfy(hasClosed) }

  private func hasClosed(_ pilot: PilotFolder) -> Bool {
    if case .closed? = events(of: pilot).last { true } else { false }
  }

  private func events(of pilot: PilotFolder) -> [PilotEvent] {
    var lines = AppendedLines(path: pilot.events)
    return ((try? lines.next()) ?? []).compactMap { try? PilotEvent(line: $0) }
  }

  /// The stages that a pilot says are done.
  private func answers(of pilot: PilotFolder) -> [StageKey] {
    let done = events(of: pilot).compactMap { event -> Int64? in
      if case .said(.done(let number, _, _)) = event { number } else { nil }
    }
    guard !done.isEmpty else { return [] }
    var lines = AppendedLines(path: pilot.requests)
    let keys = ((try? lines.next()) ?? []).compactMap { line -> (Int64, StageKey)? in
      if case .run(let request)? = try? WorkerRequest(line: line) { (request.attempt, request.key) } else { nil }
    }
    let keyOf = Dictionary(keys) { $1 }
    return done.compactMap { keyOf[$0] }
  }
}
