import Foundation
import Planner
import Store

/// What the trainings that a plan would run take of a GPU, estimated from the arithmetic of its networks: a guide to what is
/// asked for, before anything was measured.
struct PlannedGPUTime {
  /// Floating-point operations; forward and backward passes.
  private(set) var operations = 0.0
  /// Trainings whose data sets or networks nothing is known of.
  private(set) var unknown = 0
  private var trainings = 0
  /// Operations a second that a GPU keeps up.
  let rate: Double

  /// A pass forward is two operations for each multiplication with addition, and one backward about twice as much.
  private static let operationsPerMultiplyAdd = 6.0
  /// So many trainings are looked at; of more, evenly spread ones stand for all.
  private static let mostLookedAt = 5000

  init(of plan: Plan, reasons: PlanReasons, rate: Double, workspace: Workspace) throws {
    self.rate = rate
    let places = plan.stages.indices.filter { place in
      [.train, .pretrain].contains(plan.stages.kinds[place]) && reasons.values[place].wouldRun
    }
    trainings = places.count
    let step = max(1, places.count / Self.mostLookedAt)
    var images: [StageKey: Int?] = [:]
    for place in stride(from: 0, to: places.count, by: step).map({ places[$0] }) {
      let stage = plan.stages[place]
      guard let dataset = stage.inputs.first(where: { $0.role == "dataset" })?.key else { continue }
      let count: Int?
      if let known = images[dataset] {
        count = known
      } else {
        count = try Self.trainingImages(of: dataset, plan, workspace)
        images[dataset] = .some(count)
      }
      if let one = Self.operations(of: stage, images: count) { operations += one } else { unknown += 1 }
    }
    operations *= Double(step)
    unknown *= step
  }

  /// What is to be said of it; nil where it is little, or nothing is known.
  var sentence: String? {
    let hours = operations / rate / 3600
    guard hours >= 0.05 else { return nil }
    let size = hours < 10 ? String(format: "%.1f", hours) : Int(hours.rounded()).description
    return "trainings: about \(size) GPU hours at \(Int(rate / 1e12)) TFLOP/s (--tflops); measures come on top"
      + (unknown > 0 ? "; \(min(unknown, trainings)) trainings on data that is not read yet are not in it" : "")
  }

  private static func operations(of stage: Stage, images: Int?) -> Double? {
    guard let images, let backbone = stage.parameters["backbone"]?.stringValue.flatMap({ BackboneCatalogue.named($0) }),
      let multiplyAdds = backbone.multiplyAdds, let training = stage.parameters["training"],
      let epochs = training["epochs"]?.doubleValue, let size = training["image_size"]?.doubleValue
    else { return nil }
    let fraction = stage.parameters["fraction"]?.doubleValue ?? 1
    let area = (size / 224) * (size / 224)
    return operationsPerMultiplyAdd * multiplyAdds * 1e9 * area * Double(images) * fraction * epochs
  }

  /// Of a data set that was read, that Graft makes itself, or that is published.
  private static func trainingImages(of key: StageKey, _ plan: Plan, _ workspace: Workspace) throws -> Int? {
    if let facts = try workspace.dossier(of: key)?.outcome?.facts { return facts["images"]?["train"]?.intValue }
    guard let stage = plan.stages[key], let options = try? DatasetParameters(stage.parameters).options else {
      return nil
    }
    switch options.source {
    case .phantom(let phantom): return phantom.trainingImages
    case .published(let published): return published.dataset.facts.trainingImages
    case .folder, .csv, .arrays: return nil
    }
  }
}
