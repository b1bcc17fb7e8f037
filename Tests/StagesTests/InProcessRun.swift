import Foundation
import Planner
import Stages
import WorkerProtocol

/// A study's stages run one after the other in this process, each artifact a folder: no coordinator, no database.
final class InProcessRun {
  let plan: Plan
  let folder: URL
  private(set) var outcomes: [StageKey: StageOutcome] = [:]

  init(_ study: String) throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("graft-stages-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    plan = try StudyReader.read(text: study, fileName: "study.yaml").plan(contents: [:], folder: folder.path)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func artifact(_ key: StageKey) -> String { folder.appendingPathComponent(key.hex).path }

  func request(for stage: Stage) -> StageRequest {
    StageRequest(
      attempt: 1, key: stage.key, kind: stage.kind, label: stage.label, parameters: stage.parameters,
      inputs: stage.inputs.map { ResolvedInput(role: $0.role, key: $0.key, folder: artifact($0.key)) },
      locations: stage.locations, manner: stage.manner, outputFolder: artifact(stage.key),
      checkpointFolder: folder.appendingPathComponent("checkpoints/\(stage.key.hex)").path, threads: 1, device: "cpu")
  }

  @discardableResult
  func run(_ stage: Stage, context: StageContext = StageContext()) throws -> StageOutcome {
    try run(stage, request(for: stage), by: StageDispatcher(), context: context)
  }

  @discardableResult
  func run(
    _ stage: Stage, _ request: StageRequest, by dispatcher: StageDispatcher, context: StageContext = StageContext()
  ) throws -> StageOutcome {
    try FileManager.default.createDirectory(atPath: artifact(stage.key), withIntermediateDirectories: true)
    let outcome = try dispatcher.run(request, context: context)
    outcomes[stage.key] = outcome
    return outcome
  }

  func runAll() throws {
    for stage in plan.stages { try run(stage) }
  }

  func stages(_ kind: StageKind) -> [Stage] { plan.stages.filter { $0.kind == kind } }
}

/// One small target, both small backbones, all initialisations, one seed.
let smallStudy = """
  study: stages
  axes: {dataset: [grading], backbone: [resnet_micro, vit_micro], fraction: [0.5], init: [RI, ST, WT]}
  seeds: 1
  training:
    epochs: 2
    batch_size: 16
    image_size: 32
    optimizer: {name: adamw, lr: 1.0e-3, weight_decay: 1.0e-4}
    transforms:
      train: [{name: random_resized_crop, scale: [0.7, 1.0]}, {name: horizontal_flip}]
      eval: [{name: resize}, {name: center_crop}]
  datasets:
    shapes: {format: phantom, domain: source, images: {train: 100, val: 40, test: 40}, size: 40, seed: 7}
    grading: {format: phantom, domain: grading, images: {train: 80, val: 40, test: 40}, size: 40, seed: 8}
  weights:
    resnet_micro: {pretrain: {dataset: shapes, epochs: 1}}
    vit_micro: {pretrain: {dataset: shapes, epochs: 1}}
  """
