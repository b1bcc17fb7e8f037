import Files
import Foundation
import GRDB
import WorkerProtocol

/// `state.sqlite`: how it is opened, and how its errors become the workspace's.
struct StateDatabase: Sendable {
  let queue: DatabaseQueue
  let path: String
  /// How long others that hold the database are waited for.
  var patience = BusyPatience(tell: nil)
  /// The folder of a private copy that is read in place of a database that cannot be read where it lies.
  var copyFolder: String?

  /// Opens for writing, making or bringing up to date what is there. The caller holds the writer's lock.
  static func openForWriting(path: String, patience: BusyPatience) throws -> StateDatabase {
    var configuration = Configuration()
    configuration.journalMode = .wal
    configuration.busyMode = .timeout(5)
    configuration.prepareDatabase { database in
      // A commit is on disk when it returns; commits are few because they are grouped.
      try database.execute(sql: "PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY")
    }
    let queue = try translating(path) {
      try patience.wait {
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        try queue.writeWithoutTransaction { try Schema.migrate($0, path: path) }
        return queue
      }
    }
    return StateDatabase(queue: queue, path: path, patience: patience)
  }

  /// Opens for reading; nil where no database is yet. Where the place is read-only and SQLite cannot read in it (it wants
  /// to share an index of the log beside the file), a copy is read; so it is where an older version wrote it, which is
  /// brought up to date in the copy alone.
  static func openForReading(path: String) throws -> StateDatabase? {
    guard access(path, F_OK) == 0 else { return nil }
    do {
      return try translating(path) { try reading(path) }
    } catch WorkspaceError.database(_, let code, _) where code == ResultCode.SQLITE_CANTOPEN.rawValue {
      return try readingCopy(of: path)
    } catch WorkspaceError.readOnly {
      return try readingCopy(of: path)
    }
  }

  /// A private copy of the files, where SQLite cannot read them as they lie.
  private static func readingCopy(of path: String) throws -> StateDatabase? {
    let folder = newCopyFolder()
    do {
      try DurableFiles.makeFolder(folder)
      for suffix in ["", "-wal"] where access(path + suffix, F_OK) == 0 {
        try DurableFiles.write(try DurableFiles.read(path + suffix), to: "\(folder)/state.sqlite\(suffix)")
      }
    } catch let fault as FileFault {
      throw WorkspaceError.file(fault)
    }
    return try translating(path) {
      let copy = try DatabaseQueue(path: "\(folder)/state.sqlite")
      return try upToDate(copy, in: folder, path: path)
    }
  }

  /// The copy, brought to the present version.
  private static func upToDate(_ copy: DatabaseQueue, in folder: String, path: String) throws -> StateDatabase? {
    if try copy.read({ try Schema.currentVersion($0) }) == 0 {
      try DurableFiles.remove(folder)
      return nil
    }
    try copy.writeWithoutTransaction { try Schema.migrate($0, path: path) }
    return StateDatabase(queue: copy, path: path, copyFolder: folder)
  }

  private static func newCopyFolder() -> String { "\(NSTemporaryDirectory())graft-read-\(UUID().uuidString)" }

  private static func reading(_ path: String) throws -> StateDatabase? {
    var configuration = Configuration()
    configuration.readonly = true
    configuration.busyMode = .timeout(10)
    let queue = try DatabaseQueue(path: path, configuration: configuration)
    let version = try queue.read { try Schema.currentVersion($0) }
    guard version <= Schema.version else {
      throw WorkspaceError.newerSchema(path: path, version: version, known: Schema.version)
    }
    // A run that has just begun has not made its tables yet.
    if version == 0 { return nil }
    if version == Schema.version { return StateDatabase(queue: queue, path: path) }
    let folder = newCopyFolder()
    try DurableFiles.makeFolder(folder)
    let copy = try DatabaseQueue(path: "\(folder)/state.sqlite")
    try queue.backup(to: copy)
    return try upToDate(copy, in: folder, path: path)
  }

  /// One transaction that sees one state of the database.
  func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
    try Self.translating(path) { try queue.read(body) }
  }

  /// One transaction, on disk when it returns.
  func write<Value>(_ body: (Database) throws -> Value) throws -> Value {
    try Self.translating(path) {
      try patience.wait {
        try queue.write { database in
          let changes = database.totalChangesCount
          let value = try body(database)
          if database.totalChangesCount != changes {
            try database.cachedStatement(sql: "UPDATE generation SET number = number + 1").execute()
          }
          return value
        }
      }
    }
  }

  private static func translating<Value>(_ path: String, _ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch let error as DatabaseError {
      switch error.resultCode {
      case .SQLITE_FULL: throw WorkspaceError.diskFull(path: path)
      case .SQLITE_BUSY: throw WorkspaceError.busy(path: path)
      case .SQLITE_READONLY, .SQLITE_PERM: throw WorkspaceError.readOnly(path: path)
      case .SQLITE_IOERR where diskIsFull(path): throw WorkspaceError.diskFull(path: path)
      // The disk or the file server fails, not the database: it is as whole as before.
      case .SQLITE_IOERR: throw WorkspaceError.file(FileFault(action: "read or write", path: path, code: EIO))
      default:
        throw WorkspaceError.database(
          path: path, code: Int(error.resultCode.rawValue), message: error.message ?? "no message")
      }
    } catch let fault as FileFault {
      throw WorkspaceError.file(fault)
    }
  }

  /// The shared index of the log grows by a write that SQLite reports as a plain I/O error when there is no room.
  private static func diskIsFull(_ path: String) -> Bool {
    DurableFiles.availableSpace(at: path).map { $0 < 1 << 20 } ?? false
  }
}
