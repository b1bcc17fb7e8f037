import Foundation
import GRDB
import Planner

extension Workspace {
  /// All that is accepted here.
  ///
  /// - Throws: `WorkspaceError`.
  public func acceptances() throws -> [Acceptance] {
    try read(orElse: []) { try Acceptance.all($0) }
  }

  /// How many results of a kind each version has made that is in keys here, by version.
  ///
  /// - Throws: `WorkspaceError`.
  public func resultCounts(of kind: StageKind) throws -> [Int: Int] {
    try read(orElse: [:]) { database in
      let rows = try Row.fetchAll(
        database,
        sql: """
          SELECT stage.version, count(*) FROM stage JOIN result ON result.stage = stage.id WHERE kind = ?
          GROUP BY stage.version
          """, arguments: [kind.rawValue])
      return Dictionary(rows.map { ($0[0] as Int, $0[1] as Int) }) { first, _ in first }
    }
  }

  /// Records that what an older version made stands.
  ///
  /// - Throws: `WorkspaceError`.
  public func accept(_ kind: StageKind, from: Int, to: Int, by: String, note: String) throws {
    try write { database in
      try database.execute(
        sql: """
          INSERT OR REPLACE INTO acceptance (kind, from_version, to_version, by, note, recorded)
          VALUES (?, ?, ?, ?, ?, ?)
          """, arguments: [kind.rawValue, from, to, by, note, Timestamp.now.milliseconds])
    }
  }

  /// Takes back what was accepted of a kind.
  ///
  /// - Returns: Whether anything was.
  /// - Throws: `WorkspaceError`.
  public func withdrawAcceptances(of kind: StageKind) throws -> Bool {
    try write { database in
      try database.execute(sql: "DELETE FROM acceptance WHERE kind = ?", arguments: [kind.rawValue])
      return database.changesCount > 0
    }
  }
}

extension Acceptance {
  static func all(_ database: Database) throws -> [Acceptance] {
    try Row.fetchAll(
      database,
      sql: "SELECT kind, from_version, to_version, by, recorded, note FROM acceptance ORDER BY kind, to_version"
    ).compactMap { row in
      StageKind(rawValue: row[0]).map {
        Acceptance(
          kind: $0, from: row[1], to: row[2], by: row[3], date: "\(Timestamp(milliseconds: row[4]))", note: row[5])
      }
    }
  }
}
