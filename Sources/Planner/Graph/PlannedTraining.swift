/// Trainings of a plan that take as many images a step from the same images.
public struct PlannedTraining: Sendable, Hashable {
  public let batchSize: Int
  /// The share of the training images.
  public let fraction: Double
  /// Where the data set's stage stands among the plan's.
  public let dataset: Int
  /// Where the trainings stand, ascending.
  public fileprivate(set) var stages: [Int]
}

extension Plan {
  /// The `train`, `lr_search` and `pretrain` stages, those alike together, in the order of their first.
  public var trainings: [PlannedTraining] {
    var groups: [PlannedTraining] = []
    var known: [Likeness: Int] = [:]
    var batchSizes: [Int32: Int?] = [:]
    for (place, kind) in stages.kinds.enumerated() {
      guard [.train, .lrSearch, .pretrain].contains(kind),
        let dataset = stages.inputPlaces(of: place).first(where: { $0 >= 0 && stages.kinds[Int($0)] == .dataset })
      else { continue }
      let batchSize: Int?
      let fraction: Double
      if let (grid, point) = stages.point(at: place) {
        if batchSizes[point.variant] == nil {
          let options = try? TrainingOptions(canonical: grid.variants[Int(point.variant)].whole.canonical)
          batchSizes[point.variant] = options?.batchSize
        }
        batchSize = batchSizes[point.variant] ?? nil
        fraction = grid.fractions[Int(point.fraction)]
      } else {
        (batchSize, fraction) = Self.training(of: stages[place])
      }
      guard let batchSize else { continue }
      let likeness = Likeness(batchSize: batchSize, fraction: fraction, dataset: dataset)
      if let group = known[likeness] {
        groups[group].stages.append(place)
      } else {
        known[likeness] = groups.count
        groups.append(
          PlannedTraining(batchSize: batchSize, fraction: fraction, dataset: Int(dataset), stages: [place]))
      }
    }
    return groups
  }

  private struct Likeness: Hashable {
    let batchSize: Int
    let fraction: Double
    let dataset: Int32
  }

  /// What a stage that is kept as it is takes, a step and in all.
  private static func training(of stage: Stage) -> (batchSize: Int?, fraction: Double) {
    if stage.kind == .pretrain {
      return ((try? PretrainParameters(stage.parameters))?.training.batchSize, 1)
    }
    let parameters = try? TrainParameters(stage.parameters)
    return (parameters?.training.batchSize, parameters?.fraction ?? 1)
  }
}
