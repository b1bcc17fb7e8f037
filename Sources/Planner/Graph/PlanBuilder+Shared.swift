/// The stages that belong to no point alone: data sets, source weights, and what is measured on those.
extension PlanBuilder {
  mutating func addDataset(_ dataset: DeclaredDataset) -> Int { stages.add(datasetStage(dataset)) }

  /// The data set's stage.
  mutating func datasetStage(_ dataset: DeclaredDataset) -> Stage {
    if let stage = datasetStages[dataset.name] { return stage }
    let content = dataset.root.map { _ in contents[.dataset(dataset.name)] ?? ContentRequest.missing }
    var locations: [String: String] = [:]
    if let root = dataset.root { locations["root"] = DatasetsReader.joined(folder, root) }
    let stage = Stage(
      kind: .dataset, version: versions[.dataset],
      parameters: DatasetParameters(options: dataset.options, content: content).canonical, locations: locations,
      label: "dataset \(dataset.name)")
    datasetStages[dataset.name] = stage
    return stage
  }

  /// Adds the stage that gives a backbone's source weights, after what it reads; nil where the study names none.
  mutating func addSource(of backbone: String) -> Int? {
    guard let stage = sourceStage(of: backbone) else { return nil }
    if let place = stages.place(of: stage.key) { return place }
    if case .pretrain(let name, _, _, _)? = study.weights[backbone], let dataset = study.dataset(named: name) {
      _ = addDataset(dataset)
    }
    return stages.add(stage)
  }

  /// The stage that gives a backbone's source weights; nil where the study names none.
  mutating func sourceStage(of backbone: String) -> Stage? {
    if let known = sourceStages[backbone] { return known }
    let stage: Stage
    switch study.weights[backbone] {
    case nil: return nil
    case .file(let path, let kind)?:
      let content = contents[.weights(backbone)] ?? ContentRequest.missing
      stage = Stage(
        kind: .weights, version: versions[.weights],
        parameters: WeightsParameters(backbone: backbone, kind: kind, content: content).canonical,
        locations: ["file": DatasetsReader.joined(folder, path)], label: "weights \(backbone)")
    case .pretrain(let name, let seed, let training, let manner)?:
      guard let dataset = study.dataset(named: name) else { return nil }
      stage = Stage(
        kind: .pretrain, version: versions[.pretrain],
        parameters: .object([
          "backbone": .string(backbone), "metric": .string(dataset.options.metric.rawValue), "seed": .integer(seed),
          "training": training,
        ]),
        inputs: [StageInput(role: "dataset", key: datasetStage(dataset).key)], manner: manner,
        label: "pretrain \(backbone) on \(name)")
    }
    sourceStages[backbone] = stage
    return stage
  }

  /// What tells how images come to a network: backbones may share a variant.
  struct Sight: Hashable {
    let backbone: Int32
    let variant: Int32
  }

  /// What tells measures of source weights from each other.
  struct SourceMeasure: Hashable {
    let analysis: Int16
    let dataset: Int32
    let sight: Sight
    let fraction: Double
    let seed: Int
  }

  /// Adds a measure of the source's weights on a data set: one stage for all cells that see the same images in the same way.
  mutating func addSourceMeasure(
    _ index: Int16, _ spec: AnalysisSpec, of position: Int, _ dataset: DeclaredDataset
  ) -> Int? {
    let grid = study.grid
    let point = grid.points[position]
    let backbone = grid.backbones[Int(point.backbone)]
    guard let options: LayerwiseOptions = try? spec.options() else { return nil }
    let fraction = options.vote.bank == .split ? 1 : grid.fractions[Int(point.fraction)]
    let seed = fraction < 1 ? grid.seeds[Int(point.seed)] : 0
    let measure = SourceMeasure(
      analysis: index, dataset: point.dataset, sight: Sight(backbone: point.backbone, variant: point.variant),
      fraction: fraction, seed: seed)
    if let known = sourceMeasures[measure] { return known }
    guard let source = addSource(of: backbone.name),
      let training = try? TrainingOptions(canonical: seeing(measure.sight, backbone))
    else { return nil }
    let parameters = SourceMeasureParameters(
      analysis: spec, backbone: backbone.name, training: training, fraction: fraction, seed: seed,
      primary: dataset.options.metric)
    let place = stages.add(
      Stage(
        kind: spec.kind, version: versions[spec.kind], parameters: parameters.canonical,
        inputs: [
          StageInput(role: "weights", key: stages.keys[source]),
          StageInput(role: "dataset", key: datasetStage(dataset).key),
        ], label: "\(spec.kind.rawValue) \(dataset.name)/\(backbone.name)/\(fraction) (source)"))
    sourceMeasures[measure] = place
    return place
  }

  /// Training options with everything at its default but how images come to the network.
  private mutating func seeing(_ sight: Sight, _ backbone: Backbone) -> JSONValue {
    if let known = seen[sight] { return known }
    let options = study.grid.variants[Int(sight.variant)].whole.canonical
    var members = TrainingOptions.canonical(changes: [:], backbone: backbone).objectValue ?? [:]
    for name in ["image_size", "normalise", "stem", BackboneOptions.patchSizeName] { members[name] = options[name] }
    members["transforms"] = [
      "train": members["transforms"]?["train"] ?? [], "eval": options["transforms"]?["eval"] ?? [],
    ]
    seen[sight] = .object(members)
    return .object(members)
  }

  /// Adds the distance of a data set's features from a source's.
  mutating func addDistance(_ options: DistanceOptions, _ dataset: DeclaredDataset) -> Int? {
    let measure = DistanceMeasure(options: options, dataset: dataset.name)
    if let known = distances[measure] { return known }
    var inputs = [StageInput(role: "dataset", key: stages.keys[addDataset(dataset)])]
    if let weights = addSource(of: options.backbone) {
      inputs.append(StageInput(role: "weights", key: stages.keys[weights]))
    }
    var statistics: String?
    var locations: [String: String] = [:]
    switch options.source {
    case .statistics(let path):
      statistics = contents[.statistics(path)] ?? ContentRequest.missing
      locations["statistics"] = DatasetsReader.joined(folder, path)
    case .dataset(let name):
      if let source = study.dataset(named: name) {
        inputs.append(StageInput(role: "source", key: stages.keys[addDataset(source)]))
      }
    }
    // Every data set is seen in the way that the source was learned in, or their statistics say nothing of each other.
    guard let backbone = BackboneCatalogue.named(options.backbone),
      let training = try? TrainingOptions(
        canonical: TrainingOptions.canonical(changes: ["normalise": ["kind": "imagenet"]], backbone: backbone))
    else { return nil }
    let parameters = DistanceParameters(backbone: options.backbone, training: training, statistics: statistics)
    let place = stages.add(
      Stage(
        kind: .distance, version: versions[.distance], parameters: parameters.canonical, inputs: inputs,
        locations: locations, label: "distance \(dataset.name) by \(options.backbone)"))
    distances[measure] = place
    return place
  }

  /// What tells distances from each other.
  struct DistanceMeasure: Hashable {
    let options: DistanceOptions
    let dataset: String
  }
}
