import Engine
import Planner
import WorkerProtocol

/// Trains a backbone from random weights on a source data set, so that its weights can be transferred.
///
/// Leaves `model.safetensors`: the best checkpoint without its head.
struct PretrainStage {
  let request: StageRequest
  let parameters: PretrainParameters

  init(_ request: StageRequest) throws {
    self.request = request
    parameters = try PretrainParameters(request.parameters)
  }

  func run(_ context: StageContext) throws -> StageOutcome {
    let device = try Device(request.device)
    let data = try TrainingData(request, options: parameters.training)
    let training = try data.source(.train)
    let network = try Backbone.make(
      name: parameters.backbone, classes: training.outputs,
      options: parameters.training.network(channels: data.channels), device: device)
    context.log("\(parameters.backbone) on the source data set, seed \(parameters.seed)")
    try Initialisation.random.apply(to: network, seed: UInt64(parameters.seed))
    let model = ModelTraining(
      request: request, options: parameters.training, metric: parameters.metric, seed: parameters.seed,
      classes: training.classes)
    let result = try model.run(
      network, training: training, validation: try data.source(.validation), device: device, context: context)
    guard let best = result.bestWeights, case .finished = result.end else {
      throw StageFailure(
        .spec, "\(request.label): the loss stopped being finite, so there are no source weights",
        remedy: "lower `lr` under `weights: {\(parameters.backbone): {pretrain: ...}}`")
    }
    var kept = StateDict()
    for entry in network.tensors where !entry.isHead {
      if let found = best[entry.name] { try kept.append(found.name, shape: found.shape, values: found.values) }
    }
    try Safetensors.write(kept, to: request.outputFile(WeightsStage.modelName))
    return result.outcome(
      metric: parameters.metric, facts: ["training_images": .number(Double(training.count))])
  }
}
