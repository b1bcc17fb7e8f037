import Planner
import Store
import WorkerProtocol

/// Is told what happens in a run, in order, one event at a time. Should be quick: the run waits for it.
public protocol RunObserver: Sendable {
  func observe(_ event: RunEvent)
}

/// Something that happened in a run.
public enum RunEvent: Sendable {
  /// The workspace is in order and the run begins.
  case began(RunCounts, RecoveryReport)
  case started(Stage, attempt: Int64, slot: Int)
  case progressed(Stage, slot: Int, StageProgress)
  case finished(Stage, StageOutcome, seconds: Double)
  /// `retryAfter` is nil where it is not tried again.
  case failed(Stage, StageFailure, retryAfter: Duration?)
  case stopped(Stage)
  case blocked(Stage, by: Stage)
  case stopping(StopMode)
  /// Something outside keeps the run from going on; it goes on by itself.
  case waiting(Hindrance)
  /// After each change, and about once a second while stages report.
  case counted(RunCounts, Estimate?)
  case ended(RunSummary)
}

/// What a run waits for.
public enum Hindrance: Sendable, Hashable {
  /// Workers of an earlier run on another machine, which are gone after so many seconds.
  case workersElsewhere(seconds: Double)
}

/// What a run expected to take in all, to be held against what it took; in seconds.
public struct Forecast: Sendable, Hashable {
  /// When that was expected, from the run's beginning.
  public let after: Double
  /// Whether half of the stages were done by then.
  public let isHalfway: Bool
  public let seconds: Double
  public let low: Double
  public let high: Double
}

/// How many stages are in which state.
public struct RunCounts: Sendable, Hashable {
  public var total = 0
  public var done = 0
  /// Of those, the ones that were done before this run began.
  public var doneBefore = 0
  public var running = 0
  public var failed = 0
  /// Cannot run because of a failed one.
  public var blocked = 0

  public init() {}
}

/// How a run ended.
public struct RunSummary: Sendable {
  public enum Ending: Sendable, Hashable {
    /// Every stage is done.
    case complete
    /// Some stages failed or wait for failed ones; the rest is done.
    case incomplete
    /// It was told to stop.
    case stopped
  }

  public var ending: Ending
  public var counts: RunCounts
  public var failures: [(stage: Stage, failure: StageFailure)]
  public var seconds: Double
  /// Of a complete run: what it was expected to take early on, and halfway.
  public var forecasts: [Forecast] = []
}

/// A run that could not go on. What was done is recorded.
public enum RunError: Error, Sendable {
  /// The worker's executable cannot be started.
  case workerCannotStart(path: String, code: Int32)
  /// The worker ended before its greeting.
  case workerEndsAtOnce(status: Int32, output: String)
  /// The worker speaks another version of the protocol.
  case workerOfOtherVersion(Int)
  /// The plan holds a stage before one that it reads.
  case disorderedPlan(label: String)
  /// A CUDA device is asked for that the worker cannot use; `available` is how many it can.
  case deviceMissing(DeviceChoice, available: Int)
  /// There is nobody to run stages, and why.
  case noWorkers(StageFailure)
  case workspace(WorkspaceError)
  /// The lock's file was removed while the run went on, so that another run could take the workspace.
  case lockRemoved(workspace: String)
  /// This process may not hold as many files open as the run needs.
  case tooFewDescriptors(limit: Int, needed: Int)
  /// A stage, or the run itself, found no room to write in, or a disk that fails; it goes on with the next run.
  case diskFull(StageFailure)
}
