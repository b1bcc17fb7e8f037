import Foundation
import Planner
import Store
import WorkerProtocol

/// Makes of a stage of the plan what a worker is told.
struct StageRequests {
  private let plan: Plan
  private let workspace: Workspace
  private let options: RunOptions
  private let places: [StageKey: Int]

  /// - Throws: `RunError.disorderedPlan`.
  init(plan: Plan, workspace: Workspace, options: RunOptions) throws {
    self.plan = plan
    self.workspace = workspace
    self.options = options
    var places: [StageKey: Int] = [:]
    places.reserveCapacity(plan.stages.count)
    for (index, stage) in plan.stages.enumerated() { places[stage.key] = index }
    self.places = places
    for (index, stage) in plan.stages.enumerated() {
      for input in stage.inputs where (places[input.key] ?? index) >= index {
        throw RunError.disorderedPlan(label: stage.label)
      }
    }
  }

  /// The place of a stage in the plan; nil where it is not of it.
  func place(of key: StageKey) -> Int? { places[key] }

  /// For each stage the places of its inputs.
  var inputs: [[Int]] { plan.stages.map { $0.inputs.compactMap { places[$0.key] } } }

  func request(_ index: Int, attempt: Int64, slot: Int, companions: [Int]) -> StageRequest {
    let stage = plan.stages[index]
    return StageRequest(
      attempt: attempt, key: stage.key, kind: stage.kind, label: stage.label, parameters: stage.parameters,
      inputs: resolvedInputs(of: stage), locations: stage.locations, manner: stage.manner,
      outputFolder: workspace.outputFolder(attempt: attempt, kind: stage.kind, key: stage.key),
      checkpointFolder: workspace.checkpointFolder(key: stage.key), threads: options.threadsPerJob,
      device: options.devices.name(slot: slot), logFile: workspace.logFile(key: stage.key, attempt: attempt),
      companions: companions.map { plan.stages[$0] }.map {
        CompanionStage(key: $0.key, kind: $0.kind, parameters: $0.parameters, inputs: resolvedInputs(of: $0))
      })
  }

  /// An input whose artifact is gone though it was made.
  ///
  /// - Parameter leftFiles: Of each stage, whether it is done and left any.
  func lostInput(of index: Int, leftFiles: [Bool]) -> Stage? {
    for input in plan.stages[index].inputs {
      guard let place = places[input.key], leftFiles[place] else { continue }
      let stage = plan.stages[place]
      if access(workspace.artifactFolder(kind: stage.kind, key: stage.key), F_OK) != 0 { return stage }
    }
    return nil
  }

  private func resolvedInputs(of stage: Stage) -> [ResolvedInput] {
    stage.inputs.map { input in
      ResolvedInput(
        role: input.role, key: input.key,
        folder: places[input.key].map { workspace.artifactFolder(kind: plan.stages[$0].kind, key: input.key) } ?? "")
    }
  }
}

extension Plan {
  /// The stages in the order in which they should run when cells that match a filter come first, with all that they need;
  /// empty where that is the plan's own order. Among stages that come equally early the plan's order stays.
  func order(first filters: [CellFilter]) -> [Int32] {
    guard !filters.isEmpty else { return [] }
    var places: [StageKey: Int] = [:]
    for (index, stage) in stages.enumerated() { places[stage.key] = index }
    var classes = [Int](repeating: filters.count, count: stages.count)
    for (number, filter) in filters.enumerated() {
      var next = cells.filter(filter.matches).flatMap(\.allStages).compactMap { places[$0] }
      while let stage = next.popLast() {
        guard classes[stage] > number else { continue }
        classes[stage] = number
        next += stages[stage].inputs.compactMap { places[$0.key] }
      }
    }
    let order = stages.indices.sorted { (classes[$0], $0) < (classes[$1], $1) }
    return order.map { Int32($0) }
  }
}
