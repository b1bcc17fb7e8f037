import Engine
import Planner
import WorkerProtocol

/// Judges each test image by its nearest neighbours among the training images, by what the head is given.
///
/// Leaves `predictions.csv` as a `test` stage does, with the classes' shares of the vote for probabilities.
struct KNNStage {
  let request: StageRequest
  let passes: ModelPasses

  func run(_ context: StageContext) throws -> StageOutcome {
    let parameters = try MeasureParameters(request.parameters, of: request.kind)
    let options: NeighbourOptions = try parameters.analysis.options()
    let model = passes.model
    guard try model.trained() != nil else { return .withoutModel(context) }
    let votes = try passes.votes(
      try PassNeeds(parameters, request.inputs), coming: PassNeeds(companionsOf: request), context)
    for remark in votes.remarks(of: options) { context.log(remark) }
    try PredictionTable(model.test, of: model.data.store, probabilities: votes.shares)
      .write(to: request.outputFile(TestStage.predictionsName))
    let metrics = parameters.metrics.map { metric in
      MetricValue(split: "test", name: metric.rawValue, value: metric.value(votes.shares, of: model.test))
    }
    for metric in metrics { context.log("test \(metric.name) by neighbours \(metric.value)") }
    return StageOutcome(
      diverged: model.model.diverged, metrics: metrics.filter { $0.value.isFinite },
      facts: .object(votes.facts(of: options)))
  }
}

/// The same by the features of every layer: of the trained model, or as its training began.
package struct LayerwiseKNNStage {
  let request: StageRequest
  let passes: ModelPasses

  package init(request: StageRequest, passes: ModelPasses) {
    self.request = request
    self.passes = passes
  }

  package func run(_ context: StageContext) throws -> StageOutcome {
    let parameters = try MeasureParameters(request.parameters, of: request.kind)
    let options: LayerwiseOptions = try parameters.analysis.options()
    guard let state = options.states.first else { throw StageFailure.mismatched(request) }
    guard try passes.model.trained() != nil else { return .withoutModel(context) }
    let votes = try passes.layerVotes(
      try PassNeeds(parameters, request.inputs), coming: PassNeeds(companionsOf: request), context)
    return votes.outcome(
      state, options.vote, parameters.primary, of: passes.model.test, diverged: passes.model.model.diverged, context)
  }
}

/// The same of the source's weights, which have no head.
struct SourceKNNStage {
  let request: StageRequest

  func run(_ context: StageContext) throws -> StageOutcome {
    let parameters = try SourceMeasureParameters(request.parameters, of: request.kind)
    let options: LayerwiseOptions = try parameters.analysis.options()
    let device = try Device(request.device)
    let data = try TrainingData(request, options: parameters.training)
    let test = try data.source(.test)
    let network = try SourceTransfer(
      backbone: parameters.backbone,
      initialisation: .weights(try Safetensors.read(request.file(WeightsStage.modelName, of: "weights")).tensors),
      classes: test.outputs, options: parameters.training.network(channels: data.channels),
      stem: parameters.training.stem.engine, device: device
    ).network(seed: 0).network
    let layers = Array(network.probes.dropLast())
    let sizes = try LayerwiseNeighbours.sizes(network, of: test, probe: options.probe.engine, device: device)
      .filter { layers.contains($0.name) }
    let votes = try LayerwiseNeighbours(
      network: network, layers: layers, test: test,
      bank: data.bank(options.vote.bank, fraction: parameters.fraction, seed: parameters.seed), vote: options.vote,
      probe: options.probe.engine, device: device
    ).votes(
      in: LayerSearch.groups(sizes, queries: test.count, k: options.vote.k, budget: ModelPasses.standardBudget), context
    )
    return votes.outcome(.source, options.vote, parameters.primary, of: test, diverged: false, context)
  }
}

extension LayerVotes {
  /// A series of values of the metric for each part of the layers.
  fileprivate func outcome(
    _ state: MeasuredState, _ options: NeighbourOptions, _ metric: Planner.Metric, of test: StoredImageSource,
    diverged: Bool, _ context: StageContext
  ) -> StageOutcome {
    let series = FeaturePart.allCases.compactMap { part -> LayerSeries? in
      let own = results.filter { $0.part == part }
      guard !own.isEmpty else { return nil }
      // Where no layer has several forms there is nothing to tell apart.
      let hasParts = results.contains { $0.part != .all }
      return LayerSeries(
        state: ModelState(rawValue: state.rawValue), part: hasParts ? part.rawValue : nil, metric: metric.rawValue,
        layers: own.map(\.layer), values: own.map { metric.value($0.value.shares, of: test) })
    }
    for one in series {
      let name = one.part.map { " by \($0)" } ?? ""
      for (layer, value) in zip(one.layers, one.values) {
        context.log("\(state.rawValue), \(layer)\(name): \(metric.rawValue) \(value.map { "\($0)" } ?? "undefined")")
      }
    }
    var facts = LayerMeasures(series: series).facts
    if let votes = results.first?.value {
      for remark in votes.remarks(of: options) { context.log(remark) }
      facts.merge(votes.facts(of: options)) { own, _ in own }
    }
    facts["passes"] = .number(Double(passes))
    return StageOutcome(diverged: diverged, facts: .object(facts))
  }
}

extension Planner.Metric {
  /// The metric of probabilities for the images of a source, in its order.
  func value(_ probabilities: [Float], of source: StoredImageSource) -> Double {
    value(
      probabilities: probabilities, labels: source.labels, targets: source.targets, classes: source.classes)
  }
}

extension StageOutcome {
  /// What becomes of a measure where the training diverged before there was a model.
  static func withoutModel(_ context: StageContext) -> StageOutcome {
    context.log("the training diverged before its first validation: there is no model to measure")
    return StageOutcome(diverged: true)
  }
}

extension StageFailure {
  static func mismatched(_ request: StageRequest) -> StageFailure {
    StageFailure(
      .spec, "\(request.label): the parameters are not those of a \(request.kind.rawValue) stage",
      remedy: "run `graft` and `graft-worker` of the same build")
  }
}
