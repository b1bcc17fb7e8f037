import Engine
import Foundation
import Planner
import WorkerProtocol

/// Tests a model that a file holds, for `graft test --model`: of Graft's own making or of another program's.
enum CheckpointTest {
  /// The answer to a request in JSON.
  static func answer(to json: String) -> CheckpointTestAnswer {
    do {
      return try run(JSONDecoder().decode(CheckpointTestRequest.self, from: Data(json.utf8)))
    } catch {
      return .failure(StageFailure(explaining: error))
    }
  }

  private static func run(_ request: CheckpointTestRequest) throws -> CheckpointTestAnswer {
    try Runtime.setThreads(request.threads)
    let device = try Device(request.device)
    let options = try Planner.TrainingOptions(canonical: request.training)
    let data = try TrainingData(
      StoredImages(path: "\(request.dataset)/\(DatasetStage.storeName)"), options: options, threads: request.threads)
    let test = try data.source(.test)
    let network = try Backbone.make(
      name: request.backbone, classes: test.outputs, options: options.network(channels: data.channels), device: device)
    try network.load(SourceWeights.read(request.file, for: network, withHead: true).tensors)
    let evaluation = try Evaluation.of(network, on: test, device: device)
    let metrics = request.metrics.compactMap(Planner.Metric.init).map { metric in
      MetricValue(split: "test", name: metric.rawValue, value: metric.value(evaluation.probabilities, of: test))
    }
    return .metrics(metrics.filter { $0.value.isFinite }, images: test.count)
  }
}
