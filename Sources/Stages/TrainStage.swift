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
    let network = try Backbone.make(
      name: parameters.backbone, classes: training.classes, options: parameters.training.network, device: device)
    context.log(
      "\(parameters.backbone), \(parameters.initialisation.name), seed \(parameters.seed), fraction \(parameters.fraction)"
    )
    let record = try initialisation().apply(to: network, seed: seed)

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
      ])
    try TrainedModel(
      backbone: parameters.backbone, training: parameters.training, diverged: outcome.diverged,
      weights: result.bestWeights
    ).write(to: request.outputFolder)
    try DurableFiles.write(
      Array(JSONValue.array(record.map(\.record.json)).canonicalText.utf8),
      to: request.outputFile(InitialisationRecord.fileName))
    return outcome
  }

  private func initialisation() throws -> Initialisation {
    func source() throws -> StateDict {
      try Safetensors.read(request.file(WeightsStage.modelName, of: "weights")).tensors
    }
    let positional: Initialisation.Positional =
      switch parameters.training.backbone.positional {
      case .kept: .kept
      case .sampled: .sampled
      }
    return switch parameters.initialisation {
    case .random: .random
    case .statistics: .statistics(try source(), positional: positional)
    case .mixture(let depth): .transfer(try source(), upTo: depth, positional: positional)
    case .weights: .weights(try source())
    }
  }
}

extension TensorInitialisation {
  /// As the artifact keeps it.
  fileprivate var record: InitialisationRecord {
    let treatment: InitialisationRecord.Treatment =
      switch self.treatment {
      case .kept: .kept
      case .reset: .reset
      case .fresh: .fresh
      case .sampled(let mean, let deviation): .sampled(mean: mean, standardDeviation: deviation)
      }
    return InitialisationRecord(tensor: name, depth: depth, count: count, treatment: treatment)
  }
}
