import Engine
import Planner
import WorkerProtocol

/// Runs a stage of any kind with the engine: what `graft-worker` hands to its session.
public struct StageDispatcher: StageRunner {
  private let cache = PassCache()

  /// What a CUDA context, with libtorch's kernels loaded, takes of a device for each process; what libtorch tells leaves it
  /// out. An estimate on the safe side, in bytes.
  private static let processMemory: Int64 = 600 << 20

  /// Kinds that compute on the device that they are given.
  private static let onDevice = Set(
    [.pretrain, .lrSearch, .train] + StageKind.allCases.filter { $0.measure?.passesImages ?? false })

  public init() {}

  public func leavesFiles(_ request: StageRequest) -> Bool { request.kind != .noop }

  public func run(_ request: StageRequest, context: StageContext) throws -> StageOutcome {
    do {
      try Runtime.setThreads(request.threads)
      defer { cache.forget(after: request) }
      let device = Self.onDevice.contains(request.kind) ? try Device(request.device) : .cpu
      if device != .cpu { try device.measureMemoryAnew() }
      // Whether it ends well or not: one that ran out of memory says most.
      defer { if let peak = device.memory?.peak { context.reportDeviceMemory(Int64(peak) + Self.processMemory) } }
      switch request.kind {
      case .dataset: return try DatasetStage(request).run(context)
      case .weights: return try WeightsStage(request).run(context)
      case .pretrain: return try PretrainStage(request).run(context)
      case .lrSearch: return try RateSearchStage(request).run(context)
      case .train: return try TrainStage(request).run(context)
      case .test: return try TestStage(request: request, passes: cache.passes(request)).run(context)
      case .knn: return try KNNStage(request: request, passes: cache.passes(request)).run(context)
      case .layerwiseKNN:
        // That of source weights has no model.
        return request.inputs.contains { $0.role == "model" }
          ? try LayerwiseKNNStage(request: request, passes: cache.passes(request)).run(context)
          : try SourceKNNStage(request: request).run(context)
      case .layerImportance:
        return try LayerImportanceStage(request: request, passes: cache.passes(request)).run(context)
      case .l2: return try L2Stage(request: request, passes: cache.passes(request)).run(context)
      case .cka: return try CKAStage(request: request, passes: cache.passes(request)).run(context)
      case .crossCKA: return try CrossCKAStage(request: request).run(context)
      case .embedding: return try EmbeddingStage(request: request, passes: cache.passes(request)).run(context)
      case .distance: return try DistanceStage(request).run(context)
      case .testBootstrap: return try TestBootstrapStage(request: request).run(context)
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
