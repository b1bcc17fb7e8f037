import Files
import Foundation
import GRDB
import Hashing
import Planner
import Synchronization
import WorkerProtocol

/// The folder in which a study's state, artifacts, logs and checkpoints lie (`.graft`).
///
/// One process at a time opens it for writing; any number read it meanwhile.
public final class Workspace: Sendable {
  /// The workspace's folder, as it was named.
  public let folder: String
  let database: StateDatabase?
  private let lock: Mutex<WriterLock?>
  let isToldToStop = Mutex(false)

  private init(folder: String, database: StateDatabase?, lock: WriterLock?) {
    self.folder = folder
    self.database = database
    self.lock = Mutex(lock)
  }

  deinit {
    if let copy = database?.copyFolder { try? DurableFiles.remove(copy) }
  }

  /// Takes the writer's lock, making the workspace where there is none.
  ///
  /// - Parameters:
  ///   - folder: The workspace's.
  ///   - command: What is being run, for whoever is refused meanwhile.
  ///   - whenBusy: Told when something else keeps the database from being written, again and again while that is
  ///     waited for, with the seconds so far. Without it nothing is waited for longer than 10 seconds.
  /// - Throws: `WorkspaceError`: `held` where another run has it, file and database faults.
  public static func open(
    _ folder: String, command: String, whenBusy: (@Sendable (Double) -> Void)? = nil
  ) throws -> Workspace {
    do {
      try DurableFiles.makeFolder(folder)
      let lock = try WriterLock.take(path: "\(folder)/lock", workspace: folder, command: command)
      for name in ["artifacts", "logs", "checkpoints", "images", "tmp"] {
        try DurableFiles.makeFolder("\(folder)/\(name)")
      }
      let patience = BusyPatience(tell: whenBusy)
      let database = try StateDatabase.openForWriting(path: "\(folder)/state.sqlite", patience: patience)
      return Workspace(folder: folder, database: database, lock: lock)
    } catch let fault as FileFault {
      throw WorkspaceError.file(fault)
    }
  }

  /// Opens without a lock and without writing, beside a live run or none. A workspace that does not exist is an empty one.
  ///
  /// - Throws: `WorkspaceError`.
  public static func openForReading(_ folder: String) throws -> Workspace {
    let database = try StateDatabase.openForReading(path: "\(folder)/state.sqlite")
    return Workspace(folder: folder, database: database, lock: nil)
  }

  /// Whether this process may write to it.
  public var isWritable: Bool { lock.withLock { $0 != nil } }

  /// Gives up the right to write, so that another run may begin. What is still to be recorded must be flushed before.
  /// The database's log is folded into its file, which can then be read even where nothing can be written.
  public func close() {
    lock.withLock { lock in
      guard lock != nil else { return }
      // The log may as well stay: a reader that is at it keeps it, and the next run folds it.
      try? database?.queue.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
      lock = nil
    }
  }

  /// Who runs in this workspace now, this process included; nil where nobody does.
  public var currentRun: LockHolder? {
    guard let holder = WriterLock.holder(path: "\(folder)/lock"), holder.isRunning else { return nil }
    return holder
  }

  /// Whether the right to write is still this process's alone: not where the lock's file was removed meanwhile, for then
  /// another run may have taken a new one.
  public var holdsLock: Bool { lock.withLock { $0?.isAt("\(folder)/lock") ?? false } }

  /// How often a run is to call `giveSignOfLife`, in seconds.
  public static let signOfLife = 10.0

  /// Lets other machines see that this run lives.
  public func giveSignOfLife() { lock.withLock { $0?.touch() } }

  /// How long nobody had given a sign of life when this run began, in seconds.
  var quietBefore: Double { lock.withLock { $0?.quietBefore ?? 0 } }

  /// The run is told to stop: workers on other machines are not waited for any longer, and where it is to stop at once,
  /// neither is a database that is busy.
  public func stopWaiting(atOnce: Bool) {
    isToldToStop.withLock { $0 = true }
    if atOnce { database?.patience.end() }
  }

  /// Where the files of a finished stage lie.
  public func artifactFolder(kind: StageKind, key: StageKey) -> String {
    "\(folder)/artifacts/\(kind.rawValue)/\(key.hex)"
  }

  /// Where an attempt's output goes while it runs. The name says whose it is, so that a later start can tell.
  public func outputFolder(attempt: Int64, kind: StageKind, key: StageKey) -> String {
    "\(temporaryFolder)/\(attempt)-\(kind.rawValue)-\(key.hex)"
  }

  /// Where checkpoints of a stage lie, across attempts.
  public func checkpointFolder(key: StageKey) -> String { "\(folder)/checkpoints/\(key.hex)" }

  /// Removes what an attempt that did not end well had written.
  ///
  /// - Throws: `WorkspaceError.file`.
  public func discardOutput(attempt: Int64, kind: StageKind, key: StageKey) throws {
    try translatingFaults { try DurableFiles.remove(outputFolder(attempt: attempt, kind: kind, key: key)) }
  }

  /// Removes the checkpoints of a stage that is done.
  ///
  /// - Throws: `WorkspaceError.file`.
  public func removeCheckpoints(key: StageKey) throws {
    try translatingFaults { try DurableFiles.remove(checkpointFolder(key: key)) }
  }

  /// What an attempt printed. There is no file for an attempt that printed nothing.
  public func logFile(key: StageKey, attempt: Int64) -> String { "\(folder)/logs/\(key.hex)/\(attempt).log" }

  /// What a worker printed between its stages.
  public func workerLogFile(slot: Int) -> String { "\(folder)/logs/worker-\(slot).log" }

  var temporaryFolder: String { "\(folder)/tmp" }

  /// Reads in one transaction; `empty` where there is no database yet.
  func read<Value>(orElse empty: Value, _ body: (Database) throws -> Value) throws -> Value {
    guard let database else { return empty }
    return try database.read(body)
  }

  func write<Value>(_ body: (Database) throws -> Value) throws -> Value {
    guard let database, isWritable else { throw WorkspaceError.readOnly(path: "\(folder)/state.sqlite") }
    return try database.write(body)
  }
}

extension StageKey {
  /// As the database keeps it.
  var bytes: Data { withBytes { Data($0) } }

  /// nil for anything but 32 bytes.
  init?(bytes: Data) {
    guard let key = bytes.withUnsafeBytes({ StageKey(bytes: $0) }) else { return nil }
    self = key
  }
}
