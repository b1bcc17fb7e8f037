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
  let parameters: TestParameters

  init(_ request: StageRequest) throws {
    self.request = request
    parameters = try TestParameters(request.parameters)
  }

  func run(_ context: StageContext) throws -> StageOutcome {
    let model = try TrainedModel.read(request.file(TrainedModel.fileName, of: "model"))
    guard let weights = model.weights else {
      context.log("the training diverged before its first validation: there is no model to test")
      return StageOutcome(diverged: true)
    }
    let device = try Device(request.device)
    let data = try TrainingData(request, options: model.training)
    let source = try data.source(.test)
    let network = try Backbone.make(
      name: model.backbone, classes: source.outputs, options: model.training.network(channels: data.channels),
      device: device)
    try network.load(weights)
    let evaluation = try Evaluation.of(network, on: source, device: device)
    try PredictionTable(
      images: source.positions.map(data.store.imagePath), classes: data.store.classes,
      labels: source.positions.map(data.store.label), probabilities: evaluation.probabilities
    ).write(to: request.outputFile(Self.predictionsName))

    let metrics = parameters.metrics.map { metric in
      MetricValue(
        split: "test", name: metric.rawValue,
        value: metric.value(
          probabilities: evaluation.probabilities, labels: evaluation.labels, targets: evaluation.targets,
          classes: evaluation.classes))
    }
    for metric in metrics { context.log("test \(metric.name) \(metric.value)") }
    var facts: [String: JSONValue] = [
      "images": .number(Double(source.count)), "loss": evaluation.loss.isFinite ? .number(evaluation.loss) : .null,
    ]
    if let targets = evaluation.targets {
      let areas = MultiLabelAUC.ofEach(
        scores: evaluation.probabilities, targets: targets, classes: evaluation.classes)
      facts["roc_auc_per_class"] = .array(areas.map { $0.isFinite ? .number($0) : .null })
    }
    return StageOutcome(
      diverged: model.diverged, metrics: metrics.filter { $0.value.isFinite }, facts: .object(facts))
  }
}
