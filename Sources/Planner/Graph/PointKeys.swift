/// The keys of the stages that belong to one point: a pure function of the point, so that points can be shared out to
/// threads.
struct PointKeys: Sendable {
  /// The keys that shared stages have.
  struct Shared: Sendable {
    /// By the data set's position in the grid.
    var datasets: [StageKey?] = []
    /// By the backbone's position in the grid; nil where the study names no source.
    var sources: [(kind: StageKind, key: StageKey)?] = []
  }

  /// A point's keys, in the order in which its stages stand.
  struct Keys: Sendable {
    var rateSearch: StageKey?
    var train: StageKey
    var test: StageKey
    /// For each of the point's analyses: nil where it makes no stage of the point's own.
    var measures: [StageKey?]
  }

  private let author: StageAuthor
  private let shared: Shared
  private let versions: KindVersions
  private let partners: PartnerIndex
  /// The analyses of each entry of the grid's: positions in `author.analyses`.
  let analyses: [[Int16]]

  private let fractions: [[UInt8]]
  private let initialisations: [[UInt8]]
  private let seeds: [[UInt8]]
  private static let firstSeed: [UInt8] = [UInt8(ascii: "0")]
  /// By backbone and data set.
  private let training: [[ParameterTemplate]]
  /// By analysis and data set; nil where an analysis makes no stages of a point's own.
  private let measures: [[ParameterTemplate]?]
  /// The canonical text of the parameters of pairs, by analysis.
  private let pairs: [[UInt8]]
  /// The canonical text of the parameters of tests, by data set.
  private let tests: [[UInt8]]

  init(_ author: StageAuthor, shared: Shared, versions: KindVersions, partners: PartnerIndex) {
    let grid = author.study.grid
    self.author = author
    self.shared = shared
    self.versions = versions
    self.partners = partners
    analyses = grid.analyses.map { specs in
      specs.flatMap(\.parts).map { part in Int16(author.analyses.firstIndex(of: part) ?? 0) }
    }
    func bytes(_ value: JSONValue) -> [UInt8] { Array(value.canonicalText.utf8) }
    fractions = grid.fractions.map { bytes(.number($0)) }
    initialisations = grid.initialisations.map { bytes(.string($0.name)) }
    seeds = grid.seeds.map { bytes(.integer($0)) }
    tests = author.testParameters.map(bytes)
    pairs = author.analyses.map { bytes(.object($0.values)) }
    training = grid.backbones.map { backbone in
      author.datasets.map { dataset in
        ParameterTemplate(
          [
            "backbone": .string(backbone.name), "initialisation": .null, "fraction": .null, "seed": .null,
            "metric": .string(dataset?.options.metric.rawValue ?? ""), "training": .null,
          ], varying: ["initialisation", "fraction", "seed", "training"])
      }
    }
    measures = author.analyses.map { spec in
      guard spec.subject == .model && !spec.isOfSource || spec.subject == .predictions else { return nil }
      return author.datasets.map { dataset in
        let sample = dataset.map {
          MeasureParameters(
            analysis: spec, initialisation: .random, fraction: 1, seed: 0,
            metrics: Metric.applicable(to: $0.options.task), primary: $0.options.metric
          ).canonical
        }
        return ParameterTemplate(sample?.objectValue ?? [:], varying: ["initialisation", "fraction", "seed"])
      }
    }
  }

