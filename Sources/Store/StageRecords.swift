import Foundation
import GRDB
import Planner
import WorkerProtocol

extension Workspace {
  /// What is known in detail of each of a few stages; those of which nothing is known are left out. One transaction.
  ///
  /// - Throws: `WorkspaceError`.
  public func records(of stages: some Collection<Stage>) throws -> [StageKey: StageRecord] {
    let runIsLive = currentRun != nil
    return try read(orElse: [:]) { database in
      try StageRecord.all(of: stages, database, runIsLive: runIsLive) { stage in
        access(artifactFolder(kind: stage.kind, key: stage.key), F_OK) == 0
      }
    }
  }

  /// Whether a result of the stage is recorded, of whatever study.
  ///
  /// - Throws: `WorkspaceError`.
  public func hasResult(of key: StageKey) throws -> Bool {
    try read(orElse: false) { database in
      try Bool.fetchOne(
        database, sql: "SELECT 1 FROM result JOIN stage ON stage.id = result.stage WHERE stage.key = ?",
        arguments: [key.bytes]) ?? false
    }
  }
}

extension StageRecord {
  /// - Parameters:
  ///   - runIsLive: Whether an attempt that is recorded as running can be so; else it was interrupted.
  ///   - isPresent: Whether a stage's artifact is there; asked of those alone that left one.
  static func all(
    of stages: some Collection<Stage>, _ database: Database, runIsLive: Bool, isPresent: (Stage) -> Bool
  ) throws -> [StageKey: StageRecord] {
    let statement = try database.cachedStatement(
      sql: """
        SELECT stage.id, result.stage, result.diverged, result.has_artifact, result.facts,
          \(AttemptRecord.columns)
        FROM stage
        LEFT JOIN result ON result.stage = stage.id
        LEFT JOIN attempt ON attempt.number = (SELECT max(number) FROM attempt WHERE stage = stage.id)
        WHERE stage.key = ?
        """)
    var records: [StageKey: StageRecord] = [:]
    records.reserveCapacity(stages.count)
    for stage in stages {
      guard let row = try Row.fetchOne(statement, arguments: [stage.key.bytes]) else { continue }
      let wasDone = !row.hasNull(atIndex: 1)
      let hasArtifact: Bool = wasDone && row[3]
      let isMissing = hasArtifact && !isPresent(stage)
      var result: ResultRecord?
      if wasDone, !isMissing {
        result = ResultRecord(diverged: row[2], hasArtifact: hasArtifact, facts: JSONValue(stored: row[4]))
      }
      records[stage.key] = StageRecord(
        result: result, isArtifactMissing: isMissing,
        lastAttempt: AttemptRecord(row: row, from: 5, runIsLive: runIsLive))
    }
    return records
  }
}

extension AttemptRecord {
  /// The columns that `init(row:from:)` reads, in its order.
  static let columns = """
    attempt.number, attempt.state, attempt.failure_class, attempt.message, attempt.remedy, attempt.threads,
    attempt.device, attempt.started, attempt.finished, attempt.seconds, attempt.cpu_seconds, attempt.peak_memory,
    attempt.peak_device_memory
    """
  static let columnCount = 13

  init?(row: Row, from start: Int, runIsLive: Bool) {
    guard let number: Int64 = row[start], let stateName: String = row[start + 1],
      let recorded = AttemptState(rawValue: stateName)
    else { return nil }
    let state: AttemptState = recorded == .running && !runIsLive ? .stopped : recorded
    var failure: StageFailure?
    if let className: String = row[start + 2], let failureClass = FailureClass(rawValue: className) {
      failure = StageFailure(failureClass, row[start + 3] ?? "", remedy: row[start + 4])
    }
    let cpuSeconds: Double? = row[start + 10]
    self.init(
      number: number, state: state, failure: failure, threads: row[start + 5], device: row[start + 6],
      started: Timestamp(milliseconds: row[start + 7]),
      finished: (row[start + 8] as Int64?).map { Timestamp(milliseconds: $0) }, seconds: row[start + 9],
      cost: cpuSeconds.map {
        StageCost(cpuSeconds: $0, peakMemory: row[start + 11] ?? 0, peakDeviceMemory: row[start + 12])
      })
  }
}

extension Row {
  func hasNull(atIndex index: Int) -> Bool { (self[index] as DatabaseValue).isNull }
}

extension JSONValue {
  /// JSON as the database keeps it; what cannot be read (no one but this program writes it) counts as null.
  init(stored text: String) {
    self = (try? JSONValue(json: text)) ?? .null
  }
}

extension Double {
  /// As the database keeps a number: NaN as NULL.
  var stored: Double? { isNaN ? nil : self }

  init(stored value: Double?) { self = value ?? .nan }
}
