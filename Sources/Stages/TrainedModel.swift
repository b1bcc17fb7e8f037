import Engine
import Files
import Foundation
import Planner
import WorkerProtocol

/// What a `train` stage leaves for those that read its model: the best weights, and what they are weights of.
struct TrainedModel {
  /// The description; the weights lie beside it.
  static let fileName = "model.json"
  private static let weightsName = "best.safetensors"

  var backbone: String
  var training: Planner.TrainingOptions
  var diverged: Bool
  /// Nil where the training diverged before its first validation.
  var weights: StateDict?
  /// Of the weights before the first step; nil in models of earlier versions.
  var initialDigest: String?

  func write(to folder: String) throws {
    if let weights { try Safetensors.write(weights, to: "\(folder)/\(Self.weightsName)") }
    var description: [String: JSONValue] = [
      "backbone": .string(backbone), "training": training.canonical, "diverged": .bool(diverged),
      "has_weights": .bool(weights != nil),
    ]
    if let initialDigest { description["initial_digest"] = .string(initialDigest) }
    try DurableFiles.write(Array(JSONValue.object(description).canonicalText.utf8), to: "\(folder)/\(Self.fileName)")
  }

  /// - Throws: `StageFailure` where the file is not there or not a model's.
  static func read(_ path: String) throws -> TrainedModel {
    guard let data = FileManager.default.contents(atPath: path),
      let description = try? JSONDecoder().decode(JSONValue.self, from: data),
      let backbone = description["backbone"]?.stringValue, let training = description["training"],
      let diverged = description["diverged"]?.boolValue, let hasWeights = description["has_weights"]?.boolValue
    else {
      throw StageFailure(
        .data, "\(path) is missing or is no model's description",
        remedy: "remove that folder; the next run trains it again")
    }
    let folder = (path as NSString).deletingLastPathComponent
    return TrainedModel(
      backbone: backbone, training: try Planner.TrainingOptions(canonical: training), diverged: diverged,
      weights: hasWeights ? try Safetensors.read("\(folder)/\(weightsName)").tensors : nil,
      initialDigest: description["initial_digest"]?.stringValue)
  }
}
