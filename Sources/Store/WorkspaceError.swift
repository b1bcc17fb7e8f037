import Files
import WorkerProtocol

/// What can go wrong with a workspace.
public enum WorkspaceError: Error, Hashable, Sendable {
  /// Another run holds the writer's lock.
  case held(by: LockHolder, workspace: String)
  /// A file or folder of the workspace cannot be read or written.
  case file(FileFault)
  /// The database cannot be written because the disk is full.
  case diskFull(path: String)
  /// The database may be read but not written.
  case readOnly(path: String)
  /// The database was made by a later Graft.
  case newerSchema(path: String, version: Int, known: Int)
  /// The run was told to stop before what it waited for was over.
  case stoppedWaiting
  /// Something else holds the database and does not let go of it.
  case busy(path: String)
  /// The database answers with an error of its own: SQLite's code and text.
  case database(path: String, code: Int, message: String)
  /// A worker of an earlier run cannot be ended.
  case orphanRemains(processID: Int32)
}

extension WorkspaceError: CustomStringConvertible {
  /// What is wrong and where.
  public var description: String {
    switch self {
    case .held(let holder, let workspace): "another run holds the workspace \(workspace): \(holder)"
    case .file(let fault): fault.description
    case .diskFull(let path): "cannot write \(path): the disk is full"
    case .readOnly(let path): "cannot write \(path): it is read-only"
    case .newerSchema(let path, let version, let known):
      "\(path) was written by a later Graft (schema \(version); this one knows up to \(known))"
    case .stoppedWaiting: "stopped while it waited for the workers of an earlier run"
    case .busy(let path): "another process holds the database \(path) and does not let go of it"
    case .database(let path, let code, let message): "the database \(path) reports: \(message) (SQLite code \(code))"
    case .orphanRemains(let processID): "worker \(processID) of an earlier run does not end"
    }
  }

  /// What to do about it.
  public var remedy: String {
    switch self {
    case .held: "wait for it, or end it with `graft stop` (and the study's name)"
    case .file(let fault): fault.remedy
    case .diskFull: "free some space (`df -h` shows where) and run the same command again; nothing done is lost"
    case .readOnly: "give yourself the right to write there, or name another workspace with --workspace"
    case .newerSchema: "update Graft, or name another workspace with --workspace"
    case .stoppedWaiting: "run the same command again; nothing was begun"
    case .busy(let path):
      "end what writes there (`fuser \(path)` names it: a `sqlite3` shell, a copy under way), then run the same command again"
    case .database(let path, _, _):
      "keep a copy of \(path); if it stays so, remove it: stages whose artifacts are there are taken up again"
    case .orphanRemains(let processID): "end it with `kill -9 \(processID)`, then run the same command again"
    }
  }

  /// Nothing can be written at the moment: the disk is full or read-only.
  public var isWriteFault: Bool {
    switch self {
    case .diskFull, .readOnly: true
    case .file(let fault): fault.isOutOfSpace || fault.isReadOnly
    case .held, .newerSchema, .stoppedWaiting, .busy, .database, .orphanRemains: false
    }
  }
}
