import Planner
import Store

/// What can be seen to fail before it is run: files that are not there, and batches larger than the training sets whose
/// size is known by now.
struct PlannedFailures {
  /// A sentence each.
  private(set) var sentences: [String]

  init(of plan: Plan, _ loaded: LoadedStudy, records: [StageKey: StageRecord]) {
    sentences = loaded.dataPresence.compactMap { presence in
      presence.fault.map { "\(presence.request.id): \($0)" }
    }
    sentences += Self.largeBatches(plan, records)
  }

  /// One sentence for all stages of a batch size and a training set.
  private static func largeBatches(_ plan: Plan, _ records: [StageKey: StageRecord]) -> [String] {
    let stages = Dictionary(plan.stages.map { ($0.key, $0) }) { first, _ in first }
    var first: [[Int]: String] = [:]
    var counts: [[Int]: Int] = [:]
    for stage in plan.stages {
      guard let training = TrainingSet(stage), !(records[stage.key]?.isDone ?? false),
        let dataset = stage.inputs.first(where: { $0.role == "dataset" })?.key,
        let images = training.images(of: stages[dataset], records[dataset]), training.batchSize > images
      else { continue }
      let sizes = [training.batchSize, images]
      if first[sizes] == nil { first[sizes] = stage.label }
      counts[sizes, default: 0] += 1
    }
    return first.keys.sorted { $0.lexicographicallyPrecedes($1) }.map { sizes in
      let others = (counts[sizes] ?? 1) - 1
      return "\(first[sizes] ?? "")\(others > 0 ? " and \(others) more" : ""): batch_size \(sizes[0]) is more than the "
        + "\(sizes[1]) training images: set it to \(sizes[1]) or less, for small fractions by a rule"
    }
  }

  /// What a stage trains on.
  private struct TrainingSet {
    let batchSize: Int
    let fraction: Double

    init?(_ stage: Stage) {
      switch stage.kind {
      case .train, .lrSearch:
        guard let parameters = try? TrainParameters(stage.parameters) else { return nil }
        (batchSize, fraction) = (parameters.training.batchSize, parameters.fraction)
      case .pretrain:
        guard let parameters = try? PretrainParameters(stage.parameters) else { return nil }
        (batchSize, fraction) = (parameters.training.batchSize, 1)
      default: return nil
      }
    }

    /// How many images: exactly where the data set is decoded, at most so many where Graft draws it; nil where it is not known.
    func images(of stage: Stage?, _ record: StageRecord?) -> Int? {
      let facts = record?.result?.facts
      if facts?["unknown_per_class"] != nil {
        // Images of several classes are not counted by class.
        return fraction >= 1 ? facts?["images"]?["train"]?.intValue : nil
      }
      if case .array(let classes)? = facts?["images_per_class"]?["train"] {
        let counts = classes.compactMap(\.intValue).filter { $0 > 0 }
        return counts.reduce(0) { $0 + min($1, max(1, Int((fraction * Double($1)).rounded()))) }
      }
      guard let stage, case .phantom(let phantom)? = try? DatasetParameters(stage.parameters).options.source else {
        return nil
      }
      return fraction >= 1 ? phantom.trainingImages : nil
    }
  }
}
