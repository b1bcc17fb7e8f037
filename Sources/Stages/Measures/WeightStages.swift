import Engine
import Planner
import WorkerProtocol

/// How far training moved the weights of each tensor and module.
struct L2Stage {
  let request: StageRequest
  let passes: ModelPasses

  func run(_ context: StageContext) throws -> StageOutcome {
    let parameters = try MeasureParameters(request.parameters, of: request.kind)
    let model = passes.model
    guard let first = FirstWeights(parameters, request.inputs) else { throw StageFailure.mismatched(request) }
    guard let trained = try model.trained() else { return .withoutModel(context) }
    let roles = Dictionary(uniqueKeysWithValues: trained.tensors.map { ($0.name, $0.role) })
    let distance = try WeightDistance(
      from: model.initial(first).stateDict(), to: trained.stateDict(), modules: trained.probes, roles: roles)
    func series(_ metric: String, _ entries: [WeightDistance.Entry]) -> LayerSeries {
      LayerSeries(state: nil, metric: metric, layers: entries.map(\.name), values: entries.map(\.value))
    }
    for entry in distance.modules {
      context.log("\(entry.name): \(entry.value.map { "\($0)" } ?? "nothing that counts")")
    }
    return StageOutcome(
      diverged: model.model.diverged,
      metrics: distance.total.map { [MetricValue(split: "weights", name: "l2_total", value: $0)] } ?? [],
      facts: .object(
        LayerMeasures(series: [series("l2", distance.modules), series("l2_tensor", distance.tensors)]).facts))
  }
}

/// What the test metric is after one module at a time has its first weights again, or weights drawn anew.
struct LayerImportanceStage {
  let request: StageRequest
  let passes: ModelPasses

  func run(_ context: StageContext) throws -> StageOutcome {
    let parameters = try MeasureParameters(request.parameters, of: request.kind)
    let model = passes.model
    let options: ReplacementOptions = try parameters.analysis.options()
    guard let first = FirstWeights(parameters, request.inputs) else { throw StageFailure.mismatched(request) }
    guard let network = try model.trained() else { return .withoutModel(context) }
    var weights = try model.initial(first).stateDict()
    if options.mode == .rerand { weights = try redrawn(weights, of: network, seed: parameters.seed) }
    let replacement = try ModuleReplacement(network, modules: network.probes, from: weights)
    var whole: [Float] = []
    var replaced = [[Float]](repeating: [], count: replacement.modules.count)
    try model.test.forEachBatch(of: PassNeeds.TestPass.standardBatch, on: model.device) { positions, images in
      let logits = try replacement.logits(images) { done in
        if context.shouldStop { throw StageStopped() }
        // Later modules take less: their passes are shorter.
        let share = Double(done) / Double(replacement.modules.count)
        let passed = Double(positions.lowerBound) + Double(positions.count) * share * (2 - share)
        context.report(
          StageProgress(
            fraction: passed / Double(model.test.count),
            position: "test images \(positions.upperBound)/\(model.test.count), module \(done)"))
      }
      whole += logits.whole
      for (index, values) in logits.replaced.enumerated() { replaced[index] += values }
    }
    func value(_ logits: [Float]) throws -> Double {
      parameters.primary.value(try Evaluation.of(logits: logits, of: model.test).probabilities, of: model.test)
    }
    let trained = try value(whole)
    let values = try replaced.map(value)
    let name = parameters.primary.rawValue
    for (module, value) in zip(replacement.modules, values) {
      context.log("\(module): \(name) \(value), whole \(trained)")
    }
    let series = [
      LayerSeries(state: .trained, metric: name, layers: replacement.modules, values: values),
      LayerSeries(
        state: .trained, metric: "relative_\(name)", layers: replacement.modules,
        values: values.map { trained == 0 ? nil : $0 / trained }),
    ]
    return StageOutcome(
      diverged: model.model.diverged,
      metrics: trained.isFinite ? [MetricValue(split: "test", name: name, value: trained)] : [],
      facts: .object(LayerMeasures(series: series).facts))
  }

  /// Weights drawn as statistics transfer draws them, by the mean and deviation of the first ones, positional tensors too,
  /// from streams that no initialisation uses.
  private func redrawn(_ weights: StateDict, of network: any Network, seed: Int) throws -> StateDict {
    let options = passes.model.model.training.network(channels: passes.model.data.channels)
    let other = try Backbone.make(
      name: passes.model.model.backbone, classes: passes.model.test.outputs, options: options,
      device: passes.model.device)
    try Initialisation.statistics(weights, positional: .sampled)
      .apply(to: other, seed: UInt64(seed), purpose: "rerand")
    return try other.stateDict()
  }
}
