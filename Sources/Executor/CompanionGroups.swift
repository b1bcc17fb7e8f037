import Planner

extension Plan {
  /// For each stage the group of those that measure the same model: run one after the other by one worker, they share
  /// passes over its images. Nil for stages that are by themselves; empty where all are.
  var companionGroups: [Int?] {
    var numbers: [StageKey: Int] = [:]
    var sizes: [Int] = []
    let groups = stages.map { stage -> Int? in
      guard stage.kind.isModelMeasure, let model = stage.inputs.first(where: { $0.role == "model" }) else { return nil }
      let number = numbers[model.key] ?? sizes.count
      if number == sizes.count {
        numbers[model.key] = number
        sizes.append(0)
      }
      sizes[number] += 1
      return number
    }
    guard sizes.contains(where: { $0 > 1 }) else { return [] }
    return groups.map { group in group.flatMap { sizes[$0] > 1 ? $0 : nil } }
  }
}
