import Files
import GRDB
import Planner
import WorkerProtocol

extension Workspace {
  /// Everything a report says of a plan, from one state of the database.
  ///
  /// - Throws: `WorkspaceError`.
  public func results(of plan: Plan) throws -> StudyResults {
    try results(expecting: 0) { plan }
  }

  /// The same of a plan that is made meanwhile, on another core.
  ///
  /// - Parameters:
  ///   - stages: About how many the plan will have. Where the database has not very many more, all of it is read before the
  ///     plan is there.
  ///   - planning: Makes the plan. It may read the workspace, but by another `Workspace` than this.
  ///   - replanning: Makes the same plan with keys of other versions, to tell what is stale from what never ran; nil where that
  ///     is not asked.
  ///   - withAttempts: Whether the attempts at its stages are read, which tables of results do without.
  /// - Throws: `WorkspaceError`, and what `planning` throws.
  public func results(
    expecting stages: Int, planning: @escaping @Sendable () throws -> Plan,
    replanning: ((KindVersions) throws -> Plan)? = nil, withAttempts: Bool = true
  ) throws -> StudyResults {
    let planned = Parallel.Task { Result { try planning() } }
    func reader() -> SecondReader? { stages > 1000 ? database.flatMap { SecondReader(path: $0.queue.path) } : nil }
    let (second, third) = (reader(), withAttempts ? reader() : nil)
    let found = try read(orElse: nil) { database -> (reading: ResultsReading, provenance: JSONValue)? in
      var read: (rows: StageRowList, results: StoredResults)?
      let count = try StageRowList.count(database)
      let listing = third.map { third in Parallel.Task { try? third.read { try AttemptList($0) } } }
      if count < 20 * stages {
        let measuring = second.map { second in Parallel.Task { try? second.read { try RowTable<[MetricValue]>($0) } } }
        let rows = try StageRowList(database)
        read = (rows, try StoredResults(of: rows.kinds, database) { measuring?.value.flatMap(\.self) })
      }
      let plan = try planned.value.get()
      let present = try presentArtifacts(of: plan.stages)
      let rows = try read.map { PlanRows(of: plan.stages, among: $0.rows) } ?? PlanRows(of: plan.stages, database)
      let runIsLive = currentRun != nil
      let recorded = rows.recorded(present, runIsLive: runIsLive)
      let kept = try PlanResults(of: plan.stages, rows: rows, recorded: recorded, read: read?.results, database)
      let list = withAttempts ? try listing?.value.flatMap(\.self) ?? AttemptList(database) : nil
      let work = StudyWork(
        kinds: KindOfWork.all(of: plan.stages, recorded: recorded),
        attempts: list?.attempts(at: plan.stages, rows: rows, runIsLive: runIsLive) ?? [])
      let reading = ResultsReading(
        plan: plan, recorded: recorded, kept: kept, acceptances: try Acceptance.all(database), work: work,
        imported: try ImportedCells(of: plan.study, database), workspace: self)
      return (reading, try StudySource.find(plan.study, database)?.provenance ?? [:])
    }
    if let (reading, provenance) = found {
      let stale = try replanning.map { try staleStages(of: reading.plan, records: reading.recorded, replan: $0) }
      return reading.results(provenance: provenance, stale: stale ?? [:])
    }
    let plan = try planned.value.get()
    let recorded = [RecordedStage?](repeating: nil, count: plan.stages.count)
    let nothing = ResultsReading(
      plan: plan, recorded: recorded, kept: PlanResults(none: plan.stages), acceptances: [],
      work: StudyWork(kinds: KindOfWork.all(of: plan.stages, recorded: recorded)), workspace: self)
    return nothing.results(provenance: [:], stale: [:])
  }
}

/// What was read of a plan, made into results: reads nothing more but the points of embeddings.
private final class ResultsReading: Sendable {
  let plan: Plan
  let recorded: [RecordedStage?]
  let kept: PlanResults
  let workspace: Workspace
  private let acceptances: [Acceptance]
  private let work: StudyWork
  private let imported: ImportedCells?
  /// Of the plan's stages; by itself, for all cores look at it for every cell.
  private let kinds: [StageKind]

