import Planner
import WorkerProtocol

/// The passes of the model that was measured last, for the measures of the same model that follow. One at a time: a
/// worker's stages run one after the other.
///
/// Unchecked: only the thread that runs the stages uses it.
final class PassCache: @unchecked Sendable {
  private var current: (model: StageKey, threads: Int, passes: ModelPasses)?

  /// The passes of a request's model; those of another model are forgotten.
  func passes(_ request: StageRequest) throws -> ModelPasses {
    guard let model = request.inputs.first(where: { $0.role == "model" })?.key else {
      throw StageFailure.mismatched(request)
    }
    if let current, current.model == model, current.threads == request.threads { return current.passes }
    current = nil
    let passes = ModelPasses(try MeasuredModel(request))
    if !request.companions.isEmpty { current = (model, request.threads, passes) }
    return passes
  }

  /// What follows a stage without companions has nothing to take from it.
  func forget(after request: StageRequest) {
    if request.companions.isEmpty { current = nil }
  }
}
