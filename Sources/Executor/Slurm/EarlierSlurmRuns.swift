import Files
import Foundation
import Store
import WorkerProtocol

/// Jobs that runs on Slurm left behind in a workspace: a run that is to work on this machine, and `graft stop`, end them first.
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

  /// Takes their work from those that have not begun, cancels all that is left, and returns when nothing of it runs any more.
  /// What they had finished stays where the start of a run finds it.
  ///
  /// - Parameter limit: How long to wait for their end.
  /// - Returns: How many jobs had to be cancelled.
  /// - Throws: `Unknown`; `FileFault`.
  public func end(limit: Duration = .seconds(120)) throws -> Int {
    let batches = try SlurmBatchFolder.all(in: workspace).filter { $0.description != nil }
    guard batches.contains(where: { !isOver($0) }) else {
      try remove(batches)
      return 0
    }
    let deadline = ContinuousClock.now + limit
    for batch in batches {
      for task in 0..<(batch.description?.count ?? 0) { _ = try batch.pilot(task).takeBack() }
    }
    var cancelled: Set<String> = []
    var quietLooks = 0
    while true {
      do {
        let active = try client.jobs(named: batches.map(\.name)).filter(\.state.isActive)
        let fresh = active.map(\.id).filter { !cancelled.contains($0) }
        if !fresh.isEmpty {
          try client.cancel(fresh)
          cancelled.formUnion(fresh)
        }
        // What was submitted just before its coordinator died may show late.
        quietLooks = active.isEmpty ? quietLooks + 1 : 0
        if quietLooks >= 2 { break }
      } catch {
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
    try remove(batches)
    return cancelled.count
  }

  /// Whether every job of it has said its last word.
  private func isOver(_ batch: SlurmBatchFolder) -> Bool {
    (0..<(batch.description?.count ?? 0)).allSatisfy { task in
      var lines = AppendedLines(path: batch.pilot(task).events)
      guard let last = (try? lines.next())?.last, case .closed = try? PilotEvent(line: last) else { return false }
      return true
    }
  }

  private func remove(_ batches: [SlurmBatchFolder]) throws {
    for run in Set(try SlurmBatchFolder.all(in: workspace).map(\.run)) {
      try SlurmBatchFolder.remove(run: run, in: workspace)
    }
  }
}
