import GRDB
import Planner
import WorkerProtocol

/// What the done stages of a plan left in the database, and why the failed ones failed.
struct PlanResults: Sendable {
  private let stored: StoredResults?
  /// Where each stage's results stand among those, in the plan's order; -1 for a stage that is not done.
  private let places: [Int32]
  /// By place, of those whose last attempt failed.
  private(set) var failures: [Int: StageFailure] = [:]

  /// Where nothing is recorded.
  init(none stages: PlannedStages) {
    stored = nil
    places = Array(repeating: -1, count: stages.count)
  }

  /// - Parameters:
  ///   - rows: Those of the plan's stages.
  ///   - recorded: What is known of them.
  ///   - read: Results that are read already, in this transaction.
  init(
    of stages: PlannedStages, rows: PlanRows, recorded: [RecordedStage?], read: StoredResults?, _ database: Database
  ) throws {
    let done = recorded.indices.filter { recorded[$0] == .done(hasArtifact: true) }
    let stored =
      try read
      ?? StoredResults(of: RowTable(done.map { (rows.ids[$0], stages.kinds[$0]) }), database)
    var places = [Int32](repeating: -1, count: stages.count)
    for place in done { places[place] = Int32(stored.stages.index(of: rows.ids[place]) ?? -1) }
    self.stored = stored
    self.places = places
    let lastAttempt = try database.cachedStatement(
      sql: "SELECT \(AttemptRecord.columns) FROM attempt WHERE stage = ? ORDER BY number DESC LIMIT 1")
    for place in recorded.indices where recorded[place] == .failed {
      let row = try Row.fetchOne(lastAttempt, arguments: [rows.ids[place]])
      failures[place] = row.flatMap { AttemptRecord(row: $0, from: 0, runIsLive: false)?.failure }
    }
  }

  /// Of a done stage; nil for one that is not.
  func result(at place: Int) -> StoredResults.Result? { look(place) { $0.results[$1] } ?? nil }
  func metrics(at place: Int) -> [MetricValue] { look(place) { $0.metrics(at: $1) } ?? [] }
  func history(at place: Int) -> [HistoryEntry] { look(place) { $0.history[$1] } ?? [] }
  func layers(at place: Int) -> LayerMeasures { look(place) { $0.layers[$1] } ?? LayerMeasures() }

  private func look<Value>(_ place: Int, _ value: (StoredResults, Int) -> Value) -> Value? {
    guard let stored, places[place] >= 0 else { return nil }
    return value(stored, Int(places[place]))
  }
}
