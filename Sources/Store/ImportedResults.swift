import GRDB
import Planner
import WorkerProtocol

/// A test result from elsewhere: one metric of one run.
public struct ImportedResult: Sendable, Hashable {
  /// The further axis that tells such cells from a study's own.
  public static let axis = "source"

  public var dataset: String
  public var backbone: String
  public var fraction: Double
  public var initialisation: String
  public var seed: Int
  public var metric: String
  public var value: Double

  public init(
    dataset: String, backbone: String, fraction: Double, initialisation: String, seed: Int, metric: String,
    value: Double
  ) {
    self.dataset = dataset
    self.backbone = backbone
    self.fraction = fraction
    self.initialisation = initialisation
    self.seed = seed
    self.metric = metric
    self.value = value
  }
}

extension Workspace {
  /// Keeps results from elsewhere beside a study's, in place of all that the source had before.
  ///
  /// - Parameters:
  ///   - results: All of the source.
  ///   - source: What reports call them by.
  ///   - study: The study's name.
  ///   - file: Where they were read.
  /// - Throws: `WorkspaceError`.
  public func keep(_ results: [ImportedResult], of source: String, beside study: String, file: String) throws {
    try write { database in
      try database.execute(sql: "DELETE FROM imported WHERE study = ? AND source = ?", arguments: [study, source])
      let insert = try database.cachedStatement(sql: "INSERT INTO imported VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
      let now = Timestamp.now.milliseconds
      for (place, result) in results.enumerated() {
        try insert.execute(
          arguments: [
            study, source, place, result.dataset, result.backbone, result.fraction, result.initialisation, result.seed,
            result.metric, result.value, file, now,
          ])
      }
    }
  }

  /// Forgets what came from a source.
  ///
  /// - Returns: How many results it had.
  /// - Throws: `WorkspaceError`.
  public func forgetImported(of source: String, beside study: String) throws -> Int {
    try write { database in
      try database.execute(sql: "DELETE FROM imported WHERE study = ? AND source = ?", arguments: [study, source])
      return database.changesCount
    }
  }

  /// The sources of what stands beside a study, by name.
  ///
  /// - Throws: `WorkspaceError`.
  public func importedSources(beside study: String) throws -> [String] {
    try read(orElse: []) { database in
      try String.fetchAll(
        database, sql: "SELECT DISTINCT source FROM imported WHERE study = ? ORDER BY source", arguments: [study])
    }
  }
}

/// Results from elsewhere as cells: done, without stages, told apart from the study's own by the further axis `source`.
struct ImportedCells {
  static let axis = ImportedResult.axis

  private struct Row {
    let source: String
    let result: ImportedResult
    let file: String
    let recorded: Timestamp
  }

  private let rows: [Row]

  /// All that stands beside a study.
  init(of study: String, _ database: Database) throws {
    rows = try GRDB.Row.fetchAll(
      database,
      sql: """
        SELECT source, dataset, backbone, fraction, initialisation, seed, metric, value, file, recorded FROM imported
        WHERE study = ? ORDER BY source, place
        """, arguments: [study]
    ).map { row in
      Row(
        source: row[0],
        result: ImportedResult(
          dataset: row[1], backbone: row[2], fraction: row[3], initialisation: row[4], seed: row[5], metric: row[6],
          value: row[7]),
        file: row[8], recorded: Timestamp(milliseconds: row[9]))
    }
  }

  /// A cell for each run, with all its metrics.
  ///
  /// - Parameter metrics: What the study judges its data sets by; a data set that it does not know is judged by the first metric
  ///   that came with it.
  func cells(judgedBy metrics: [String: String]) -> [CellResult] {
    var order: [CellID] = []
    var runs: [CellID: [Row]] = [:]
    for row in rows {
      let id = Self.id(row)
      if runs[id] == nil { order.append(id) }
      runs[id, default: []].append(row)
    }
    var judged = metrics
    for row in rows where judged[row.result.dataset] == nil { judged[row.result.dataset] = row.result.metric }
    return order.compactMap { id in
      guard let own = runs[id], let first = own.first else { return nil }
      let cell = Cell(
        id: id, dataset: first.result.dataset, backbone: first.result.backbone, fraction: first.result.fraction,
        initialisation: first.result.initialisation, seed: first.result.seed,
        furtherAxes: [AxisValue(name: Self.axis, value: first.source)], stages: [:],
        metric: judged[first.result.dataset] ?? first.result.metric)
      return CellResult(
        cell: cell, state: .done, reason: "imported from \(first.file) on \(first.recorded)",
        metrics: own.map { MetricValue(split: "test", name: $0.result.metric, value: $0.result.value) }, history: [])
    }
  }

  private static func id(_ row: Row) -> CellID {
    let result = row.result
    return CellID(
      "\(row.source):\(result.dataset)/\(result.backbone)/\(result.fraction)/\(result.initialisation)/\(result.seed)")
  }
}