  init(
    plan: Plan, recorded: [RecordedStage?], kept: PlanResults, acceptances: [Acceptance], work: StudyWork,
    imported: ImportedCells? = nil, workspace: Workspace
  ) {
    // Those of other kinds say nothing of this plan, nor do those that this code's versions have left behind.
    self.acceptances = acceptances.filter {
      plan.versions[$0.kind] <= $0.from && $0.to <= plan.versions.ofCode($0.kind)
    }
    self.plan = plan
    kinds = plan.stages.kinds
    self.recorded = recorded
    self.kept = kept
    self.work = work
    self.imported = imported
    self.workspace = workspace
  }

  /// - Parameter stale: By place, why what was done once does not count any more.
  func results(provenance: JSONValue, stale: [Int: StaleCause]) -> StudyResults {
    var results = Parallel.map(plan.cells.count, block: 256) { [self] in result(of: $0, stale: stale) }
    if let imported {
      let metrics = Dictionary(results.lazy.map { ($0.cell.dataset, $0.cell.metric) }) { first, _ in first }
      results += imported.cells(judgedBy: metrics)
    }
    var backbones: [String] = []
    var seen: Set<String> = []
    for result in results where seen.insert(result.cell.backbone).inserted { backbones.append(result.cell.backbone) }
    return StudyResults(
      study: plan.study, datasets: datasets(results), backbones: backbones, cells: results,
      rateSearches: rateSearches(results), measureParameters: measureParameters(), provenance: provenance,
      reporting: plan.reporting, acceptances: acceptances, work: work)
  }

  private func measureParameters() -> [StageKind: [JSONValue]] {
    var places: [StageKind: [Int]] = [:]
    for cell in plan.cells.indices {
      for place in plan.cells.measurePlaces(of: cell) {
        places[kinds[Int(place)], default: []].append(Int(place))
      }
    }
    return places.mapValues { plan.stages.distinctParameters(ofMeasures: $0) }
  }

  private func isDone(_ place: Int) -> Bool { recorded[place] == .done(hasArtifact: true) }

  private func place(of key: StageKey) -> Int? { plan.stages.place(of: key) }

  private func facts(of key: StageKey?) -> JSONValue? {
    key.flatMap { place(of: $0) }.flatMap { kept.result(at: $0) }.map { JSONValue(stored: $0.facts) }
  }

  private func rateSearches(_ cells: [CellResult]) -> [RateSearchResult] {
    guard kinds.contains(.lrSearch) else { return [] }
    var results: [RateSearchResult] = []
    var seen: Set<StageKey> = []
    for result in cells {
      guard let key = result.cell.stages[.lrSearch], seen.insert(key).inserted else { continue }
      let cell = result.cell
      let facts = facts(of: key)
      results.append(
        RateSearchResult(
          key: key, cell: cell, form: facts?["form"]?.stringValue, rate: facts?["learning_rate"]?.doubleValue,
          tried: facts?["tried"]?.arrayValue?.compactMap(RateTrial.init) ?? []))
    }
    return results
  }

