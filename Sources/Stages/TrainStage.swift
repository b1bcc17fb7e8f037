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
    let cell = try CellModel(request, parameters)
    context.log(
      "\(parameters.backbone), \(parameters.initialisation.name), seed \(parameters.seed), fraction \(parameters.fraction)"
    )
    let (network, record) = try cell.network()
    for line in record.lines { context.log(line) }
    let initialDigest = try network.stateDict().digest
    var course = cell.course
    if parameters.training.optimizer.learningRate == nil {
      let rate = try RateSearchStage.rate(request.file(RateSearchStage.rateName, of: "rate"))
      context.log("learning rate \(rate), as searched for")
      course.foundRate = rate
    }
    let result = try cell.train(network, course, context)
    let outcome = result.outcome(
      metric: parameters.metric,
      facts: [
        "training_images": .number(Double(cell.training.count)),
        "subset_digest": .string(Subset.digest(of: cell.subset)),
        "parameters": .number(Double(network.parameterCount)),
      ].merging(record.facts) { $1 })
    try TrainedModel(
      backbone: parameters.backbone, training: parameters.training, diverged: outcome.diverged,
      weights: result.bestWeights, initialDigest: initialDigest
    ).write(to: request.outputFolder)
    try DurableFiles.write(
      Array(JSONValue.array(record.tensors.map(\.record.json)).canonicalText.utf8),
      to: request.outputFile(InitialisationRecord.fileName))
    return outcome
  }

  /// How the cell's weights begin.
  func initialisation() throws -> Initialisation {
    let spec = parameters.initialisation
    return try spec.engine(
      source: spec.readsWeights ? request.file(WeightsStage.modelName, of: "weights") : nil,
      positional: parameters.training.backbone.positional)
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
