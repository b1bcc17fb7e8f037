extension Study {
  /// The study as cells and stages, each stage once.
  ///
  /// - Parameters:
  ///   - contents: The digest of each of `contentRequests`; one that is left out counts as missing.
  ///   - filter: Which cells are wanted; the plan holds them and what they need.
  ///   - folder: The study file's folder, which relative locations start from; empty leaves them relative.
  public func plan(contents: [ContentRequest.ID: String], filter: CellFilter? = nil, folder: String = "") -> Plan {
    var planning = Planning(study: self, contents: contents, folder: folder)
    return planning.plan(filter: filter)
  }
}

extension Plan {
  /// Stages that do nothing and depend on nothing, for measuring what orchestration costs.
  public static func noop(count: Int) -> Plan {
    let stages = (0..<count).map { index in
      Stage(kind: .noop, parameters: NoopParameters(index: index).canonical, label: "noop \(index)")
    }
    return Plan(study: "noop", cells: [], stages: stages, resources: Resources())
  }
}

/// Makes the stages of a study's points, shared ones once, each after its inputs.
private struct Planning {
  let study: Study
  let contents: [ContentRequest.ID: String]
  let folder: String

  private var stages: [Stage] = []
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
    for position in grid.runningOrder {
      let point = grid.points[position]
      guard let dataset = datasets[grid.datasets[Int(point.dataset)]] else { continue }
      if let filter, !filter.matches(grid, point) { continue }
      cells[position] = cell(grid, point, dataset)
    }
    return Plan(study: study.name, cells: cells.compactMap { $0 }, stages: stages, resources: study.resources)
  }

  private mutating func cell(_ grid: Grid, _ point: GridPoint, _ dataset: DeclaredDataset) -> Cell {
    let id = grid.cellID(point)
    let backbone = grid.backbones[Int(point.backbone)].name
    let initialisation = grid.initialisations[Int(point.initialisation)]
    let fraction = grid.fractions[Int(point.fraction)]
    let seed = grid.seeds[Int(point.seed)]
    let metric = dataset.options.metric.rawValue
    let datasetKey = self.datasetKey(dataset)
    var needed: [StageKind: StageKey] = [.dataset: datasetKey]
    var inputs = [StageInput(role: "dataset", key: datasetKey)]
    if initialisation.readsWeights, let source = sourceKey(of: backbone) {
      inputs.append(StageInput(role: "weights", key: source.key))
      needed[source.kind] = source.key
    }
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
    if variant.searchesRate {
      // One search for all seeds of a setting.
      let search = add(
        stage(.lrSearch, seed: 0, label: "lr_search \(dataset.name)/\(backbone)/\(fraction)/\(initialisation.name)"))
      inputs.append(StageInput(role: "rate", key: search))
      needed[.lrSearch] = search
    }
    let train = add(stage(.train, seed: seed, label: "train \(id.text)"))
    let tested = testParameters(dataset)
    let test = add(
      Stage(
        kind: .test, parameters: tested.json, parametersText: tested.text,
        inputs: [StageInput(role: "model", key: train), StageInput(role: "dataset", key: datasetKey)],
        label: "test \(id.text)"))
    needed[.train] = train
    needed[.test] = test
    return Cell(
      id: id, dataset: dataset.name, backbone: backbone, fraction: fraction, initialisation: initialisation.name,
      seed: seed, furtherAxes: grid.further[Int(point.further)], stages: needed, metric: metric)
  }

  /// The stage's key; the stage itself is added where no equal one was.
  private mutating func add(_ stage: Stage) -> StageKey {
    if known.insert(stage.key).inserted { stages.append(stage) }
    return stage.key
  }

  private mutating func datasetKey(_ dataset: DeclaredDataset) -> StageKey {
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
  private mutating func sourceKey(of backbone: String) -> (kind: StageKind, key: StageKey)? {
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

  private mutating func testParameters(_ dataset: DeclaredDataset) -> (json: JSONValue, text: String) {
    if let known = testParameters[dataset.name] { return known }
    let json = TestParameters(
      metrics: Metric.applicable(to: dataset.options.task), primary: dataset.options.metric
    ).canonical
    let made = (json, json.canonicalText)
    testParameters[dataset.name] = made
    return made
  }
}