  /// The keys of a point of the grid.
  func keys(of position: Int, _ writer: inout KeyWriter) -> Keys {
    let grid = author.study.grid
    let point = grid.points[position]
    let dataset = datasetKey(point)
    let source = source(of: point)
    let (rateSearch, train) = trained(point, &writer)
    writer.begin(inputs: [("dataset", dataset), ("model", train)])
    writer.append(kind: .test)
    writer.append(tests[Int(point.dataset)])
    let test = writer.finish(version: versions[.test])
    let measures = analyses[Int(grid.asked[position])].map { index -> StageKey? in
      let spec = author.analyses[Int(index)]
      if spec.kind == .crossCKA {
        guard let partner = partners.partner(of: position, spec) else { return nil }
        let second = trained(grid.points[partner], &writer).train
        writer.begin(inputs: [("dataset", dataset), ("first", train), ("second", second)])
        writer.append(kind: .crossCKA)
        writer.append(pairs[Int(index)])
        return writer.finish(version: versions[.crossCKA])
      }
      guard let template = self.measures[Int(index)]?[Int(point.dataset)] else { return nil }
      if spec.subject == .predictions {
        writer.begin(inputs: [("dataset", dataset), ("test", test)])
      } else if spec.looksAtFirstWeights, let source {
        writer.begin(inputs: [("dataset", dataset), ("model", train), ("weights", source.key)])
      } else {
        writer.begin(inputs: [("dataset", dataset), ("model", train)])
      }
      writer.append(kind: spec.kind)
      template.write(filling(of: point, seed: seeds[Int(point.seed)], training: ""), to: &writer)
      return writer.finish(version: versions[spec.kind])
    }
    return Keys(rateSearch: rateSearch, train: train, test: test, measures: measures)
  }

  /// The position of the second of a pair; nil where there is none.
  func partner(of position: Int, _ spec: AnalysisSpec) -> Int? { partners.partner(of: position, spec) }

  /// The source of the weights that a point begins with; nil where it reads none.
  func source(of point: GridPoint) -> (kind: StageKind, key: StageKey)? {
    author.study.grid.initialisations[Int(point.initialisation)].readsWeights
      ? shared.sources[Int(point.backbone)] : nil
  }

  /// The keys up to a point's trained model.
  func trained(_ point: GridPoint, _ writer: inout KeyWriter) -> (rateSearch: StageKey?, train: StageKey) {
    let grid = author.study.grid
    let dataset = datasetKey(point)
    let source = source(of: point)
    let variant = grid.variants[Int(point.variant)]
    let training = variant.options(for: grid.initialisations[Int(point.initialisation)])
    let template = self.training[Int(point.backbone)][Int(point.dataset)]
    var rateSearch: StageKey?
    if variant.searchesRate {
      begin(dataset: dataset, rate: nil, source: source?.key, &writer)
      writer.append(kind: .lrSearch)
      template.write(filling(of: point, seed: Self.firstSeed, training: training.text), to: &writer)
      rateSearch = writer.finish(version: versions[.lrSearch])
    }
    begin(dataset: dataset, rate: rateSearch, source: source?.key, &writer)
    writer.append(kind: .train)
    template.write(filling(of: point, seed: seeds[Int(point.seed)], training: training.text), to: &writer)
    return (rateSearch, writer.finish(version: versions[.train]))
  }

  private func begin(dataset: StageKey, rate: StageKey?, source: StageKey?, _ writer: inout KeyWriter) {
    switch (rate, source) {
    case (nil, nil): writer.begin(inputs: [("dataset", dataset)])
    case (let rate?, nil): writer.begin(inputs: [("dataset", dataset), ("rate", rate)])
    case (nil, let source?): writer.begin(inputs: [("dataset", dataset), ("weights", source)])
    case (let rate?, let source?):
      writer.begin(inputs: [("dataset", dataset), ("rate", rate), ("weights", source)])
    }
  }

  private func filling(of point: GridPoint, seed: [UInt8], training: String) -> ParameterTemplate.Filling {
    ParameterTemplate.Filling(
      fraction: fractions[Int(point.fraction)], initialisation: initialisations[Int(point.initialisation)], seed: seed,
      training: training)
  }

  private func datasetKey(_ point: GridPoint) -> StageKey {
    guard let key = shared.datasets[Int(point.dataset)] else { preconditionFailure("a point of no data set") }
    return key
  }
}
