import Planner
import WorkerProtocol

/// How an attempt stands in the database.
public enum AttemptState: String, Sendable, Hashable, CaseIterable {
  case running, done, failed, stopped
}

/// One try at running a stage.
public struct AttemptRecord: Sendable, Hashable {
  public let number: Int64
  public let state: AttemptState
  /// Why it failed; nil for any other state.
  public let failure: StageFailure?
  public let threads: Int
  public let device: String
  public let started: Timestamp
  public let finished: Timestamp?
  /// How long it ran, by a clock that is never set.
  public let seconds: Double?
  public let cost: StageCost?
}

/// A stage that is done: what it had to say, and whether it left files.
public struct ResultRecord: Sendable, Hashable {
  public let diverged: Bool
  public let hasArtifact: Bool
  public let facts: JSONValue
}

/// What the workspace knows of a stage.
public struct StageRecord: Sendable, Hashable {
  /// The result, if it is done; one whose files are gone is not.
  public let result: ResultRecord?
  /// It was done, but its artifact is no longer there.
  public let isArtifactMissing: Bool
  public let lastAttempt: AttemptRecord?

  public var isDone: Bool { result != nil }

  /// Nothing is known of it.
  public static let none = StageRecord(result: nil, isArtifactMissing: false, lastAttempt: nil)
}
