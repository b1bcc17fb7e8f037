import Planner
import Store

/// What can be seen to fail before it is run: files that are not there, and batches larger than the training sets whose
/// size is known by now.
struct PlannedFailures {
  /// A sentence each.
  private(set) var sentences: [String]

  init(of plan: Plan, _ loaded: LoadedStudy, reasons: PlanReasons, workspace: Workspace) throws {
    sentences = loaded.dataPresence.compactMap { presence in
      presence.fault.map { "\(presence.request.id): \($0)" }
    }
    sentences += try Self.largeBatches(plan, reasons, workspace)
  }

  /// One sentence for all stages of a batch size and a training set.
  private static func largeBatches(_ plan: Plan, _ reasons: PlanReasons, _ workspace: Workspace) throws -> [String] {
    let datasets = plan.stages.indices.filter { plan.stages.kinds[$0] == .dataset }.map { plan.stages[$0] }
    let records = try workspace.records(of: datasets)
    var found: [[Int]: (first: Int, count: Int)] = [:]
    for training in plan.trainings {
      let open = training.stages.filter { reasons.values[$0] != .done }
      let dataset = plan.stages[training.dataset]
      guard let first = open.first, let images = images(of: dataset, records[dataset.key], for: training),
        training.batchSize > images
      else { continue }
      let sizes = [training.batchSize, images]
      let before = found[sizes]
      found[sizes] = (min(before?.first ?? first, first), (before?.count ?? 0) + open.count)
    }
    return found.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { sizes, stages in
      let others = stages.count - 1
      return
        "\(plan.stages.label(at: stages.first))\(others > 0 ? " and \(others) more" : ""): batch_size \(sizes[0]) is "
        + "more than the \(sizes[1]) training images: set it to \(sizes[1]) or less, for small fractions by a rule"
    }
  }

  /// How many images: exactly where the data set is decoded, at most so many where Graft draws it; nil where it is not known.
  private static func images(of stage: Stage, _ record: StageRecord?, for training: PlannedTraining) -> Int? {
    let facts = record?.result?.facts
    if facts?["unknown_per_class"] != nil {
      // Images of several classes are not counted by class.
      return training.fraction >= 1 ? facts?["images"]?["train"]?.intValue : nil
    }
    if case .array(let classes)? = facts?["images_per_class"]?["train"] {
      let counts = classes.compactMap(\.intValue).filter { $0 > 0 }
      return counts.reduce(0) { $0 + min($1, max(1, Int((training.fraction * Double($1)).rounded()))) }
    }
    guard case .phantom(let phantom)? = try? DatasetParameters(stage.parameters).options.source else { return nil }
    return training.fraction >= 1 ? phantom.trainingImages : nil
  }
}
