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
    guard parameters.content != ContentRequest.missing else {
      throw StageFailure(
        .data, "no weights file \(file) for \(parameters.backbone)",
        remedy: "put the backbone's source weights there, as .safetensors, or name another file under `weights:`")
    }
    let source = try Safetensors.read(file).tensors
    let network = try Backbone.make(name: parameters.backbone, classes: 1000)
    try network.checkSource(source, what: file)
    var kept = StateDict()
    for entry in network.tensors where !entry.isHead {
      if let found = source[entry.name] { try kept.append(found.name, shape: found.shape, values: found.values) }
    }
    try Safetensors.write(kept, to: request.outputFile(Self.modelName))
    context.log("\(parameters.backbone): \(kept.entries.count) tensors from \(file)")
    return StageOutcome(facts: ["tensors": .number(Double(kept.entries.count))])
  }
}
