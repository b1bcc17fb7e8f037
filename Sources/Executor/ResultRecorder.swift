import Planner
import Store
import Synchronization
import WorkerProtocol

/// Records results; the files of those that have any are hashed first, while the run goes on.
final class ResultRecorder: Sendable {
  private let workspace: Workspace
  private let journal: RunJournal
  private let onFault: @Sendable (WorkspaceError) -> Void
  private let hashing = Mutex<[Int64: Task<Void, any Error>]>([:])

  init(workspace: Workspace, journal: RunJournal, onFault: @escaping @Sendable (WorkspaceError) -> Void) {
    self.workspace = workspace
    self.journal = journal
    self.onFault = onFault
  }

  func record(_ number: Int64, _ stage: Stage, _ outcome: StageOutcome, hasArtifact: Bool, _ end: AttemptEnd) {
    let (journal, workspace, onFault) = (journal, workspace, onFault)
    guard hasArtifact else {
      journal.record(.finished(attempt: number, stage, outcome, hasArtifact: false, files: [], end))
      return
    }
    let task = Task.detached {
      do {
        let files = try workspace.artifactFiles(kind: stage.kind, key: stage.key)
        journal.record(.finished(attempt: number, stage, outcome, hasArtifact: true, files: files, end))
      } catch let fault as WorkspaceError {
        onFault(fault)
        throw fault
      }
    }
    hashing.withLock { $0[number] = task }
  }

  /// Everything is on disk when this returns.
  ///
  /// - Throws: The first `WorkspaceError`; what was done lies complete in the workspace, and the next run takes it up.
  func finish() async throws {
    var first: (any Error)?
    let tasks = hashing.withLock { hashing in
      defer { hashing = [:] }
      return hashing
    }
    for (_, task) in tasks.sorted(by: { $0.key < $1.key }) {
      do { try await task.value } catch { first = first ?? error }
    }
    try journal.flush()
    if let first { throw first }
  }
}
