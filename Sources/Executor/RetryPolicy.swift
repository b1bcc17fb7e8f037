import Planner
import WorkerProtocol

/// How often and when a stage is tried again after a failure that another try may spare.
public struct RetryPolicy: Sendable, Hashable {
  public var retries: Int
  public var firstDelay: Duration
  /// By how much each delay is longer than the one before.
  public var growth: Int

  public init(retries: Int = 2, firstDelay: Duration = .seconds(1), growth: Int = 4) {
    self.retries = retries
    self.firstDelay = firstDelay
    self.growth = growth
  }

  /// - Parameter number: 1 for the first retry. Delays stop growing after the tenth.
  func delay(beforeRetry number: Int) -> Duration {
    var delay = firstDelay
    for _ in 1..<max(2, min(number, 10)) where number > 1 { delay *= growth }
    return delay
  }
}

/// How a run is told to stop.
public enum StopMode: Sendable, Hashable {
  /// No new work; running stages write a checkpoint and stop.
  case afterCheckpoint
  /// Workers are killed.
  case atOnce
}
