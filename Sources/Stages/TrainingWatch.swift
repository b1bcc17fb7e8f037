import Engine
import Foundation
import Planner
import WorkerProtocol

/// What a person can watch of a training while it runs: progress, lines of the log, TensorBoard's event file.
final class TrainingWatch {
  private let request: StageRequest
  private let manner: StageManner
  private let metric: Planner.Metric
  private let part: (index: Int, count: Int)
  private let context: StageContext
  private var events: EventFile?

  /// - Parameter part: Which of how many trainings of the stage it is. A stage of several writes no event file.
  init(
    _ request: StageRequest, metric: Planner.Metric, part: (index: Int, count: Int), context: StageContext
  ) throws {
    self.request = request
    self.metric = metric
    self.part = part
    self.context = context
    manner = try StageManner(request.manner)
  }

  /// Looks at the training after a step.
  ///
  /// - Throws: `FileFault` where the event file cannot be written.
  func observe(_ progress: TrainingProgress) throws {
    context.report(
      StageProgress(
        fraction: (Double(part.index) + Double(progress.step) / Double(progress.totalSteps)) / Double(part.count),
        position: "epoch \(min(Int(progress.epoch) + 1, progress.epochs))/\(progress.epochs)", loss: progress.loss,
        metricName: metric.rawValue, metric: progress.lastValidation?.validationMetric))
    let isDue = progress.step % manner.logInterval == 0
    if isDue {
      context.log(
        "step \(progress.step)/\(progress.totalSteps): loss \(progress.loss), lr \(progress.learningRate)")
    }
    guard manner.writesEvents, request.kind != .lrSearch, let logFile = request.logFile else { return }
    if events == nil {
      let folder = (logFile as NSString).deletingLastPathComponent
      events = try EventFile(
        path: "\(folder)/\(EventFile.name(attempt: request.attempt))", firstStep: progress.step,
        clock: { Date().timeIntervalSince1970 })
    }
    var scalars: [EventFile.Scalar] = []
    if isDue {
      scalars.append(EventFile.Scalar(tag: "training/loss", value: progress.loss))
      scalars.append(EventFile.Scalar(tag: "training/lr", value: progress.learningRate))
    }
    if let validation = progress.lastValidation, validation.step == progress.step {
      scalars.append(EventFile.Scalar(tag: "validation/loss", value: validation.validationLoss))
      scalars.append(EventFile.Scalar(tag: "validation/\(metric.rawValue)", value: validation.validationMetric))
      if let neighbours = validation.validationNeighbours {
        scalars.append(EventFile.Scalar(tag: "validation/knn", value: neighbours))
      }
    }
    if !scalars.isEmpty { try events?.write(scalars, step: progress.step) }
  }
}
