import Files
import GRDB
import Planner
import WorkerProtocol

extension Workspace {
  /// Everything a report says of a plan, from one state of the database.
  ///
  /// - Throws: `WorkspaceError`.
  public func results(of plan: Plan) throws -> StudyResults {
    let present = try presentArtifacts(of: plan.stages)
    let runIsLive = currentRun != nil
    let empty = ResultsReading(
      plan: plan, rows: PlanRows(none: plan.stages), present: present, runIsLive: false, acceptances: [],
      database: nil, workspace: self)
    return try read(orElse: try empty.results(provenance: [:])) { database in
      let reading = ResultsReading(
        plan: plan, rows: try PlanRows(of: plan.stages, database), present: present, runIsLive: runIsLive,
        acceptances: try Acceptance.all(database), database: database, workspace: self)
      return try reading.results(provenance: try StudySource.find(plan.study, database)?.provenance ?? [:])
    }
  }
}

/// One reading of a plan's results.
private struct ResultsReading {
  let plan: Plan
  let rows: PlanRows
  let recorded: [RecordedStage?]
  /// nil where no database is there yet, and so no record either.
  let database: Database?
  let workspace: Workspace
  let runIsLive: Bool
  private let acceptances: [Acceptance]

  init(
    plan: Plan, rows: PlanRows, present: [Bool], runIsLive: Bool, acceptances: [Acceptance],
    database: Database?, workspace: Workspace
  ) {
    // Those of other kinds say nothing of this plan, nor do those that this code's versions have left behind.
    self.acceptances = acceptances.filter {
      plan.versions[$0.kind] <= $0.from && $0.to <= plan.versions.ofCode($0.kind)
    }
    self.plan = plan
    self.rows = rows
    recorded = rows.recorded(present, runIsLive: runIsLive)
    self.database = database
    self.workspace = workspace
    self.runIsLive = runIsLive
  }

  func results(provenance: JSONValue) throws -> StudyResults {
    let cells = Array(plan.cells)
    var backbones: [String] = []
    var seen: Set<String> = []
    for cell in cells where seen.insert(cell.backbone).inserted { backbones.append(cell.backbone) }
    return StudyResults(
      study: plan.study, datasets: try datasets(cells), backbones: backbones,
      cells: try cells.map { try result(of: $0) },
      rateSearches: try rateSearches(cells), provenance: provenance, reporting: plan.reporting,
      acceptances: acceptances)
  }

  private func isDone(_ place: Int) -> Bool { recorded[place] == .done(hasArtifact: true) }

  private func place(of key: StageKey) -> Int? { plan.stages.place(of: key) }

  /// What a done stage said; nil for any other.
  private func result(at place: Int) throws -> ResultRecord? {
    guard let database, isDone(place) else { return nil }
    let statement = try database.cachedStatement(
      sql: "SELECT diverged, has_artifact, facts FROM result WHERE stage = ?")
    return try Row.fetchOne(statement, arguments: [rows.ids[place]]).map {
      ResultRecord(diverged: $0[0], hasArtifact: $0[1], facts: JSONValue(stored: $0[2]))
    }
  }

  private func facts(of key: StageKey?) throws -> JSONValue? {
    try key.flatMap { place(of: $0) }.flatMap { try result(at: $0)?.facts }
  }

  private func rateSearches(_ cells: [Cell]) throws -> [RateSearchResult] {
    var results: [RateSearchResult] = []
    var seen: Set<StageKey> = []
    for cell in cells {
      guard let key = cell.stages[.lrSearch], seen.insert(key).inserted else { continue }
      let facts = try facts(of: key)
      results.append(
        RateSearchResult(
          key: key, cell: cell, form: facts?["form"]?.stringValue, rate: facts?["learning_rate"]?.doubleValue,
          tried: facts?["tried"]?.arrayValue?.compactMap(RateTrial.init) ?? []))
    }
    return results
  }

