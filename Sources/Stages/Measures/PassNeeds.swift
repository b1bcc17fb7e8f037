import Engine
import Planner
import WorkerProtocol

/// What measures of one model take from passes of its images.
struct PassNeeds {
  /// How test images are passed, and where the network is looked at.
  struct TestPass: Hashable {
    /// As tests are made; what looks at no inner layer fits in any pass of this size.
    static let standardBatch = 64

    var batchSize = Self.standardBatch
    var probe = Probe.branch
  }

  /// Neighbours looked for at every layer.
  struct Layerwise: Hashable {
    var state: MeasuredState
    var probe: Probe
    var vote: NeighbourOptions
  }

  struct Similarity: Hashable {
    var estimator: CKAAccumulator.Estimator
    var pass: TestPass
  }

  private(set) var features = false
  private(set) var neighbours: [NeighbourOptions] = []
  private(set) var layerwise: [Layerwise] = []
  private(set) var similarities: [Similarity] = []
  private(set) var first: FirstWeights?
  /// The share of the training images that the model learned from, and the seed that chose them.
  private(set) var subset: (fraction: Double, seed: Int)?

  init() {}

  /// What the stages that follow a request at its worker need.
  init(companionsOf request: StageRequest) {
    for companion in request.companions where companion.kind != .test {
      guard let parameters = try? MeasureParameters(companion.parameters, of: companion.kind) else { continue }
      try? add(parameters, companion.inputs)
    }
  }

  /// What one stage needs.
  init(_ parameters: MeasureParameters, _ inputs: [ResolvedInput]) throws { try add(parameters, inputs) }

  private mutating func add(_ parameters: MeasureParameters, _ inputs: [ResolvedInput]) throws {
    first = first ?? FirstWeights(parameters, inputs)
    subset = (parameters.fraction, parameters.seed)
    let analysis = parameters.analysis
    switch analysis.kind {
    case .embedding: features = true
    case .knn:
      let options: NeighbourOptions = try analysis.options()
      if !neighbours.contains(options) { neighbours.append(options) }
    case .layerwiseKNN:
      let options: LayerwiseOptions = try analysis.options()
      for state in options.states where state != .source {
        let need = Layerwise(state: state, probe: options.probe.engine, vote: options.vote)
        if !layerwise.contains(need) { layerwise.append(need) }
      }
    case .cka:
      let options: SimilarityOptions = try analysis.options()
      let need = Similarity(
        estimator: options.estimator.engine, pass: TestPass(batchSize: options.batchSize, probe: options.probe.engine))
      if !similarities.contains(need) { similarities.append(need) }
    // What shares nothing with others passes its images itself.
    default: break
    }
  }

  /// The same without what looks at first weights.
  var ofTrained: PassNeeds {
    var needs = self
    needs.layerwise.removeAll { $0.state == .initial }
    needs.similarities = []
    needs.first = nil
    return needs
  }
}

extension ProbeSpec {
  var engine: Probe {
    switch self {
    case .branch: .branch
    case .residual: .residual
    }
  }
}

extension SimilarityOptions.Estimator {
  var engine: CKAAccumulator.Estimator {
    switch self {
    case .unbiased: .unbiased
    case .released: .released
    }
  }
}
