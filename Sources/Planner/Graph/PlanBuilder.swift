/// Makes the stages of a study's points, shared ones once, each after its inputs. `PlanBuilder+Measures.swift` has those of
/// the analyses.
struct PlanBuilder {
  let study: Study
  let contents: [ContentRequest.ID: String]
  let folder: String

  private(set) var stages: [Stage] = []
  private var known: Set<StageKey> = []
  private var datasetKeys: [String: StageKey] = [:]
  /// The source of a backbone's weights: its stage and that stage's kind.
  private var sourceKeys: [String: (kind: StageKind, key: StageKey)] = [:]
  /// The parameters of a data set's `test` stages, with their text.
  private var testParameters: [String: (json: JSONValue, text: String)] = [:]

  init(study: Study, contents: [ContentRequest.ID: String], folder: String) {
    self.study = study
    self.contents = contents
    self.folder = folder
  }

  mutating func plan(filter: CellFilter?) -> Plan {
    let grid = study.grid
    let datasets = Dictionary(uniqueKeysWithValues: study.datasets.map { ($0.name, $0) })
    var cells: [Cell?] = Array(repeating: nil, count: grid.points.count)
    stages.reserveCapacity(grid.points.count * 2 + 16)
    let partners = PartnerIndex(grid)
    for position in grid.runningOrder {
      let point = grid.points[position]
      guard let dataset = datasets[grid.datasets[Int(point.dataset)]] else { continue }
      if let filter, !filter.matches(grid, point) { continue }
      cells[position] = cell(position, dataset, partners)
    }
    return Plan(
      study: study.name, cells: cells.compactMap { $0 }, stages: stages, resources: study.resources,
      reporting: study.reporting)
  }

  /// A point's model, and what it is made of.
  struct TrainedPoint {
    let dataset: StageKey
    /// The source of its weights, where it reads them: its stage and that stage's kind.
    let source: (kind: StageKind, key: StageKey)?
    let rateSearch: StageKey?
    let train: StageKey
  }

  private mutating func cell(_ position: Int, _ dataset: DeclaredDataset, _ partners: PartnerIndex) -> Cell {
    let grid = study.grid
    let point = grid.points[position]
    let id = grid.cellID(point)
    let trained = trained(point, id, dataset)
    var needed: [StageKind: StageKey] = [.dataset: trained.dataset, .train: trained.train]
    if let source = trained.source { needed[source.kind] = source.key }
    needed[.lrSearch] = trained.rateSearch
    let tested = testParameters(dataset)
    needed[.test] = add(
      Stage(
        kind: .test, parameters: tested.json, parametersText: tested.text,
        inputs: [StageInput(role: "model", key: trained.train), StageInput(role: "dataset", key: trained.dataset)],
        label: "test \(id.text)"))
    let measures = grid.analyses[Int(grid.asked[position])].flatMap { spec in
      self.measures(spec, of: position, id, trained, dataset, partners)
    }
    return Cell(
      id: id, dataset: dataset.name, backbone: grid.backbones[Int(point.backbone)].name,
      fraction: grid.fractions[Int(point.fraction)],
      initialisation: grid.initialisations[Int(point.initialisation)].name, seed: grid.seeds[Int(point.seed)],
      furtherAxes: grid.further[Int(point.further)], stages: needed, measures: measures,
      metric: dataset.options.metric.rawValue)
  }

