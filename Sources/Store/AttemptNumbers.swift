import GRDB

/// Gives attempts their numbers: logs and, on a cluster, events bear them, so that none may be given twice, though attempts are
/// recorded a little after they begin and a run may be killed in between.
///
/// Numbers are set apart on disk, many at a time, before the first of them is used. What a run did not use of them is free
/// again when it ends in order.
struct AttemptNumbers {
  private static let block: Int64 = 256
  private var last: Int64
  private var reserved: Int64

  /// - Throws: `WorkspaceError`; `readOnly` for a workspace open for reading.
  init(_ workspace: Workspace) throws {
    last = try workspace.write { database in
      try Int64.fetchOne(
        database, sql: "SELECT max(reserved_attempts, coalesce((SELECT max(number) FROM attempt), 0)) FROM generation"
      ) ?? 0
    }
    reserved = last
  }

  mutating func next(_ workspace: Workspace) throws -> Int64 {
    if last == reserved { try reserve(last + Self.block, workspace) }
    last += 1
    return last
  }

  /// To be called when every attempt that has a number is recorded.
  mutating func giveBack(_ workspace: Workspace) throws {
    if reserved > last { try reserve(last, workspace) }
  }

  private mutating func reserve(_ number: Int64, _ workspace: Workspace) throws {
    try workspace.write { database in
      try database.cachedStatement(sql: "UPDATE generation SET reserved_attempts = ?").execute(arguments: [number])
    }
    reserved = number
  }
}
