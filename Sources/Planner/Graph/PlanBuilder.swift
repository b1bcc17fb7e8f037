import Dispatch
import Synchronization

/// Makes the stages of a study's points, shared ones once, each after its inputs. `PlanBuilder+Shared.swift` has those that
/// belong to no point.
struct PlanBuilder {
  let study: Study
  let contents: [ContentRequest.ID: String]
  let versions: KindVersions
  let folder: String
  let author: StageAuthor

  var stages = StageTable()
  private var cells = CellTable()
  /// By the data set's name.
  var datasetStages: [String: Stage] = [:]
  /// By the backbone's name.
  var sourceStages: [String: Stage] = [:]
  /// How images come to a network: training options and nothing else of a training.
  var seen: [Sight: JSONValue] = [:]
  var sourceMeasures: [SourceMeasure: Int] = [:]
  var distances: [DistanceMeasure: Int] = [:]

  init(study: Study, contents: [ContentRequest.ID: String], versions: KindVersions, folder: String) {
    self.study = study
    self.contents = contents
    self.versions = versions
    self.folder = folder
    author = StageAuthor(study)
  }

  /// Points whose keys are made at a time, before their stages are put in order.
  private static let windowLength = 1 << 14

  mutating func plan(filter: CellFilter?) -> Plan {
    let grid = study.grid
    let order = grid.runningOrder.filter { position in
      let point = grid.points[position]
      return author.datasets[Int(point.dataset)] != nil && filter?.matches(grid, point) ?? true
    }
    let each = 2 + (grid.analyses.map(\.count).max() ?? 0)
    stages = StageTable(capacity: order.count * each + 64)
    cells.reserve(cells: order.count, stagesEach: each + 2)
    let maker = pointKeys()
    for start in stride(from: 0, to: order.count, by: Self.windowLength) {
      let window = order[start..<min(start + Self.windowLength, order.count)]
      for (position, keys) in zip(window, Self.keys(of: window, maker)) { add(position, keys, maker) }
    }
    return Plan(
      study: study.name, author: author, cells: cells.sortedBySubject(), stages: stages, resources: study.resources,
      reporting: study.reporting, versions: versions)
  }

  private mutating func pointKeys() -> PointKeys {
    let grid = study.grid
    let shared = PointKeys.Shared(
      datasets: author.datasets.map { dataset in dataset.map { datasetStage($0).key } },
      sources: grid.backbones.map { backbone in sourceStage(of: backbone.name).map { ($0.kind, $0.key) } })
    return PointKeys(author, shared: shared, versions: versions, partners: PartnerIndex(grid))
  }

  /// The keys of the points, shared out to the machine's cores.
  private static func keys(of window: ArraySlice<Int>, _ maker: PointKeys) -> [PointKeys.Keys] {
    let length = 512
    let blocks = (window.count + length - 1) / length
    guard blocks > 1 else {
      var writer = KeyWriter()
      return window.map { maker.keys(of: $0, &writer) }
    }
    let results = Mutex([[PointKeys.Keys]](repeating: [], count: blocks))
    DispatchQueue.concurrentPerform(iterations: blocks) { block in
      let start = window.startIndex + block * length
      var writer = KeyWriter()
      let keys = window[start..<min(start + length, window.endIndex)].map { maker.keys(of: $0, &writer) }
      results.withLock { $0[block] = keys }
    }
    return results.withLock { $0.flatMap(\.self) }
  }

  /// Puts a point's stages in order.
  private mutating func add(_ position: Int, _ keys: PointKeys.Keys, _ maker: PointKeys) {
    let grid = study.grid
    let point = grid.points[position]
    guard let dataset = author.datasets[Int(point.dataset)] else { return }
    let trained = addTrained(position, dataset, keys.rateSearch, keys.train)
    let test = stages.add(keys.test, .test, .test, of: position, inputs: [trained.dataset, trained.train])
    var own = [trained.dataset]
    own.append(contentsOf: [trained.rateSearch, trained.source].compactMap(\.self))
    own.append(contentsOf: [trained.train, test])
    var measures: [Int] = []
    for (index, key) in zip(maker.analyses[Int(grid.asked[position])], keys.measures) {
      let spec = author.analyses[Int(index)]
      switch spec.subject {
      case nil: break
      case .dataset:
        if let options = spec.distance, let place = addDistance(options, dataset) { measures.append(place) }
      case .model where spec.isOfSource:
        if let place = addSourceMeasure(index, spec, of: position, dataset) { measures.append(place) }
      case .pair:
        guard let key, let partner = maker.partner(of: position, spec) else { break }
        var writer = KeyWriter()
        let other = grid.points[partner]
        let keys = maker.trained(other, &writer)
        let second = addTrained(partner, dataset, keys.rateSearch, keys.train)
        measures.append(
          stages.add(
            key, spec.kind, .pair(index, partner: Int16(other.initialisation)), of: position,
            inputs: [trained.dataset, trained.train, second.train]))
      case .predictions:
        guard let key else { break }
        measures.append(
          stages.add(key, spec.kind, .measure(index), of: position, inputs: [trained.dataset, test]))
      case .model:
        guard let key else { break }
        var inputs = [trained.dataset, trained.train]
        if spec.looksAtFirstWeights, let source = trained.source { inputs.append(source) }
        measures.append(stages.add(key, spec.kind, .measure(index), of: position, inputs: inputs))
      }
    }
    cells.add(position, stages: own, measures: measures)
  }

  /// Where a point's model stands, and what it is made of.
  private struct TrainedPoint {
    let dataset: Int
    /// The source of its weights, where it reads them.
    let source: Int?
    let rateSearch: Int?
    let train: Int
  }

  /// Puts the stages up to a point's trained model in order.
  private mutating func addTrained(
    _ position: Int, _ dataset: DeclaredDataset, _ rateSearch: StageKey?, _ train: StageKey
  ) -> TrainedPoint {
    let point = study.grid.points[position]
    let datasetPlace = addDataset(dataset)
    let readsWeights = study.grid.initialisations[Int(point.initialisation)].readsWeights
    let source = readsWeights ? addSource(of: study.grid.backbones[Int(point.backbone)].name) : nil
    // By their roles: dataset, rate, weights.
    var inputs = [datasetPlace]
    if let source { inputs.append(source) }
    var search: Int?
    if let rateSearch {
      let place = stages.add(rateSearch, .lrSearch, .rateSearch, of: position, inputs: inputs)
      inputs.insert(place, at: 1)
      search = place
    }
    return TrainedPoint(
      dataset: datasetPlace, source: source, rateSearch: search,
      train: stages.add(train, .train, .train, of: position, inputs: inputs))
  }
}
