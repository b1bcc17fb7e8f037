import Files
import GRDB
import Planner
import WorkerProtocol

/// What done stages left in the database, by the numbers of their rows. An object that never changes: all cores look at it.
final class StoredResults: Sendable {
  /// What a done stage said.
  struct Result: Sendable {
    let diverged: Bool
    /// JSON, as it is kept; empty for kinds of stage whose facts no report tells.
    let facts: String
    /// Of the code which computed it.
    let version: Int
  }

  /// The kinds of the stages whose results these are.
  let stages: RowTable<StageKind>
  /// In the order of `stages.values`; nil for a stage that is not done.
  let results: [Result?]
  private let metrics: RowTable<[MetricValue]>
  let history: [[HistoryEntry]]
  /// Numbers of layers, of measures that leave them.
  let layers: [LayerMeasures]

  /// Kinds of stage whose facts a report tells.
  private static let told = withLayers.union([.dataset, .distance, .lrSearch, .embedding, .knn])
  private static let withLayers = Set(StageKind.ofLayers)

  /// - Parameters:
  ///   - stages: Those whose results are read, by looks at whole tables where they are much of what these hold.
  ///   - read: The metrics of all stages, where another reader has them.
  init(of stages: RowTable<StageKind>, _ database: Database, metrics read: () -> RowTable<[MetricValue]>? = { nil })
    throws
  {
    self.stages = stages
    var results: [Result?] = Array(repeating: nil, count: stages.values.count)
    var history: [[HistoryEntry]] = Array(repeating: [], count: stages.values.count)
    guard let range = stages.range else {
      self.results = []
      self.history = []
      metrics = RowTable()
      layers = []
      return
    }
    let all =
      try Int.fetchOne(
        database, sql: "SELECT count(*) FROM result WHERE stage BETWEEN ? AND ?",
        arguments: [range.lowerBound, range.upperBound]) ?? 0
    let ids = stages.ids
    // One look at every row costs as much as some twenty searches for one.
    let ranges = ids.count * 20 < all ? ids.map { $0...$0 } : [range]
    let sql = (
      result: try database.cachedStatement(
        sql: "SELECT stage, diverged, facts, version FROM result WHERE stage BETWEEN ? AND ?"),
      history: try database.cachedStatement(
        sql: "SELECT stage, \(ResultRows.historyColumns) FROM history WHERE stage BETWEEN ? AND ? ORDER BY stage, place"
      )
    )
    for range in ranges {
      try sql.result.eachRow([range.lowerBound, range.upperBound]) { row in
        guard let index = stages.index(of: row.integer(0)), let kind = stages.values[index] else { return }
        let facts = Self.told.contains(kind) ? row.text(2) : ""
        results[index] = Result(diverged: row.integer(1) != 0, facts: facts, version: Int(row.integer(3)))
      }
    }
    // The text of facts is read on other cores while the database gives the rest.
    let texts = results
    let parsing = Parallel.Task {
      Parallel.map(texts.count, block: 1024) { index in
        guard let kind = stages.values[index], Self.withLayers.contains(kind), let text = texts[index]?.facts else {
          return LayerMeasures()
        }
        return LayerMeasures(facts: JSONValue(stored: text))
      }
    }
    for range in ranges {
      try sql.history.eachRow([range.lowerBound, range.upperBound]) { row in
        if let index = stages.index(of: row.integer(0)) { history[index].append(ResultRows.entry(row, from: 1)) }
      }
    }
    metrics = try read() ?? RowTable(of: ranges, database)
    layers = parsing.value
    self.results = results
    self.history = history
  }

  /// The metrics of the stage at a place among `stages.values`.
  func metrics(at index: Int) -> [MetricValue] { metrics[stages.first + Int64(index)] ?? [] }
}

extension RowTable<[MetricValue]> {
  /// The metrics that stages left.
  ///
  /// - Parameter ranges: Ascending.
  init(of ranges: [ClosedRange<Int64>], _ database: Database) throws {
    self.init()
    guard let first = ranges.first?.lowerBound, let last = ranges.last?.upperBound else { return }
    self.init(first...last, repeating: [])
    let statement = try database.cachedStatement(
      sql: "SELECT stage, \(ResultRows.metricColumns) FROM metric WHERE stage BETWEEN ? AND ? ORDER BY stage, place")
    for range in ranges {
      try statement.eachRow([range.lowerBound, range.upperBound]) { row in
        self[row.integer(0)]?.append(ResultRows.metric(row, from: 1))
      }
    }
  }

  /// Those of all stages.
  init(_ database: Database) throws {
    let row = try Row.fetchOne(database, sql: "SELECT min(id), max(id) FROM stage")
    guard let first = row?[0] as Int64?, let last = row?[1] as Int64? else {
      self.init()
      return
    }
    try self.init(of: [first...last], database)
  }
}
