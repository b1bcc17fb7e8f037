import Files
import GRDB
import Planner
import WorkerProtocol

/// The kinds of stages by the numbers of their rows, which lie close together.
struct StageKindsByRow: Sendable {
  let first: Int64
  private(set) var kinds: [StageKind?]

  init(_ rows: [(id: Int64, kind: StageKind)]) {
    first = rows.map(\.id).min() ?? 0
    kinds = Array(repeating: nil, count: Int((rows.map(\.id).max() ?? first - 1) - first) + 1)
    for row in rows { kinds[Int(row.id - first)] = row.kind }
  }

  var range: ClosedRange<Int64>? { kinds.isEmpty ? nil : first...(first + Int64(kinds.count) - 1) }
  /// Ascending.
  var ids: [Int64] { kinds.indices.filter { kinds[$0] != nil }.map { first + Int64($0) } }

  /// Where the row of this number stands; nil for one that is not here.
  func index(of id: Int64) -> Int? {
    let index = Int(id - first)
    return kinds.indices.contains(index) && kinds[index] != nil ? index : nil
  }
}

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

  let stages: StageKindsByRow
  /// In the order of `stages.kinds`; nil for a stage that is not done.
  let results: [Result?]
  private let metrics: MetricList
  let history: [[HistoryEntry]]
  /// Numbers of layers, of measures that leave them.
  let layers: [LayerMeasures]

  /// Kinds of stage whose facts a report tells.
  private static let told = withLayers.union([.dataset, .distance, .lrSearch, .embedding, .knn])
  private static let withLayers = Set(StageKind.ofLayers)

  /// - Parameters:
  ///   - stages: Those whose results are read, by looks at whole tables where they are much of what these hold.
  ///   - read: The metrics of all stages, where another reader has them.
  init(of stages: StageKindsByRow, _ database: Database, metrics read: () -> MetricList? = { nil }) throws {
    self.stages = stages
    var results: [Result?] = Array(repeating: nil, count: stages.kinds.count)
    var history: [[HistoryEntry]] = Array(repeating: [], count: stages.kinds.count)
    guard let range = stages.range else {
      self.results = []
      self.history = []
      metrics = MetricList()
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
        guard let index = stages.index(of: row.integer(0)), let kind = stages.kinds[index] else { return }
        let facts = Self.told.contains(kind) ? row.text(2) : ""
        results[index] = Result(diverged: row.integer(1) != 0, facts: facts, version: Int(row.integer(3)))
      }
    }
    // The text of facts is read on other cores while the database gives the rest.
    let texts = results
    let parsing = Parallel.Task {
      Parallel.map(texts.count, block: 1024) { index in
        guard let kind = stages.kinds[index], Self.withLayers.contains(kind), let text = texts[index]?.facts else {
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
    metrics = try read() ?? MetricList(of: ranges, database)
    layers = parsing.value
    self.results = results
    self.history = history
  }

  /// The metrics of the stage at a place among `stages.kinds`.
  func metrics(at index: Int) -> [MetricValue] { metrics[stages.first + Int64(index)] }
}

/// The metrics that stages left, by the numbers of their rows, which lie close together.
struct MetricList: Sendable {
  private var first: Int64 = 0
  private var values: [[MetricValue]] = []

  init() {}

  /// - Parameter ranges: Ascending.
  init(of ranges: [ClosedRange<Int64>], _ database: Database) throws {
    guard let first = ranges.first?.lowerBound, let last = ranges.last?.upperBound else { return }
    self.first = first
    var values: [[MetricValue]] = Array(repeating: [], count: Int(last - first) + 1)
    let statement = try database.cachedStatement(
      sql: "SELECT stage, \(ResultRows.metricColumns) FROM metric WHERE stage BETWEEN ? AND ? ORDER BY stage, place")
    for range in ranges {
      try statement.eachRow([range.lowerBound, range.upperBound]) { row in
        values[Int(row.integer(0) - first)].append(ResultRows.metric(row, from: 1))
      }
    }
    self.values = values
  }

  /// Those of all stages.
  init(_ database: Database) throws {
    let row = try Row.fetchOne(database, sql: "SELECT min(id), max(id) FROM stage")
    guard let first = row?[0] as Int64?, let last = row?[1] as Int64? else { return }
    self = try MetricList(of: [first...last], database)
  }

  subscript(row: Int64) -> [MetricValue] {
    let index = Int(row - first)
    return values.indices.contains(index) ? values[index] : []
  }
}
