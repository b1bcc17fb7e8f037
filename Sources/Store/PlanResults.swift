import GRDB
import Planner
import WorkerProtocol

/// What the done stages of a plan left in the database, and why the failed ones failed: read by looks at whole tables where the
/// plan is much of what they hold, and then a pure value.
struct PlanResults: Sendable {
  /// What a done stage said.
  struct Result: Sendable {
    let diverged: Bool
    /// JSON, as it is kept.
    let facts: String
    /// Of the code which computed it.
    let version: Int
  }

  /// In the plan's order; nil for a stage that is not done.
  private(set) var results: [Result?]
  private(set) var metrics: [[MetricValue]]
  private(set) var history: [[HistoryEntry]]
  /// By place, of those whose last attempt failed.
  private(set) var failures: [Int: StageFailure] = [:]

  /// Where nothing is recorded.
  init(none stages: PlannedStages) {
    results = Array(repeating: nil, count: stages.count)
    metrics = Array(repeating: [], count: stages.count)
    history = Array(repeating: [], count: stages.count)
  }

  /// - Parameters:
  ///   - rows: Those of the plan's stages.
  ///   - recorded: What is known of them.
  init(of stages: PlannedStages, rows: PlanRows, recorded: [RecordedStage?], _ database: Database) throws {
    self.init(none: stages)
    var failed: [Int] = []
    var places = PlacesByID()
    for (place, state) in recorded.enumerated() {
      if state == .done(hasArtifact: true) { places.add(rows.ids[place], place) }
      if state == .failed { failed.append(place) }
    }
    try read(places, rows, database)
    let lastAttempt = try database.cachedStatement(
      sql: "SELECT \(AttemptRecord.columns) FROM attempt WHERE stage = ? ORDER BY number DESC LIMIT 1")
    for place in failed {
      let row = try Row.fetchOne(lastAttempt, arguments: [rows.ids[place]])
      failures[place] = row.flatMap { AttemptRecord(row: $0, from: 0, runIsLive: false)?.failure }
    }
  }

  private mutating func read(_ places: PlacesByID, _ rows: PlanRows, _ database: Database) throws {
    guard let range = places.range else { return }
    let all =
      try Int.fetchOne(
        database, sql: "SELECT count(*) FROM result WHERE stage BETWEEN ? AND ?",
        arguments: [range.lowerBound, range.upperBound]) ?? 0
    // One look at every row costs as much as some twenty searches for one.
    let ranges = places.count * 20 < all ? places.ids.map { $0...$0 } : [range]
    let sql = (
      result: try database.cachedStatement(
        sql: "SELECT stage, diverged, facts, version FROM result WHERE stage BETWEEN ? AND ?"),
      metric: try database.cachedStatement(
        sql: "SELECT stage, \(ResultRows.metricColumns) FROM metric WHERE stage BETWEEN ? AND ? ORDER BY stage, place"),
      history: try database.cachedStatement(
        sql: "SELECT stage, \(ResultRows.historyColumns) FROM history WHERE stage BETWEEN ? AND ? ORDER BY stage, place"
      )
    )
    for range in ranges {
      let arguments: StatementArguments = [range.lowerBound, range.upperBound]
      try sql.result.eachRow(arguments) { row in
        guard let place = places[row.integer(0)] else { return }
        results[place] = Result(diverged: row.integer(1) != 0, facts: row.text(2), version: Int(row.integer(3)))
      }
      try sql.metric.eachRow(arguments) { row in
        if let place = places[row.integer(0)] { metrics[place].append(ResultRows.metric(row, from: 1)) }
      }
      try sql.history.eachRow(arguments) { row in
        if let place = places[row.integer(0)] { history[place].append(ResultRows.entry(row, from: 1)) }
      }
    }
  }
}

/// The places of stages by the numbers of their rows, which lie close together.
private struct PlacesByID {
  private var places: [Int64: Int32] = [:]
  private(set) var range: ClosedRange<Int64>?

  var count: Int { places.count }
  var ids: [Int64] { places.keys.sorted() }

  mutating func add(_ id: Int64, _ place: Int) {
    places[id] = Int32(place)
    range = range.map { min($0.lowerBound, id)...max($0.upperBound, id) } ?? id...id
  }

  subscript(id: Int64) -> Int? { places[id].map { Int($0) } }
}
