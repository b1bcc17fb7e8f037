import Engine
import Planner
import WorkerProtocol

/// Measures a trained model, at its best checkpoint, on the data set's test images.
///
/// Leaves `predictions.csv`: a row an image, its class (or of each class whether it shows it) and the probability of each,
/// so that any metric can be computed again. A diverged training that was never validated has no model: its test is diverged too, and measures nothing.
struct TestStage {
  static let predictionsName = "predictions.csv"

  let request: StageRequest
  let passes: ModelPasses

  func run(_ context: StageContext) throws -> StageOutcome {
    let parameters = try TestParameters(request.parameters)
    let model = passes.model
    guard try model.trained() != nil else { return .withoutModel(context) }
    let evaluation = try passes.evaluation(coming: PassNeeds(companionsOf: request), context)
    try PredictionTable(model.test, of: model.data.store, probabilities: evaluation.probabilities)
      .write(to: request.outputFile(Self.predictionsName))

    let metrics = parameters.metrics.map { metric in
      MetricValue(
        split: "test", name: metric.rawValue,
        value: metric.value(
          probabilities: evaluation.probabilities, labels: evaluation.labels, targets: evaluation.targets,
          classes: evaluation.classes))
    }
    for metric in metrics { context.log("test \(metric.name) \(metric.value)") }
    var facts: [String: JSONValue] = [
      "images": .number(Double(model.test.count)), "loss": evaluation.loss.isFinite ? .number(evaluation.loss) : .null,
    ]
    if let targets = evaluation.targets {
      let areas = MultiLabelAUC.ofEach(
        scores: evaluation.probabilities, targets: targets, classes: evaluation.classes)
      facts["roc_auc_per_class"] = .array(areas.map { $0.isFinite ? .number($0) : .null })
    }
    return StageOutcome(
      diverged: model.model.diverged, metrics: metrics.filter { $0.value.isFinite }, facts: .object(facts))
  }
}
