/// Writes out the stages of a study's points: what they are told, and how they are called. An object: whoever looks at very many
/// cells or stages, on every core, looks at one.
final class StageAuthor: Sendable {
  let study: Study
  let names: GridNames
  /// The data sets by their position in the grid.
  let datasets: [DeclaredDataset?]
  /// What each of them is judged by.
  let metrics: [String]
  /// The analyses that stages are made of, each state of `layerwise_knn` by itself.
  let analyses: [AnalysisSpec]
  /// The canonical parameters of each data set's `test` stages.
  let testParameters: [JSONValue]

  init(_ study: Study) {
    self.study = study
    names = GridNames(study.grid)
    let named = Dictionary(study.datasets.map { ($0.name, $0) }) { first, _ in first }
    datasets = study.grid.datasets.map { named[$0] }
    metrics = datasets.map { $0?.options.metric.rawValue ?? "" }
    var analyses: [AnalysisSpec] = []
    for spec in study.grid.analyses.flatMap({ $0 }).flatMap(\.parts) where !analyses.contains(spec) {
      analyses.append(spec)
    }
    self.analyses = analyses
    testParameters = datasets.map { dataset in
      dataset.map {
        TestParameters(metrics: Metric.applicable(to: $0.options.task), primary: $0.options.metric).canonical
      } ?? .null
    }
  }

  /// A position of the grid's initialisations by its name.
  func initialisation(_ position: Int16) -> String { names.initialisations[Int(position)] }

  func parameters(of recipe: StageRecipe, at position: Int) -> JSONValue {
    let grid = study.grid
    let point = grid.points[position]
    switch recipe {
    case .whole, .noop: return .null
    case .train: return training(point, seed: grid.seeds[Int(point.seed)])
    // One search for all seeds of a setting.
    case .rateSearch: return training(point, seed: 0)
    case .test: return testParameters[Int(point.dataset)]
    case .measure(let index): return measured(point, analyses[Int(index)])
    case .pair(let index, _): return .object(analyses[Int(index)].values)
    }
  }

  private func training(_ point: GridPoint, seed: Int) -> JSONValue {
    let grid = study.grid
    let initialisation = grid.initialisations[Int(point.initialisation)]
    return .object([
      "backbone": .string(grid.backbones[Int(point.backbone)].name),
      "initialisation": .string(initialisation.name), "fraction": .number(grid.fractions[Int(point.fraction)]),
      "seed": .integer(seed), "metric": .string(datasets[Int(point.dataset)]?.options.metric.rawValue ?? ""),
      "training": grid.variants[Int(point.variant)].options(for: initialisation).canonical,
    ])
  }

  private func measured(_ point: GridPoint, _ spec: AnalysisSpec) -> JSONValue {
    let grid = study.grid
    guard let dataset = datasets[Int(point.dataset)] else { return .null }
    return MeasureParameters(
      analysis: spec, initialisation: grid.initialisations[Int(point.initialisation)],
      fraction: grid.fractions[Int(point.fraction)], seed: grid.seeds[Int(point.seed)],
      metrics: Metric.applicable(to: dataset.options.task), primary: dataset.options.metric
    ).canonical
  }

  func manner(of recipe: StageRecipe, at position: Int) -> JSONValue {
    switch recipe {
    case .train, .rateSearch: study.grid.variants[Int(study.grid.points[position].variant)].manner
    default: [:]
    }
  }

  func label(of recipe: StageRecipe, at position: Int) -> String {
    let point = study.grid.points[position]
    switch recipe {
    case .whole, .noop: return ""
    case .train: return "train " + names.cellID(point).text
    case .test: return "test " + names.cellID(point).text
    case .rateSearch: return "lr_search " + names.setting(of: point)
    case .measure(let index):
      let spec = analyses[Int(index)]
      return "\(spec.kind.rawValue) \(names.cellID(point).text)" + (spec.isOfInitialLayers ? " (initial)" : "")
    case .pair(_, let partner): return "cross_cka \(names.cellID(point).text) with \(initialisation(partner))"
    }
  }
}
