/// Why a stage would run or is skipped.
public enum StageReason: Sendable, Hashable {
  /// It is done and its artifact lies in the store.
  case done
  case notYetRun
  /// It runs at this moment, or a run that ended without a word left it so.
  case running
  /// It was stopped, or its process ended; it goes on from its last checkpoint.
  case interrupted
  /// The last attempt failed; it is tried again.
  case failedBefore
  /// It was done, and its artifact is gone.
  case artifactMissing
  /// Something that it reads is not there yet.
  case inputWillRun(StageKey)
  /// Something that it reads failed.
  case inputFailed(StageKey)
  /// The last attempt failed, and failures are not tried again.
  case failed

  /// Whether a run would do it.
  public var wouldRun: Bool {
    switch self {
    case .notYetRun, .running, .interrupted, .failedBefore, .artifactMissing, .inputWillRun: true
    case .done, .inputFailed, .failed: false
    }
  }

  /// A name for scripts: `not_yet_run`.
  public var code: String {
    switch self {
    case .done: "done"
    case .notYetRun: "not_yet_run"
    case .running: "running"
    case .interrupted: "interrupted"
    case .failedBefore: "failed_before"
    case .artifactMissing: "artifact_missing"
    case .inputWillRun: "input_will_run"
    case .inputFailed: "input_failed"
    case .failed: "failed"
    }
  }

  /// The reason as a sentence; `label` names a stage to a person.
  public func sentence(label: (StageKey) -> String) -> String {
    switch self {
    case .done: "It is done."
    case .notYetRun: "It has not run yet."
    case .running: "It is running."
    case .interrupted: "It was interrupted and goes on from its last checkpoint."
    case .failedBefore: "It failed before and is tried again."
    case .artifactMissing: "It was done, but its artifact is gone."
    case .inputWillRun(let key): "It waits for \(label(key)), which has to run first."
    case .inputFailed(let key): "It waits for \(label(key)), which failed."
    case .failed: "It failed; `graft retry` tries it again."
    }
  }
}

/// What is recorded of a stage.
public enum RecordedStage: Sendable, Hashable {
  case waiting
  case ready
  case running
  /// Done; `hasArtifact` tells whether its artifact still lies in the store.
  case done(hasArtifact: Bool)
  case failed
  case stopped
}

extension Plan {
  /// Why each stage would run or is skipped, from what is recorded of them.
  ///
  /// - Parameters:
  ///   - records: What is recorded; a stage that is absent was never begun.
  ///   - retriesFailures: Whether a run tries again what failed before.
  public func reasons(
    records: [StageKey: RecordedStage], retriesFailures: Bool = true
  ) -> [StageKey: StageReason] {
    var reasons: [StageKey: StageReason] = [:]
    reasons.reserveCapacity(stages.count)
    // Inputs stand before what reads them, so one pass sees every input's reason first.
    for stage in stages {
      reasons[stage.key] = reason(of: stage, records[stage.key], retriesFailures, reasons)
    }
    return reasons
  }

  private func reason(
    of stage: Stage, _ record: RecordedStage?, _ retriesFailures: Bool, _ known: [StageKey: StageReason]
  ) -> StageReason {
    if case .done(hasArtifact: true)? = record { return .done }
    var awaited: StageKey?
    for input in stage.inputs {
      switch known[input.key] {
      case .failed?, .inputFailed?: return .inputFailed(input.key)
      case .done?: break
      default: awaited = input.key
      }
    }
    if case .failed? = record, !retriesFailures { return .failed }
    if let awaited { return .inputWillRun(awaited) }
    switch record {
    case .done: return .artifactMissing
    case .failed: return .failedBefore
    case .stopped: return .interrupted
    case .running: return .running
    case .waiting, .ready, nil: return .notYetRun
    }
  }
}
