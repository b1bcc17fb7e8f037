import Engine
import Planner
import WorkerProtocol

/// Locates a backbone's source weights, verifies them against the backbone tensor by tensor, and keeps them in one form.
///
/// Leaves `model.safetensors`: float32, the backbone's own names, without a head.
struct WeightsStage {
  /// The file of the artifact that an initialisation reads; that of a `pretrain` stage has the same name.
  static let modelName = "model.safetensors"

  let request: StageRequest
  let parameters: WeightsParameters

  init(_ request: StageRequest) throws {
    self.request = request
    parameters = try WeightsParameters(request.parameters)
  }

  func run(_ context: StageContext) throws -> StageOutcome {
    guard let file = request.locations["file"] else {
      throw StageFailure(.spec, "\(request.label): the request does not say where the weights lie")
    }
    let weights = try SourceWeights.read(path: file, backbone: parameters.backbone)
    try Safetensors.write(weights, to: request.outputFile(Self.modelName))
    context.log("\(parameters.backbone): \(weights.count) tensors from \(file)")
    return StageOutcome(facts: ["tensors": .number(Double(weights.count))])
  }
}
