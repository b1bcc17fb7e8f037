/// Why a stage would run or is skipped.
public enum StageReason: Sendable, Hashable {
  /// It is done and its artifact lies in the store.
  case done
  case notYetRun
  /// It was done, and something that it is made of is another now.
  case stale(StaleCause)
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
    case .notYetRun, .stale, .running, .interrupted, .failedBefore, .artifactMissing, .inputWillRun: true
    case .done, .inputFailed, .failed: false
    }
  }

  /// A name for scripts: `not_yet_run`.
  public var code: String {
    switch self {
    case .done: "done"
    case .notYetRun: "not_yet_run"
    case .stale: "stale"
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
    case .stale(let cause): "It is stale: \(cause.sentence)."
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

/// Why what was done once does not count any more.
public enum StaleCause: Sendable, Hashable {
  /// Code changed what the kind computes.
  case version(StageKind, from: Int, to: Int)
  /// The files of a data set or the weights are not those that were read.
  case content(doneOn: String)

  /// Without a full stop.
  public var sentence: String {
    switch self {
    case .version(let kind, let old, let new):
      "version \(old) of \(kind.rawValue) made it, and version \(new) makes it otherwise "
        + "(`graft accept \(kind.rawValue)` lets old results stand)"
    case .content(let date): "its files have changed since they were read on \(date)"
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
