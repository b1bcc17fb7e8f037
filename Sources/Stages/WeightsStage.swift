import Engine
import Planner
import WorkerProtocol

/// Locates a backbone's source weights, verifies them against the backbone tensor by tensor, and keeps them in one form.
///
/// Leaves `model.safetensors`: float32, the backbone's own names, without a head. Positions keep the sizes that they have
/// in the file: what image size they are for is the cells' matter.
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
      throw StageFailure(.data, "no weights file \(file) for \(parameters.backbone)", remedy: fetching)
    }
    guard parameters.content != ContentRequest.oversized else {
      throw StageFailure(
        .data, "the weights file \(file) has more than \(ContentRequest.fileLimit >> 30) GiB, more than any weights",
        remedy: fetching)
    }
    let network = try Backbone.make(name: parameters.backbone, classes: 1)
    let source = try SourceWeights.read(file, for: network)
    try Safetensors.write(source.tensors, to: request.outputFile(Self.modelName))
    context.log(
      "\(parameters.backbone): \(source.tensors.entries.count) tensors from \(file) (\(source.format.rawValue)), "
        + "\(source.leftAside.count) left aside")
    var facts: [String: JSONValue] = [
      "tensors": .number(Double(source.tensors.entries.count)), "kind": .string(parameters.kind.rawValue),
      "format": .string(source.format.rawValue), "left_aside": .number(Double(source.leftAside.count)),
    ]
    if let first = source.furtherBlocks.first, let last = source.furtherBlocks.last {
      context.log("the file's blocks \(first) to \(last) are left out: \(parameters.backbone) has \(first)")
      facts["blocks_left_out"] = .string("\(first) to \(last)")
    }
    return StageOutcome(facts: .object(facts))
  }

  /// How to come by the file.
  private var fetching: String {
    let place =
      "put the backbone's source weights there, as .safetensors or .pth, or name another file under `weights:`"
    guard let published = PublicWeightsCatalogue.named(parameters.backbone, parameters.kind) else { return place }
    return "`\(published.command)` fetches \(published.fileName): name that under `weights:`, or \(place)"
  }
}
