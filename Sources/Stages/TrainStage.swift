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
      "\(parameters.backbone), \(parameters.initialisation), seed \(parameters.seed), fraction \(parameters.fraction)")
    let (network, record) = try cell.network()
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
      ])
    try TrainedModel(
      backbone: parameters.backbone, training: parameters.training, diverged: outcome.diverged,
      weights: result.bestWeights
    ).write(to: request.outputFolder)
    try DurableFiles.write(
      Array(JSONValue.array(record.map(\.json)).canonicalText.utf8), to: request.outputFile("initialisation.json"))
    return outcome
  }

  /// How the cell's weights begin.
  func initialisation() throws -> Initialisation {
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
