import Files
import GRDB
import Planner
import WorkerProtocol

/// What the done stages of a plan left in the database, and why the failed ones failed: read by looks at whole tables where the
/// plan is much of what they hold, and then a pure value.
struct PlanResults: Sendable {
  /// What a done stage said.
  struct Result: Sendable {
    let diverged: Bool
    /// JSON, as it is kept; empty for kinds of stage whose facts no report tells.
    let facts: String
    /// Of the code which computed it.
    let version: Int
  }

  /// In the plan's order; nil for a stage that is not done.
  private(set) var results: [Result?]
  private(set) var metrics: [[MetricValue]]
  private(set) var history: [[HistoryEntry]]
  /// Numbers of layers, of measures that leave them.
  private(set) var layers: [LayerMeasures]
  /// By place, of those whose last attempt failed.
  private(set) var failures: [Int: StageFailure] = [:]

  /// Where nothing is recorded.
  init(none stages: PlannedStages) {
    results = Array(repeating: nil, count: stages.count)
    metrics = Array(repeating: [], count: stages.count)
    history = Array(repeating: [], count: stages.count)
    layers = Array(repeating: LayerMeasures(), count: stages.count)
  }

  /// - Parameters:
  ///   - rows: Those of the plan's stages.
  ///   - recorded: What is known of them.
  init(of stages: PlannedStages, rows: PlanRows, recorded: [RecordedStage?], _ database: Database) throws {
    self.init(none: stages)
    var failed: [Int] = []
    var done: [(id: Int64, place: Int)] = []
    for (place, state) in recorded.enumerated() {
      if state == .done(hasArtifact: true) { done.append((rows.ids[place], place)) }
      if state == .failed { failed.append(place) }
    }
    try read(PlacesByID(done), stages.kinds, database)
    let lastAttempt = try database.cachedStatement(
      sql: "SELECT \(AttemptRecord.columns) FROM attempt WHERE stage = ? ORDER BY number DESC LIMIT 1")
    for place in failed {
      let row = try Row.fetchOne(lastAttempt, arguments: [rows.ids[place]])
      failures[place] = row.flatMap { AttemptRecord(row: $0, from: 0, runIsLive: false)?.failure }
    }
  }

  /// Kinds of stage whose facts a report tells.
  private static let told = withLayers.union([.dataset, .distance, .lrSearch, .embedding, .knn])
  private static let withLayers: Set<StageKind> = [.layerwiseKNN, .layerImportance, .l2, .cka, .crossCKA]

  private mutating func read(_ places: PlacesByID, _ kinds: [StageKind], _ database: Database) throws {
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
      try sql.result.eachRow([range.lowerBound, range.upperBound]) { row in
        guard let place = places[row.integer(0)] else { return }
        let facts = Self.told.contains(kinds[place]) ? row.text(2) : ""
        results[place] = Result(diverged: row.integer(1) != 0, facts: facts, version: Int(row.integer(3)))
      }
    }
    // The text of facts is read on other cores while the database gives the rest.
    let texts = results
    let parsing = Parallel.Task {
      Parallel.map(texts.count, block: 1024) { place in
        guard Self.withLayers.contains(kinds[place]), let text = texts[place]?.facts else { return LayerMeasures() }
        return LayerMeasures(facts: JSONValue(stored: text))
      }
    }
    defer { layers = parsing.value }
    for range in ranges {
      let arguments: StatementArguments = [range.lowerBound, range.upperBound]
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
  /// Ascending by number.
  let ids: [Int64]
  let range: ClosedRange<Int64>?
  /// From the lowest number on; -1 where there is none.
  private let places: [Int32]

  init(_ all: [(id: Int64, place: Int)]) {
    ids = all.map(\.id).sorted()
    guard let low = ids.first, let high = ids.last else {
      range = nil
      places = []
      return
    }
    range = low...high
    var places = [Int32](repeating: -1, count: Int(high - low) + 1)
    for (id, place) in all { places[Int(id - low)] = Int32(place) }
    self.places = places
  }

  var count: Int { ids.count }

  subscript(id: Int64) -> Int? {
    guard let range, range.contains(id) else { return nil }
    let place = places[Int(id - range.lowerBound)]
    return place < 0 ? nil : Int(place)
  }
}
