import Files
import GRDB
import Planner
import WorkerProtocol

extension Workspace {
  /// Everything a report says of a plan, from one state of the database.
  ///
  /// - Throws: `WorkspaceError`.
  public func results(of plan: Plan) throws -> StudyResults {
    let present = try presentArtifacts(of: Set(plan.stages.map(\.kind)))
    let runIsLive = currentRun != nil
    let empty = ResultsReading(plan: plan, records: [:], database: nil, workspace: self)
    return try read(orElse: try empty.results(provenance: [:])) { database in
      let records = try StageRecord.all(of: plan.stages, database, present: present, runIsLive: runIsLive)
      let reading = ResultsReading(plan: plan, records: records, database: database, workspace: self)
      return try reading.results(provenance: try StudySource.find(plan.study, database)?.provenance ?? [:])
    }
  }
}

/// One reading of a plan's results.
private struct ResultsReading {
  let plan: Plan
  let records: [StageKey: StageRecord]
  /// nil where no database is there yet, and so no record either.
  let database: Database?
  let workspace: Workspace
  let stages: [StageKey: Stage]

  init(plan: Plan, records: [StageKey: StageRecord], database: Database?, workspace: Workspace) {
    self.plan = plan
    self.records = records
    self.database = database
    self.workspace = workspace
    stages = Dictionary(plan.stages.map { ($0.key, $0) }) { first, _ in first }
  }

  func results(provenance: JSONValue) throws -> StudyResults {
    var backbones: [String] = []
    var seen: Set<String> = []
    for cell in plan.cells where seen.insert(cell.backbone).inserted { backbones.append(cell.backbone) }
    return StudyResults(
      study: plan.study, datasets: datasets(), backbones: backbones, cells: try plan.cells.map { try result(of: $0) },
      rateSearches: rateSearches(), provenance: provenance, reporting: plan.reporting)
  }

  private func rateSearches() -> [RateSearchResult] {
    var results: [RateSearchResult] = []
    var seen: Set<StageKey> = []
    for cell in plan.cells {
      guard let key = cell.stages[.lrSearch], seen.insert(key).inserted else { continue }
      let facts = records[key]?.result?.facts
      results.append(
        RateSearchResult(
          key: key, cell: cell, form: facts?["form"]?.stringValue, rate: facts?["learning_rate"]?.doubleValue,
          tried: facts?["tried"]?.arrayValue?.compactMap(RateTrial.init) ?? []))
    }
    return results
  }

  private func datasets() -> [DatasetResult] {
    var results: [DatasetResult] = []
    var seen: Set<String> = []
    for cell in plan.cells where seen.insert(cell.dataset).inserted {
      var result = DatasetResult(name: cell.dataset, metric: cell.metric)
      if let key = datasetKey(of: cell), let facts = records[key]?.result?.facts {
        result.classes = facts["classes"]?.arrayValue?.compactMap(\.stringValue)
        result.trainingImages = facts["images"]?["train"]?.intValue
        result.validationImages = facts["images"]?["val"]?.intValue
        result.testImages = facts["images"]?["test"]?.intValue
        result.unreadable = facts["unreadable"]?.intValue ?? facts["unreadable"]?.arrayValue?.count
        result.missing = facts["missing"]?.intValue
        result.sharedGroups = facts["shared_groups"]?.intValue
        result.classCounts = Self.classCounts(facts, classes: result.classes?.count ?? 0)
      }
      let distance = cell.measures.first { $0.kind == .distance }
      result.distance = distance.flatMap { records[$0.key]?.result?.facts["distance"]?.doubleValue }
      results.append(result)
    }
    return results
  }

  private static func classCounts(_ facts: JSONValue, classes: Int) -> [ClassCount] {
    func counts(_ name: String) -> [[Int]]? {
      let all = ["train", "val", "test"].compactMap { facts[name]?[$0]?.arrayValue?.compactMap(\.intValue) }
      return all.count == 3 && all.allSatisfy { $0.count == classes } ? all : nil
    }
    guard let images = counts("images_per_class") else { return [] }
    let unknown = counts("unknown_per_class")
    return (0..<classes).map { place in
      ClassCount(images: images.map { $0[place] }, unknown: unknown.map { $0.map { $0[place] } })
    }
  }

  /// The data set's stage: named by the cell, or read by its training.
  private func datasetKey(of cell: Cell) -> StageKey? {
    if let key = cell.stages[.dataset] { return key }
    guard let train = cell.stages[.train].flatMap({ stages[$0] }) else { return nil }
    return train.inputs.first { stages[$0.key]?.kind == .dataset }?.key
  }

