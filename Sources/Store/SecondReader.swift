import GRDB

/// Another look at the state that a transaction reads, for another core.
///
/// SQLite lets nobody ask for a state that another connection sees. So this asks for the version of the database before that
/// transaction begins, and again when it reads itself, after that has begun: where they are the same, nothing was written in
/// between, and both see one state.
final class SecondReader: Sendable {
  private let queue: DatabaseQueue
  private let version: Int

  /// - Returns: Nil where it cannot be had; one reader is enough.
  init?(path: String) {
    var configuration = Configuration()
    configuration.readonly = true
    configuration.busyMode = .timeout(10)
    guard let queue = try? DatabaseQueue(path: path, configuration: configuration),
      let version = try? queue.read({ try Self.version($0) })
    else { return nil }
    self.queue = queue
    self.version = version
  }

  private static func version(_ database: Database) throws -> Int? {
    try Int.fetchOne(database, sql: "PRAGMA data_version")
  }

  /// - Returns: Nil where another state would be seen.
  /// - Precondition: The transaction that this is beside has begun to read.
  func read<Value>(_ body: (Database) throws -> Value) throws -> Value? {
    try queue.read { database in
      // The state that a transaction sees is that of its first look at a table.
      _ = try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_schema")
      guard try Self.version(database) == version else { return nil }
      return try body(database)
    }
  }
}
