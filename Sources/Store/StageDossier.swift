import Foundation
import GRDB
import Planner
import WorkerProtocol

/// All that the workspace keeps of one stage, for `graft explain` and `graft logs`.
public struct StageDossier: Sendable {
  public var key: StageKey
  public var kind: String
  public var label: String
  public var parameters: JSONValue
  public var inputs: [StageInput]
  /// By number, the first first.
  public var attempts: [AttemptRecord]
  public var outcome: StageOutcome?
  /// Where its files lie; nil for a stage without any.
  public var artifactFolder: String?
  public var files: [ArtifactFile]
  /// The log of each attempt that printed anything, by the attempt's number.
  public var logFiles: [Int64: String]
}

extension Workspace {
  /// What is kept of a stage; nil for one that was never begun.
  ///
  /// - Throws: `WorkspaceError`.
  public func dossier(of key: StageKey) throws -> StageDossier? {
    let runIsLive = currentRun != nil
    return try read(orElse: nil) { database in
      guard
        let row = try Row.fetchOne(
          database,
          sql: """
            SELECT stage.id, kind, label, parameters, members FROM stage JOIN stage_text ON stage = stage.id
            LEFT JOIN shared_parameters ON shared_parameters.id = shared WHERE key = ?
            """, arguments: [key.bytes])
      else { return nil }
      let id: Int64 = row[0]
      let inputs = try Row.fetchAll(
        database,
        sql: """
          SELECT role, stage.key FROM stage_input JOIN stage ON stage.id = stage_input.input
          WHERE stage_input.stage = ? ORDER BY role
          """, arguments: [id]
      ).compactMap { row in StageKey(bytes: row[1]).map { StageInput(role: row[0], key: $0) } }
      let attempts = try Row.fetchAll(
        database, sql: "SELECT \(AttemptRecord.columns) FROM attempt WHERE stage = ? ORDER BY number", arguments: [id]
      ).compactMap { AttemptRecord(row: $0, from: 0, runIsLive: runIsLive) }
      let result = try Row.fetchOne(
        database, sql: "SELECT diverged, facts, has_artifact FROM result WHERE stage = ?", arguments: [id])
      let outcome = try result.map { result in
        StageOutcome(
          diverged: result[0], metrics: try ResultRows.metrics(of: id, database),
          history: try ResultRows.history(of: id, database), facts: JSONValue(stored: result[1]))
      }
      let hasArtifact: Bool = result?[2] ?? false
      let kind: String = row[1]
      return StageDossier(
        key: key, kind: kind, label: row[2], parameters: StageRows.parameters(own: row[3], shared: row[4]),
        inputs: inputs, attempts: attempts,
        outcome: outcome,
        artifactFolder: hasArtifact ? StageKind(rawValue: kind).map { artifactFolder(kind: $0, key: key) } : nil,
        files: try ResultRows.files(of: id, database),
        logFiles: Dictionary(attempts.map { ($0.number, logFile(key: key, attempt: $0.number)) }) { first, _ in first }
          .filter { access($0.value, F_OK) == 0 })
    }
  }

  /// Every attempt at each of these stages, the first first; stages never begun are left out.
  ///
  /// - Throws: `WorkspaceError`.
  public func attempts(of stages: some Collection<Stage>) throws -> [StageKey: [AttemptRecord]] {
    let runIsLive = currentRun != nil
    return try read(orElse: [:]) { database in
      let statement = try database.cachedStatement(
        sql: """
          SELECT \(AttemptRecord.columns) FROM attempt
          WHERE stage = (SELECT id FROM stage WHERE key = ?) ORDER BY number
          """)
      var attempts: [StageKey: [AttemptRecord]] = [:]
      for stage in stages {
        let found = try Row.fetchAll(statement, arguments: [stage.key.bytes])
          .compactMap { AttemptRecord(row: $0, from: 0, runIsLive: runIsLive) }
        if !found.isEmpty { attempts[stage.key] = found }
      }
      return attempts
    }
  }

  /// The keys that begin with these digits, in order, at most `limit`.
  ///
  /// - Throws: `WorkspaceError`.
  public func keys(beginningWith digits: String, limit: Int = 10) throws -> [StageKey] {
    let lowered = digits.lowercased()
    guard let lowest = StageKey(hex: lowered + String(repeating: "0", count: max(0, 64 - lowered.utf8.count))),
      let highest = StageKey(hex: lowered + String(repeating: "f", count: max(0, 64 - lowered.utf8.count)))
    else { return [] }
    return try read(orElse: []) { database in
      try Row.fetchAll(
        database, sql: "SELECT key FROM stage WHERE key BETWEEN ? AND ? ORDER BY key LIMIT ?",
        arguments: [lowest.bytes, highest.bytes, limit]
      ).compactMap { StageKey(bytes: $0[0]) }
    }
  }

  /// How long each done stage of a plan took in all its attempts, in seconds and in the plan's order; nil for others.
  ///
  /// - Throws: `WorkspaceError`.
  public func measuredSeconds(of stages: PlannedStages) throws -> [Double?] {
    try read(orElse: Array(repeating: nil, count: stages.count)) { try Self.measuredSeconds(of: stages, $0) }
  }

  static func measuredSeconds(of stages: PlannedStages, _ database: Database) throws -> [Double?] {
    var seconds = [Double?](repeating: nil, count: stages.count)
    let cursor = try Row.fetchCursor(
      database,
      sql: """
        SELECT key, sum(attempt.seconds) FROM stage JOIN attempt ON attempt.stage = stage.id
        WHERE standing IN (?, ?) AND attempt.state IN ('done', 'stopped') GROUP BY stage.id
        """, arguments: [StageStanding.done.rawValue, StageStanding.doneWithArtifact.rawValue])
    while let row = try cursor.next() {
      if let place = row.stageKey(at: 0).flatMap({ stages.place(of: $0) }) { seconds[place] = row[1] }
    }
    return seconds
  }
}