  private func result(of cell: Cell) throws -> CellResult {
    // What else is measured on a cell is not part of its state: a failed measure takes nothing from its test.
    let own = cell.stages.sorted { $0.key.rawValue < $1.key.rawValue }.map(\.value)
    let isDone = own.allSatisfy { records[$0]?.isDone ?? false }
    let hasDiverged = own.contains { records[$0]?.result?.diverged ?? false }
    let standing: (state: CellState, reason: String?)
    if hasDiverged {
      standing = (.diverged, isDone ? nil : "its loss stopped being finite")
    } else if isDone {
      standing = (.done, nil)
    } else {
      standing = whyNotDone(own)
    }
    return CellResult(
      cell: cell, state: standing.state, reason: standing.reason,
      metrics: try cell.stages[.test].map { try metrics(of: $0) } ?? [],
      history: try cell.stages[.train].map { try history(of: $0) } ?? [],
      measures: try cell.measures.map { try result(of: $0) })
  }

  private func result(of measure: CellMeasure) throws -> MeasureResult {
    let record = records[measure.key]
    let facts = record?.result?.facts ?? [:]
    let parameters = stages[measure.key]?.parameters ?? [:]
    guard record?.isDone ?? false else {
      let (state, reason) = whyNotDone([measure.key])
      return MeasureResult(measure: measure, parameters: parameters, state: state, reason: reason)
    }
    return MeasureResult(
      measure: measure, parameters: parameters, state: record?.result?.diverged ?? false ? .diverged : .done,
      metrics: try metrics(of: measure.key), layers: LayerMeasures(facts: facts),
      points: measure.kind == .embedding ? points(of: measure.key) : [], facts: facts)
  }

  /// The points of an embedding; none where its file is gone.
  private func points(of key: StageKey) -> [EmbeddedPoint] {
    let path = "\(workspace.artifactFolder(kind: .embedding, key: key))/\(EmbeddingPoints.fileName)"
    guard let bytes = try? DurableFiles.read(path), let json = try? JSONValue(json: bytes),
      let read = EmbeddingPoints(json: json)
    else { return [] }
    return read.places.sorted { $0.key < $1.key }.flatMap { method, places in
      zip(places, read.labels).map { EmbeddedPoint(method: method, x: $0.x, y: $0.y, label: $1) }
    }
  }

  private func whyNotDone(_ own: [StageKey]) -> (CellState, String?) {
    let unfinished = own.filter { !(records[$0]?.isDone ?? false) }
    for key in unfinished {
      if let failure = failure(of: key) { return (.failed, "\(label(key)) failed: \(failure.firstLine)") }
    }
    for key in unfinished {
      if let (root, failure) = failedInput(of: key) {
        return (.missing, "waits for \(label(root)), which failed: \(failure.firstLine)")
      }
    }
    for key in unfinished {
      guard let record = records[key] else { continue }
      if record.lastAttempt?.state == .running { return (.missing, "\(label(key)) is running") }
      if record.isArtifactMissing { return (.missing, "the files of \(label(key)) are gone") }
      if record.lastAttempt?.state == .stopped { return (.missing, "\(label(key)) was stopped") }
    }
    return (.missing, "not yet run")
  }

  private func label(_ key: StageKey) -> String { stages[key]?.label ?? key.short }

  private func failure(of key: StageKey) -> StageFailure? {
    guard let record = records[key], !record.isDone, record.lastAttempt?.state == .failed else { return nil }
    return record.lastAttempt?.failure
  }

  /// The nearest input, over any number of stages, that failed.
  private func failedInput(of key: StageKey) -> (StageKey, StageFailure)? {
    for input in stages[key]?.inputs ?? [] where !(records[input.key]?.isDone ?? false) {
      if let failure = failure(of: input.key) { return (input.key, failure) }
      if let found = failedInput(of: input.key) { return found }
    }
    return nil
  }

  private func metrics(of key: StageKey) throws -> [MetricValue] {
    guard let database, records[key]?.isDone ?? false else { return [] }
    return try rowID(of: key, database).map { try ResultRows.metrics(of: $0, database) } ?? []
  }

  private func history(of key: StageKey) throws -> [HistoryEntry] {
    guard let database, records[key]?.isDone ?? false else { return [] }
    return try rowID(of: key, database).map { try ResultRows.history(of: $0, database) } ?? []
  }

  private func rowID(of key: StageKey, _ database: Database) throws -> Int64? {
    try Int64.fetchOne(
      try database.cachedStatement(sql: "SELECT id FROM stage WHERE key = ?"), arguments: [key.bytes])
  }
}

extension StageFailure {
  /// The message up to its first line break.
  var firstLine: String { message.split(separator: "\n", maxSplits: 1).first.map(String.init) ?? "" }
}
