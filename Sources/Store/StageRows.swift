import Foundation
import GRDB
import Hashing
import Planner

/// How a stage stands in the database, as `stage.standing` has it.
enum StageStanding: Int, Sendable {
  case waiting, running, done, doneWithArtifact, failed, stopped

  init(_ state: AttemptState) {
    switch state {
    case .running: self = .running
    case .failed: self = .failed
    case .stopped: self = .stopped
    case .done: self = .done
    }
  }
}

/// Writing and reading the rows of `stage`, `stage_text`, `stage_input` and `shared_parameters`.
enum StageRows {
  /// The row of a stage, made where it is not there.
  static func id(of stage: Stage, _ database: Database) throws -> Int64 {
    let key = stage.key.bytes
    let find = try database.cachedStatement(sql: "SELECT id FROM stage WHERE key = ?")
    if let id = try Int64.fetchOne(find, arguments: [key]) { return id }
    try database.cachedStatement(sql: "INSERT INTO stage (key, kind, version) VALUES (?, ?, ?)")
      .execute(arguments: [key, stage.kind.rawValue, stage.version])
    let id = database.lastInsertedRowID
    let (own, shared) = try parameters(of: stage, database)
    try database.cachedStatement(
      sql: "INSERT INTO stage_text (stage, label, parameters, shared) VALUES (?, ?, ?, ?)"
    ).execute(arguments: [id, stage.label, own, shared])
    guard !stage.inputs.isEmpty else { return id }
    let insertInput = try database.cachedStatement(
      sql: "INSERT OR IGNORE INTO stage_input (stage, role, input) SELECT ?, ?, id FROM stage WHERE key = ?")
    for input in stage.inputs { try insertInput.execute(arguments: [id, input.role, input.key.bytes]) }
    return id
  }

  static func set(_ standing: StageStanding, of stage: Int64, _ database: Database) throws {
    try database.cachedStatement(sql: "UPDATE stage SET standing = ? WHERE id = ?")
      .execute(arguments: [standing.rawValue, stage])
  }

  /// Members whose text is longer than this are shared with the stages that have the same.
  private static let longestOwn = 100

  /// The text of a stage's own parameters, and the row of those that it shares.
  private static func parameters(of stage: Stage, _ database: Database) throws -> (String, Int64?) {
    guard case .object(var own) = stage.parameters else { return (stage.parameters.canonicalText, nil) }
    var shared: [String: JSONValue] = [:]
    for (name, value) in own {
      switch value {
      case .null, .bool, .number, .string: continue
      case .array, .object: break
      }
      guard value.canonicalText.utf8.count > longestOwn else { continue }
      shared[name] = value
      own[name] = nil
    }
    let ownText = JSONValue.object(own).canonicalText
    if shared.isEmpty { return (ownText, nil) }
    let text = JSONValue.object(shared).canonicalText
    let digest = Data(SHA256.digest(of: text.utf8).bytes)
    let find = try database.cachedStatement(sql: "SELECT id FROM shared_parameters WHERE digest = ?")
    if let id = try Int64.fetchOne(find, arguments: [digest]) { return (ownText, id) }
    try database.cachedStatement(sql: "INSERT INTO shared_parameters (digest, members) VALUES (?, ?)")
      .execute(arguments: [digest, text])
    return (ownText, database.lastInsertedRowID)
  }

  /// What a stage is told, whole again.
  static func parameters(own: String, shared: String?) -> JSONValue {
    let own = JSONValue(stored: own)
    guard let shared, case .object(let others) = JSONValue(stored: shared), case .object(let members) = own else {
      return own
    }
    return .object(members.merging(others) { first, _ in first })
  }
}
