import Engine
import Files
import Foundation
import Planner
import WorkerProtocol

/// Trains one cell's model.
///
/// Leaves the model at its best checkpoint (`model.json`, `best.safetensors`) and `initialisation.json`: what was done to
/// each tensor before training.
struct TrainStage {
  let request: StageRequest
  let parameters: TrainParameters

  init(_ request: StageRequest) throws {
    self.request = request
    parameters = try TrainParameters(request.parameters)
  }

  func run(_ context: StageContext) throws -> StageOutcome {
    let device = try Device(request.device)
    let seed = UInt64(parameters.seed)
    let data = try TrainingData(request, options: parameters.training)
    let subset = Subset.positions(labels: data.store.labels(in: .train), fraction: parameters.fraction, seed: seed)
    let training = try data.source(.train, subset: subset)
    context.log(
      "\(parameters.backbone), \(parameters.initialisation), seed \(parameters.seed), fraction \(parameters.fraction)")
    let transfer = SourceTransfer(
      backbone: parameters.backbone, initialisation: try initialisation(), classes: training.classes,
      imageSize: parameters.training.imageSize, channels: data.channels, stem: parameters.training.stem.engine,
      device: device)
    let (network, record) = try transfer.network(seed: seed)
    for line in record.lines { context.log(line) }

    let model = ModelTraining(
      request: request, options: parameters.training, metric: parameters.metric, seed: parameters.seed,
      classes: training.classes)
    let result = try model.run(
      network, training: training, validation: try data.source(.validation), device: device, context: context)
    let outcome = result.outcome(
      metric: parameters.metric,
      facts: [
        "training_images": .number(Double(training.count)), "subset_digest": .string(Subset.digest(of: subset)),
        "parameters": .number(Double(network.parameterCount)),
      ].merging(record.facts) { $1 })
    try TrainedModel(
      backbone: parameters.backbone, training: parameters.training, diverged: outcome.diverged,
      weights: result.bestWeights
    ).write(to: request.outputFolder)
    try DurableFiles.write(
      Array(JSONValue.array(record.tensors.map(\.json)).canonicalText.utf8),
      to: request.outputFile("initialisation.json"))
    return outcome
  }

  private func initialisation() throws -> Initialisation {
    func source() throws -> StateDict {
      try Safetensors.read(request.file(WeightsStage.modelName, of: "weights")).tensors
    }
    switch parameters.initialisation {
    case "RI": return .random
    case "ST": return .statistics(try source())
    case "WT": return .weights(try source())
    case let other: throw StageFailure(.spec, "\(request.label): the initialisation \(other) is not known")
    }
  }
}

extension TensorInitialisation {
  /// `{"tensor": ..., "treatment": "sampled", "mean": ..., "sd": ...}`
  fileprivate var json: JSONValue {
    switch treatment {
    case .kept: ["tensor": .string(name), "treatment": "kept"]
    case .reset: ["tensor": .string(name), "treatment": "reset"]
    case .fresh: ["tensor": .string(name), "treatment": "fresh"]
    case .sampled(let mean, let deviation):
      ["tensor": .string(name), "treatment": "sampled", "mean": .number(mean), "sd": .number(deviation)]
    }
  }
}