  private func datasets(_ cells: [Cell]) throws -> [DatasetResult] {
    var results: [DatasetResult] = []
    var seen: Set<String> = []
    for cell in cells where seen.insert(cell.dataset).inserted {
      var result = DatasetResult(name: cell.dataset, metric: cell.metric)
      if let facts = try facts(of: datasetKey(of: cell)) {
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
      result.distance = try facts(of: distance?.key)?["distance"]?.doubleValue
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
    guard let train = cell.stages[.train].flatMap({ plan.stages[$0] }) else { return nil }
    return train.inputs.first { input in place(of: input.key).map { plan.stages.kinds[$0] == .dataset } ?? false }?.key
  }

  /// Which kinds of stage can end with a loss that is not finite.
  private static let diverging: Set<StageKind> = [.train, .pretrain, .lrSearch, .test]

  private func result(of cell: Cell) throws -> CellResult {
    // What else is measured on a cell is not part of its state: a failed measure takes nothing from its test.
    let own = cell.stages.sorted { $0.key.rawValue < $1.key.rawValue }.map(\.value)
    let places = own.compactMap { place(of: $0) }
    let isDone = places.count == own.count && places.allSatisfy { self.isDone($0) }
    let hasDiverged = try places.contains { try self.hasDiverged($0) }
    let standing: (state: CellState, reason: String?)
    if hasDiverged {
      standing = (.diverged, isDone ? nil : "its loss stopped being finite")
    } else if isDone {
      standing = (.done, try acceptance(of: places))
    } else {
      standing = try whyNotDone(own)
    }
    return CellResult(
      cell: cell, state: standing.state, reason: standing.reason,
      metrics: try cell.stages[.test].map { try metrics(of: $0) } ?? [],
      history: try cell.stages[.train].map { try history(of: $0) } ?? [],
      measures: try cell.measures.map { try result(of: $0) })
  }

  /// Which of these stages are results of an older version that stand by a person's word.
  private func acceptance(of places: [Int]) throws -> String? {
    guard !acceptances.isEmpty, let database else { return nil }
    let statement = try database.cachedStatement(sql: "SELECT version FROM result WHERE stage = ?")
    let sentences = try acceptances.filter { acceptance in
      try places.contains { place in
        guard plan.stages.kinds[place] == acceptance.kind else { return false }
        let version = try Int.fetchOne(statement, arguments: [rows.ids[place]])
        return version.map { $0 < acceptance.to } ?? false
      }
    }.map(\.sentence)
    return sentences.isEmpty ? nil : sentences.joined(separator: "; ")
  }

  private func hasDiverged(_ place: Int) throws -> Bool {
    guard isDone(place), Self.diverging.contains(plan.stages.kinds[place]), let database else { return false }
    let statement = try database.cachedStatement(sql: "SELECT diverged FROM result WHERE stage = ?")
    return try Bool.fetchOne(statement, arguments: [rows.ids[place]]) ?? false
  }

  private func result(of measure: CellMeasure) throws -> MeasureResult {
    guard let place = place(of: measure.key) else {
      return MeasureResult(measure: measure, state: .missing, reason: "not yet run")
    }
    let parameters = plan.stages[place].parameters
    guard let result = try result(at: place) else {
      let (state, reason) = try whyNotDone([measure.key])
      return MeasureResult(measure: measure, parameters: parameters, state: state, reason: reason)
    }
    return MeasureResult(
      measure: measure, parameters: parameters, state: result.diverged ? .diverged : .done,
      metrics: try metrics(of: measure.key), layers: LayerMeasures(facts: result.facts),
      points: measure.kind == .embedding ? points(of: measure.key) : [], facts: result.facts)
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

  private func whyNotDone(_ own: [StageKey]) throws -> (CellState, String?) {
    let unfinished = own.compactMap { place(of: $0) }.filter { !isDone($0) }
    for place in unfinished {
      if let failure = try failure(at: place) { return (.failed, "\(label(place)) failed: \(failure.firstLine)") }
    }
    for place in unfinished {
      if let (root, failure) = try failedInput(of: place) {
        return (.missing, "waits for \(label(root)), which failed: \(failure.firstLine)")
      }
    }
    for place in unfinished {
      switch recorded[place] {
      case .running?: return (.missing, "\(label(place)) is running")
      case .done?: return (.missing, "the files of \(label(place)) are gone")
      case .stopped?: return (.missing, "\(label(place)) was stopped")
      case .waiting?, .ready?, .failed?, nil: continue
      }
    }
    return (.missing, "not yet run")
  }

  private func label(_ place: Int) -> String { plan.stages.label(at: place) }

  private func failure(at place: Int) throws -> StageFailure? {
    guard let database, recorded[place] == .failed else { return nil }
    let statement = try database.cachedStatement(
      sql: "SELECT \(AttemptRecord.columns) FROM attempt WHERE stage = ? ORDER BY number DESC LIMIT 1")
    return try Row.fetchOne(statement, arguments: [rows.ids[place]])
      .flatMap { AttemptRecord(row: $0, from: 0, runIsLive: runIsLive)?.failure }
  }

  /// The nearest input, over any number of stages, that failed.
  private func failedInput(of place: Int) throws -> (Int, StageFailure)? {
    for input in plan.stages.inputPlaces(of: place) where input >= 0 && !isDone(Int(input)) {
      if let failure = try failure(at: Int(input)) { return (Int(input), failure) }
      if let found = try failedInput(of: Int(input)) { return found }
    }
    return nil
  }

  private func metrics(of key: StageKey) throws -> [MetricValue] {
    guard let database, let place = place(of: key), isDone(place) else { return [] }
    return try ResultRows.metrics(of: rows.ids[place], database)
  }

  private func history(of key: StageKey) throws -> [HistoryEntry] {
    guard let database, let place = place(of: key), isDone(place) else { return [] }
    return try ResultRows.history(of: rows.ids[place], database)
  }
}

extension StageFailure {
  /// The message up to its first line break.
  var firstLine: String { message.split(separator: "\n", maxSplits: 1).first.map(String.init) ?? "" }
}
