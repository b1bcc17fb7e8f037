import Foundation
import GRDB
import Hashing
import Planner
import WorkerProtocol

/// Writing and reading results: one place for the rows of `result`, `metric`, `history`, `artifact_file`.
enum ResultRows {
  /// Records a stage as done, in place of any earlier result.
  ///
  /// - Parameter version: That of the code which computed it.
  static func write(
    stage: Int64, attempt: Int64?, outcome: StageOutcome, hasArtifact: Bool, files: [ArtifactFile], version: Int,
    at time: Timestamp, _ database: Database
  ) throws {
    let arguments: StatementArguments = [
      stage, attempt, outcome.diverged, hasArtifact, outcome.facts.canonicalText, time.milliseconds, version,
    ]
    let insert = try database.cachedStatement(
      sql: """
        INSERT OR IGNORE INTO result (stage, attempt, diverged, has_artifact, facts, recorded, version)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        """)
    try insert.execute(arguments: arguments)
    if database.changesCount == 0 {
      try database.cachedStatement(sql: "DELETE FROM result WHERE stage = ?").execute(arguments: [stage])
      try insert.execute(arguments: arguments)
    }
    try StageRows.set(hasArtifact ? .doneWithArtifact : .done, of: stage, database)
    let insertMetric = try database.cachedStatement(
      sql: "INSERT INTO metric (stage, place, split, name, value) VALUES (?, ?, ?, ?, ?)")
    for (place, metric) in outcome.metrics.enumerated() {
      try insertMetric.execute(arguments: [stage, place, metric.split, metric.name, metric.value.stored])
    }
    let insertEntry = try database.cachedStatement(
      sql: """
        INSERT INTO history (stage, place, step, epoch, learning_rate, training_loss, validation_loss,
          validation_metric, validation_knn)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        """)
    for (place, entry) in outcome.history.enumerated() {
      try insertEntry.execute(
        arguments: [
          stage, place, entry.step, entry.epoch.stored, entry.learningRate.stored, entry.trainingLoss.stored,
          entry.validationLoss.stored, entry.validationMetric.stored, entry.validationNeighbours?.stored,
        ])
    }
    let insertFile = try database.cachedStatement(
      sql: "INSERT INTO artifact_file (stage, name, bytes, sha256) VALUES (?, ?, ?, ?)")
    for file in files {
      guard let digest = StageKey(hex: file.sha256)?.bytes else { continue }
      try insertFile.execute(arguments: [stage, file.name, file.bytes, digest])
    }
  }

  static let metricColumns = "split, name, value"
  static let historyColumns =
    "step, epoch, learning_rate, training_loss, validation_loss, validation_metric, validation_knn"

  /// - Parameter first: The place of the first of `metricColumns` in the row.
  static func metric(_ row: RawRow, from first: Int32 = 0) -> MetricValue {
    MetricValue(split: row.text(first), name: row.text(first + 1), value: Double(stored: row.number(first + 2)))
  }

  /// - Parameter first: The place of the first of `historyColumns` in the row.
  static func entry(_ row: RawRow, from first: Int32 = 0) -> HistoryEntry {
    HistoryEntry(
      step: Int(row.integer(first)), epoch: Double(stored: row.number(first + 1)),
      learningRate: Double(stored: row.number(first + 2)), trainingLoss: Double(stored: row.number(first + 3)),
      validationLoss: Double(stored: row.number(first + 4)), validationMetric: Double(stored: row.number(first + 5)),
      validationNeighbours: row.number(first + 6))
  }

  static func metrics(of stage: Int64, _ database: Database) throws -> [MetricValue] {
    let statement = try database.cachedStatement(
      sql: "SELECT \(metricColumns) FROM metric WHERE stage = ? ORDER BY place")
    var metrics: [MetricValue] = []
    try statement.eachRow([stage]) { metrics.append(metric($0)) }
    return metrics
  }

  static func history(of stage: Int64, _ database: Database) throws -> [HistoryEntry] {
    let statement = try database.cachedStatement(
      sql: "SELECT \(historyColumns) FROM history WHERE stage = ? ORDER BY place")
    var history: [HistoryEntry] = []
    try statement.eachRow([stage]) { history.append(entry($0)) }
    return history
  }

  static func files(of stage: Int64, _ database: Database) throws -> [ArtifactFile] {
    let statement = try database.cachedStatement(
      sql: "SELECT name, bytes, sha256 FROM artifact_file WHERE stage = ? ORDER BY name")
    return try Row.fetchAll(statement, arguments: [stage]).map { row in
      ArtifactFile(name: row[0], bytes: row[1], sha256: HexText.text(of: row[2] as Data))
    }
  }
}
