import Foundation
import Planner
import WorkerProtocol

// A worker whose stages compute nothing and leave results of the form and size that real ones leave, so that what remains of
// a study's cost is orchestration: planning, handing out, recording, reading back.

/// Answers every stage at once. Numbers follow from the stage's key, so that a report has something to draw.
///
/// For looking at a run while it goes on, trainings take GRAFT_HOLLOW_SECONDS and tell how they come along, and stages whose
/// label contains GRAFT_HOLLOW_FAILS fail.
struct HollowRunner: StageRunner {
  /// Those of real tests, and as many more as `GRAFT_HOLLOW_METRICS` asks for in all.
  private static let metrics: [String] = {
    let own = ["accuracy", "macro_recall", "quadratic_kappa", "roc_auc"]
    let wanted = ProcessInfo.processInfo.environment["GRAFT_HOLLOW_METRICS"].flatMap(Int.init) ?? own.count
    return own + (own.count..<max(own.count, wanted)).map { "metric_\($0 + 1)" }
  }()
  private static let layers = ["embedding", "block 0", "block 1", "norm", "head"]

  func run(_ request: StageRequest, context: StageContext) throws -> StageOutcome {
    // From 0.5 to 1, by the key's first digits.
    let value = 0.5 + Double(Int(request.key.hex.prefix(6), radix: 16) ?? 0) / Double(0xFF_FFFF) / 2
    let environment = ProcessInfo.processInfo.environment
    if let part = environment["GRAFT_HOLLOW_FAILS"], !part.isEmpty, request.label.contains(part) {
      context.log("looked for \(part)")
      throw StageFailure(.data, "\(request.label) was told to fail", remedy: "leave GRAFT_HOLLOW_FAILS empty")
    }
    switch request.kind {
    case .dataset: return StageOutcome(facts: datasetFacts)
    case .pretrain, .train:
      if let seconds = environment["GRAFT_HOLLOW_SECONDS"].flatMap(Double.init) {
        try train(for: seconds, to: value, context)
      }
      return StageOutcome(
        history: (1...3).map { epoch in
          HistoryEntry(
            step: 10 * epoch, epoch: Double(epoch), learningRate: 0.001, trainingLoss: 1 / Double(epoch),
            validationLoss: 1.5 / Double(epoch), validationMetric: value * Double(epoch) / 3)
        }, facts: ["steps": 30, "batch_size": 32, "best_step": 30, "best_epoch": 3])
    case .test:
      return StageOutcome(
        metrics: Self.metrics.enumerated().map { place, name in
          MetricValue(split: "test", name: name, value: value / Double(place + 1))
        }, facts: ["images": 400, "loss": .number(1 - value)])
    case .l2:
      let series = LayerSeries(
        state: nil, metric: "l2", layers: Self.layers, values: Self.layers.indices.map { value * Double($0) })
      return StageOutcome(facts: .object(LayerMeasures(series: [series]).facts))
    case .knn: return StageOutcome(metrics: [MetricValue(split: "knn", name: "accuracy", value: value)])
    default: return StageOutcome()
    }
  }

  /// Twenty epochs in which a loss falls; ends early where it is told to stop.
  private func train(for seconds: Double, to value: Double, _ context: StageContext) throws {
    let epochs = 20
    for epoch in 1...epochs {
      Thread.sleep(forTimeInterval: seconds / Double(epochs))
      let loss = 2.3 / (1 + 0.4 * Double(epoch)) + 0.1 * value * abs(sin(Double(7 * epoch)))
      context.log("step \(10 * epoch)/\(10 * epochs): loss \(loss), lr 0.001")
      context.report(
        StageProgress(
          fraction: Double(epoch) / Double(epochs), position: "epoch \(epoch)/\(epochs)", loss: loss,
          metricName: "accuracy", metric: value * Double(epoch) / Double(epochs)))
      if context.shouldStop { throw StageStopped() }
    }
  }

  private var datasetFacts: JSONValue {
    let perClass: JSONValue = ["train": [200, 200], "val": [100, 100], "test": [200, 200]]
    return [
      "classes": ["0", "1"], "images": ["train": 400, "val": 200, "test": 400], "images_per_class": perClass,
      "unreadable": 0, "channels": 1, "mean": [0.5], "sd": [0.25],
    ]
  }
}

// `graft doctor` and the search for devices ask so.
if CommandLine.arguments.dropFirst().first == "--doctor" {
  print("{\"cuda_devices\":0}")
} else {
  exit(WorkerSession(runner: HollowRunner()).serve())
}
