extension PlanBuilder {
  /// The stages of an analysis of a cell; none where the cell is not one that it looks at.
  mutating func measures(
    _ spec: AnalysisSpec, of position: Int, _ id: CellID, _ trained: TrainedPoint, _ dataset: DeclaredDataset,
    _ partners: PartnerIndex
  ) -> [CellMeasure] {
    switch spec {
    case .test: return []
    case .crossCKA:
      return pairMeasure(spec, of: position, id, trained, dataset, partners)
    case .distance(let options): return distance(options, dataset).map { [$0] } ?? []
    case .layerwiseKNN(let options, let probe, let states):
      return states.flatMap { state -> [CellMeasure] in
        let ofOne = AnalysisSpec.layerwiseKNN(options, probe: probe, states: [state])
        if state == .source { return sourceMeasure(ofOne, options, of: position, dataset) }
        return [
          modelMeasure(
            ofOne, of: position, trained, dataset, looksAtFirst: state == .initial,
            label: "layerwise_knn \(id.text)" + (state == .initial ? " (initial)" : ""))
        ]
      }
    case .knn, .embedding, .layerImportance, .l2, .cka:
      let looksAtFirst = [.layerImportance, .l2, .cka].contains(spec.kind)
      return [
        modelMeasure(
          spec, of: position, trained, dataset, looksAtFirst: looksAtFirst, label: "\(spec.kind.rawValue) \(id.text)")
      ]
    }
  }

  /// - Parameter looksAtFirst: Whether the model's first weights are made again, for which its source's are needed.
  private mutating func modelMeasure(
    _ spec: AnalysisSpec, of position: Int, _ trained: TrainedPoint, _ dataset: DeclaredDataset, looksAtFirst: Bool,
    label: String
  ) -> CellMeasure {
    let grid = study.grid
    let point = grid.points[position]
    let parameters = MeasureParameters(
      analysis: spec, initialisation: grid.initialisations[Int(point.initialisation)],
      fraction: grid.fractions[Int(point.fraction)], seed: grid.seeds[Int(point.seed)],
      metrics: Metric.applicable(to: dataset.options.task), primary: dataset.options.metric)
    var inputs = [StageInput(role: "model", key: trained.train), StageInput(role: "dataset", key: trained.dataset)]
    if looksAtFirst, let source = trained.source { inputs.append(StageInput(role: "weights", key: source.key)) }
    let key = add(Stage(kind: spec.kind, parameters: parameters.canonical, inputs: inputs, label: label))
    return CellMeasure(kind: spec.kind, key: key)
  }

  /// A measure of the source's weights on a data set: one stage for all cells that see the same images in the same way.
  private mutating func sourceMeasure(
    _ spec: AnalysisSpec, _ options: NeighbourOptions, of position: Int, _ dataset: DeclaredDataset
  ) -> [CellMeasure] {
    let grid = study.grid
    let point = grid.points[position]
    let backbone = grid.backbones[Int(point.backbone)]
    let variant = grid.variants[Int(point.variant)]
    guard let source = sourceKey(of: backbone.name),
      let training = try? TrainingOptions(canonical: Self.seeing(variant.whole.canonical, backbone))
    else { return [] }
    let fraction = options.bank == .split ? 1 : grid.fractions[Int(point.fraction)]
    let parameters = SourceMeasureParameters(
      analysis: spec, backbone: backbone.name, training: training, fraction: fraction,
      seed: fraction < 1 ? grid.seeds[Int(point.seed)] : 0, primary: dataset.options.metric)
    let key = add(
      Stage(
        kind: spec.kind, parameters: parameters.canonical,
        inputs: [StageInput(role: "weights", key: source.key), StageInput(role: "dataset", key: datasetKey(dataset))],
        label: "\(spec.kind.rawValue) \(dataset.name)/\(backbone.name)/\(fraction) (source)"))
    return [CellMeasure(kind: spec.kind, key: key)]
  }

  /// Training options with everything at its default but how images come to the network.
  private static func seeing(_ options: JSONValue, _ backbone: Backbone) -> JSONValue {
    var members = TrainingOptions.canonical(changes: [:], backbone: backbone).objectValue ?? [:]
    for name in ["image_size", "normalise", "stem", BackboneOptions.patchSizeName] { members[name] = options[name] }
    members["transforms"] = [
      "train": members["transforms"]?["train"] ?? [], "eval": options["transforms"]?["eval"] ?? [],
    ]
    return .object(members)
  }

  private mutating func pairMeasure(
    _ spec: AnalysisSpec, of position: Int, _ id: CellID, _ trained: TrainedPoint, _ dataset: DeclaredDataset,
    _ partners: PartnerIndex
  ) -> [CellMeasure] {
    let grid = study.grid
    guard let partner = partners.partner(of: position, spec) else { return [] }
    let point = grid.points[partner]
    let other = self.trained(point, grid.cellID(point), dataset)
    let name = grid.initialisations[Int(point.initialisation)].name
    let key = add(
      Stage(
        kind: .crossCKA, parameters: .object(spec.members),
        inputs: [
          StageInput(role: "first", key: trained.train), StageInput(role: "second", key: other.train),
          StageInput(role: "dataset", key: trained.dataset),
        ], label: "cross_cka \(id.text) with \(name)"))
    return [CellMeasure(kind: .crossCKA, key: key, partner: name)]
  }

  private mutating func distance(_ options: DistanceOptions, _ dataset: DeclaredDataset) -> CellMeasure? {
    var inputs = [StageInput(role: "dataset", key: datasetKey(dataset))]
    if let weights = sourceKey(of: options.backbone) { inputs.append(StageInput(role: "weights", key: weights.key)) }
    var statistics: String?
    var locations: [String: String] = [:]
    switch options.source {
    case .statistics(let path):
      statistics = contents[.statistics(path)] ?? ContentRequest.missing
      locations["statistics"] = DatasetsReader.joined(folder, path)
    case .dataset(let name):
      if let source = study.dataset(named: name) { inputs.append(StageInput(role: "source", key: datasetKey(source))) }
    }
    // Every data set is seen in the way that the source was learned in, or their statistics say nothing of each other.
    guard let backbone = BackboneCatalogue.named(options.backbone),
      let training = try? TrainingOptions(
        canonical: TrainingOptions.canonical(changes: ["normalise": ["kind": "imagenet"]], backbone: backbone))
    else { return nil }
    let parameters = DistanceParameters(backbone: options.backbone, training: training, statistics: statistics)
    let key = add(
      Stage(
        kind: .distance, parameters: parameters.canonical, inputs: inputs, locations: locations,
        label: "distance \(dataset.name) by \(options.backbone)"))
    return CellMeasure(kind: .distance, key: key)
  }
}
