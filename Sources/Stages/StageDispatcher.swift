import Engine
import Planner
import WorkerProtocol

/// Runs a stage of any kind with the engine: what `graft-worker` hands to its session.
public struct StageDispatcher: StageRunner {
  public init() {}

  public func run(_ request: StageRequest, context: StageContext) throws -> StageOutcome {
    do {
      try Runtime.setThreads(request.threads)
      switch request.kind {
      case .dataset: return try DatasetStage(request).run(context)
      case .weights: return try WeightsStage(request).run(context)
      case .pretrain: return try PretrainStage(request).run(context)
      case .lrSearch: return try RateSearchStage(request).run(context)
      case .train: return try TrainStage(request).run(context)
      case .test: return try TestStage(request).run(context)
      case .knn, .layerwiseKNN, .layerImportance, .l2, .cka, .crossCKA, .embedding, .distance:
        throw StageFailure(.spec, "\(request.kind.rawValue) cannot be run yet")
      case .noop: return StageOutcome()
      }
    } catch let stopped as StageStopped {
      throw stopped
    } catch is CancellationError {
      throw StageStopped()
    } catch {
      throw StageFailure(explaining: error)
    }
  }
}

extension StageRequest {
  /// A file of an input's artifact.
  ///
  /// - Throws: `StageFailure` where the request does not name that input.
  func file(_ name: String, of role: String) throws -> String {
    guard let input = inputs.first(where: { $0.role == role }) else {
      throw StageFailure(.spec, "\(label): the request has no input \(role)")
    }
    return "\(input.folder)/\(name)"
  }

  func outputFile(_ name: String) -> String { "\(outputFolder)/\(name)" }
}