  /// The stages up to a point's trained model.
  mutating func trained(_ point: GridPoint, _ id: CellID, _ dataset: DeclaredDataset) -> TrainedPoint {
    let grid = study.grid
    let backbone = grid.backbones[Int(point.backbone)].name
    let initialisation = grid.initialisations[Int(point.initialisation)]
    let fraction = grid.fractions[Int(point.fraction)]
    let seed = grid.seeds[Int(point.seed)]
    let metric = dataset.options.metric.rawValue
    let datasetKey = self.datasetKey(dataset)
    var inputs = [StageInput(role: "dataset", key: datasetKey)]
    let source = initialisation.readsWeights ? sourceKey(of: backbone) : nil
    if let source { inputs.append(StageInput(role: "weights", key: source.key)) }
    let variant = grid.variants[Int(point.variant)]
    let training = variant.options(for: initialisation)
    /// The stage that trains, or searches the rate of, the cell's model with a seed.
    func stage(_ kind: StageKind, seed: Int, label: String) -> Stage {
      let parameters: JSONValue = .object([
        "backbone": .string(backbone), "initialisation": .string(initialisation.name), "fraction": .number(fraction),
        "seed": .integer(seed), "metric": .string(metric), "training": training.canonical,
      ])
      // The canonical text of those parameters: members in ascending order, around the training text made once.
      var text = "{\"backbone\":\"\(backbone)\",\"fraction\":"
      text += JSONValue.number(fraction).canonicalText
      text += ",\"initialisation\":\"\(initialisation.name)\",\"metric\":\"\(metric)\",\"seed\":\(seed),\"training\":"
      text += training.text
      text += "}"
      return Stage(
        kind: kind, parameters: parameters, parametersText: text, inputs: inputs, manner: variant.manner, label: label)
    }
    var rateSearch: StageKey?
    if variant.searchesRate {
      // One search for all seeds of a setting.
      let search = add(
        stage(.lrSearch, seed: 0, label: "lr_search \(dataset.name)/\(backbone)/\(fraction)/\(initialisation.name)"))
      inputs.append(StageInput(role: "rate", key: search))
      rateSearch = search
    }
    let train = add(stage(.train, seed: seed, label: "train \(id.text)"))
    return TrainedPoint(dataset: datasetKey, source: source, rateSearch: rateSearch, train: train)
  }

  /// The stage's key; the stage itself is added where no equal one was.
  mutating func add(_ stage: Stage) -> StageKey {
    if known.insert(stage.key).inserted { stages.append(stage) }
    return stage.key
  }

  mutating func datasetKey(_ dataset: DeclaredDataset) -> StageKey {
    if let key = datasetKeys[dataset.name] { return key }
    let content = dataset.root.map { _ in contents[.dataset(dataset.name)] ?? ContentRequest.missing }
    var locations: [String: String] = [:]
    if let root = dataset.root { locations["root"] = DatasetsReader.joined(folder, root) }
    let key = add(
      Stage(
        kind: .dataset, parameters: DatasetParameters(options: dataset.options, content: content).canonical,
        locations: locations, label: "dataset \(dataset.name)"))
    datasetKeys[dataset.name] = key
    return key
  }

  /// The stage that gives a backbone's source weights; nil where the study names none.
  mutating func sourceKey(of backbone: String) -> (kind: StageKind, key: StageKey)? {
    if let known = sourceKeys[backbone] { return known }
    let stage: Stage
    switch study.weights[backbone] {
    case nil: return nil
    case .file(let path, let kind)?:
      let content = contents[.weights(backbone)] ?? ContentRequest.missing
      stage = Stage(
        kind: .weights, parameters: WeightsParameters(backbone: backbone, kind: kind, content: content).canonical,
        locations: ["file": DatasetsReader.joined(folder, path)], label: "weights \(backbone)")
    case .pretrain(let name, let seed, let training, let manner)?:
      guard let dataset = study.dataset(named: name) else { return nil }
      stage = Stage(
        kind: .pretrain,
        parameters: .object([
          "backbone": .string(backbone), "metric": .string(dataset.options.metric.rawValue), "seed": .integer(seed),
          "training": training,
        ]),
        inputs: [StageInput(role: "dataset", key: datasetKey(dataset))], manner: manner,
        label: "pretrain \(backbone) on \(name)")
    }
    let source = (stage.kind, add(stage))
    sourceKeys[backbone] = source
    return source
  }

  mutating func testParameters(_ dataset: DeclaredDataset) -> (json: JSONValue, text: String) {
    if let known = testParameters[dataset.name] { return known }
    let json = TestParameters(
      metrics: Metric.applicable(to: dataset.options.task), primary: dataset.options.metric
    ).canonical
    let made = (json, json.canonicalText)
    testParameters[dataset.name] = made
    return made
  }
}