  private func datasets(_ cells: [CellResult]) -> [DatasetResult] {
    var results: [DatasetResult] = []
    var seen: Set<String> = []
    for cell in cells where seen.insert(cell.cell.dataset).inserted {
      let cell = cell.cell
      var result = DatasetResult(name: cell.dataset, metric: cell.metric)
      if let facts = facts(of: datasetKey(of: cell)) {
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
      result.distance = facts(of: distance?.key)?["distance"]?.doubleValue
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
    return train.inputs.first { input in place(of: input.key).map { kinds[$0] == .dataset } ?? false }?.key
  }

  /// Which kinds of stage can end with a loss that is not finite.
  private static let diverging: Set<StageKind> = [.train, .pretrain, .lrSearch, .test]

  /// - Parameter index: Of the cell among the plan's.
  private func result(of index: Int, stale: [Int: StaleCause]) -> CellResult {
    let cell = plan.cells[index]
    // What else is measured on a cell is not part of its state: a failed measure takes nothing from its test.
    let places = plan.cells.ownPlaces(of: index).map { Int($0) }
      .sorted { kinds[$0].rawValue < kinds[$1].rawValue }
    let isDone = places.count == cell.stages.count && places.allSatisfy { self.isDone($0) }
    let standing: (state: CellState, reason: String?)
    if places.contains(where: { hasDiverged($0) }) {
      standing = (.diverged, isDone ? nil : "its loss stopped being finite")
    } else if isDone {
      standing = (.done, acceptance(of: places))
    } else {
      standing = whyNotDone(places, stale: stale)
    }
    func place(of kind: StageKind) -> Int? { places.first { kinds[$0] == kind } }
    let measures = plan.cells.measurePlaces(of: index)
    // A plan that is part of another may lack some.
    let measurePlaces =
      measures.count == cell.measures.count
      ? measures.map { Int($0) } : cell.measures.map { self.place(of: $0.key) }
    return CellResult(
      cell: cell, state: standing.state, reason: standing.reason,
      metrics: place(of: .test).map { kept.metrics(at: $0) } ?? [],
      history: place(of: .train).map { kept.history(at: $0) } ?? [],
      measures: zip(cell.measures, measurePlaces).map { result(of: $0, at: $1, stale: stale) })
  }

  /// Which of these stages are results of an older version that stand by a person's word.
  private func acceptance(of places: [Int]) -> String? {
    let sentences = acceptances.filter { acceptance in
      places.contains { place in
        kinds[place] == acceptance.kind
          && kept.result(at: place).map { $0.version < acceptance.to } ?? false
      }
    }.map(\.sentence)
    return sentences.isEmpty ? nil : sentences.joined(separator: "; ")
  }

  private func hasDiverged(_ place: Int) -> Bool {
    Self.diverging.contains(kinds[place]) && kept.result(at: place)?.diverged ?? false
  }

  private func result(of measure: CellMeasure, at place: Int?, stale: [Int: StaleCause]) -> MeasureResult {
    guard let place else { return MeasureResult(measure: measure, state: .missing, reason: "not yet run") }
    guard let result = kept.result(at: place) else {
      let (state, reason) = whyNotDone([place], stale: stale)
      return MeasureResult(measure: measure, state: state, reason: reason)
    }
    return MeasureResult(
      measure: measure, state: result.diverged ? .diverged : .done, metrics: kept.metrics(at: place),
      layers: kept.layers(at: place), points: measure.kind == .embedding ? points(of: measure.key) : [],
      storedFacts: result.facts)
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

  private func whyNotDone(_ places: [Int], stale: [Int: StaleCause]) -> (CellState, String?) {
    let unfinished = places.filter { !isDone($0) }
    for place in unfinished {
      if let failure = kept.failures[place] { return (.failed, "\(label(place)) failed: \(failure.firstLine)") }
    }
    for place in unfinished {
      if let (root, failure) = failedInput(of: place) {
        return (.missing, "waits for \(label(root)), which failed: \(failure.firstLine)")
      }
    }
    if !stale.isEmpty, let (root, cause) = unfinished.lazy.compactMap({ self.staleness(of: $0, stale) }).first {
      // One reason for all that an older version made; files have changed of one data set or source.
      if case .content = cause { return (.stale, "\(label(root)): \(cause.sentence)") }
      return (.stale, cause.sentence)
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

  /// Why a stage that was never begun is stale, or the nearest of its inputs, over any number of stages.
  private func staleness(of place: Int, _ stale: [Int: StaleCause]) -> (Int, StaleCause)? {
    guard recorded[place] == nil else { return nil }
    if let cause = stale[place] { return (place, cause) }
    return plan.stages.inputPlaces(of: place).lazy.filter { $0 >= 0 && !self.isDone(Int($0)) }
      .compactMap { self.staleness(of: Int($0), stale) }.first
  }

  /// The nearest input, over any number of stages, that failed.
  private func failedInput(of place: Int) -> (Int, StageFailure)? {
    for input in plan.stages.inputPlaces(of: place) where input >= 0 && !isDone(Int(input)) {
      if let failure = kept.failures[Int(input)] { return (Int(input), failure) }
      if let found = failedInput(of: Int(input)) { return found }
    }
    return nil
  }
}

extension StageFailure {
  /// The message up to its first line break.
  var firstLine: String { message.split(separator: "\n", maxSplits: 1).first.map(String.init) ?? "" }
}
