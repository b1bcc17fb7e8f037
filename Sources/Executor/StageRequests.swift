import Foundation
import Planner
import Store
import WorkerProtocol

/// Makes of a stage of the plan what a worker is told.
struct StageRequests {
  private let plan: Plan
  private let workspace: Workspace

  /// - Throws: `RunError.disorderedPlan`.
  init(plan: Plan, workspace: Workspace) throws {
    self.plan = plan
    self.workspace = workspace
    for place in plan.stages.indices where plan.stages.inputPlaces(of: place).contains(where: { $0 < 0 }) {
      throw RunError.disorderedPlan(label: plan.stages.label(at: place))
    }
  }

  /// The place of a stage in the plan; nil where it is not of it.
  func place(of key: StageKey) -> Int? { plan.stages.place(of: key) }

  /// For each stage the places of its inputs.
  var inputs: [[Int]] { plan.stages.indices.map { plan.stages.inputPlaces(of: $0).map { Int($0) } } }

  func request(
    _ index: Int, attempt: Int64, placement: StagePlacement, companions: [Int]
  ) -> StageRequest {
    let stage = plan.stages[index]
    return StageRequest(
      attempt: attempt, key: stage.key, kind: stage.kind, label: stage.label, parameters: stage.parameters,
      inputs: resolvedInputs(of: stage), locations: stage.locations, manner: stage.manner,
      outputFolder: workspace.outputFolder(attempt: attempt, kind: stage.kind, key: stage.key),
      checkpointFolder: workspace.checkpointFolder(key: stage.key), threads: placement.threads,
      device: placement.device, logFile: workspace.logFile(key: stage.key, attempt: attempt),
      companions: companions.map { plan.stages[$0] }.map {
        CompanionStage(key: $0.key, kind: $0.kind, parameters: $0.parameters, inputs: resolvedInputs(of: $0))
      })
  }

  /// An input whose artifact is gone though it was made.
  ///
  /// - Parameter leftFiles: Of each stage, whether it is done and left any.
  func lostInput(of index: Int, leftFiles: [Bool]) -> Stage? {
    for input in plan.stages.inputPlaces(of: index) where leftFiles[Int(input)] {
      let (kind, key) = (plan.stages.kinds[Int(input)], plan.stages.keys[Int(input)])
      if access(workspace.artifactFolder(kind: kind, key: key), F_OK) != 0 { return plan.stages[Int(input)] }
    }
    return nil
  }

  private func resolvedInputs(of stage: Stage) -> [ResolvedInput] {
    stage.inputs.map { input in
      ResolvedInput(
        role: input.role, key: input.key,
        folder: place(of: input.key).map { workspace.artifactFolder(kind: plan.stages.kinds[$0], key: input.key) } ?? ""
      )
    }
  }
}

extension Plan {
  /// The stages in the order in which they should run when cells that match a filter come first, with all that they need;
  /// empty where that is the plan's own order. Among stages that come equally early the plan's order stays.
  func order(first filters: [CellFilter]) -> [Int32] {
    guard !filters.isEmpty else { return [] }
    var classes = [Int](repeating: filters.count, count: stages.count)
    for (number, filter) in filters.enumerated() {
      let asked = cells.places(matching: filter).flatMap { cells.stagePlaces(of: $0) }
      for stage in stages.closure(of: asked.map { Int($0) }) { classes[stage] = min(classes[stage], number) }
    }
    let order = stages.indices.sorted { (classes[$0], $0) < (classes[$1], $1) }
    return order.map { Int32($0) }
  }
}
