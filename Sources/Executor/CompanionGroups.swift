import Planner

extension Plan {
  /// For each stage the group of those that measure the same model: run one after the other by one worker, they share
  /// passes over its images. Nil for stages that are by themselves; empty where all are.
  var companionGroups: [Int?] {
    // By the model's place; most stages are none.
    var numbers = [Int32](repeating: -1, count: stages.count)
    var sizes: [Int] = []
    let groups = stages.indices.map { place -> Int? in
      guard stages.kinds[place].isModelMeasure,
        let model = stages.inputPlaces(of: place).first(where: { $0 >= 0 && stages.kinds[Int($0)] == .train })
      else { return nil }
      if numbers[Int(model)] < 0 {
        numbers[Int(model)] = Int32(sizes.count)
        sizes.append(0)
      }
      let number = Int(numbers[Int(model)])
      sizes[number] += 1
      return number
    }
    guard sizes.contains(where: { $0 > 1 }) else { return [] }
    return groups.map { group in group.flatMap { sizes[$0] > 1 ? $0 : nil } }
  }
}
