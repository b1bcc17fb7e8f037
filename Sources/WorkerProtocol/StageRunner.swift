import Files
import Foundation
import Synchronization

/// What runs a stage inside a worker process; handed to a `WorkerSession`.
public protocol StageRunner: Sendable {
  /// Does the stage's work: reads its inputs, writes its files into the output folder, looks at `context.shouldStop` at
  /// least every few seconds.
  ///
  /// - Throws: `StageFailure` for what is known to go wrong; `StageStopped` after `shouldStop`, with the checkpoint on
  ///   disk; any other error counts as a crash.
  func run(_ request: StageRequest, context: StageContext) throws -> StageOutcome

  /// Whether a stage may write files or print. One that does neither gets no folder and no log, which would cost more than
  /// the stage.
  func leavesFiles(_ request: StageRequest) -> Bool
}

extension StageRunner {
  public func leavesFiles(_ request: StageRequest) -> Bool { true }
}

/// Thrown by a runner that was asked to stop, and did after writing its checkpoint.
public struct StageStopped: Error, Sendable, Hashable {
  public init() {}
}

/// A running stage's way to the outside. May be used from any thread.
public final class StageContext: Sendable {
  private let stopping = Atomic<Bool>(false)
  /// The largest memory of the device that was told of; -1 for none.
  private let deviceMemory = Atomic<Int64>(-1)
  private let lastReport = Mutex<ContinuousClock.Instant?>(nil)
  private let deliver: @Sendable (StageProgress) -> Void
  /// Reports closer together than this are dropped, but for the one that completes the stage.
  private let reportInterval: Duration

  /// - Parameters:
  ///   - reportInterval: The least time between two reports that are delivered.
  ///   - deliver: Takes the progress reports that pass the rate limit.
  public init(
    reportInterval: Duration = .milliseconds(200), deliver: @escaping @Sendable (StageProgress) -> Void = { _ in }
  ) {
    self.reportInterval = reportInterval
    self.deliver = deliver
  }

  /// Whether the stage should write a checkpoint and throw `StageStopped`.
  public var shouldStop: Bool { stopping.load(ordering: .relaxed) }

  /// Makes `shouldStop` true for good.
  public func requestStop() { stopping.store(true, ordering: .relaxed) }

  /// Tells how far the stage is, for display. As cheap as a look at the clock when called too often.
  public func report(_ progress: StageProgress) {
    let now = ContinuousClock.now
    let isDue = lastReport.withLock { last in
      if let last, now - last < reportInterval, progress.fraction < 1 { return false }
      last = now
      return true
    }
    if isDue { deliver(progress) }
  }

  /// Tells how much memory of its device the stage has or had, in bytes; the largest counts, so that like stages can be
  /// packed by it.
  public func reportDeviceMemory(_ bytes: Int64) { deviceMemory.max(bytes, ordering: .relaxed) }

  /// What was told of, in bytes; nil for nothing.
  var peakDeviceMemory: Int64? {
    let peak = deviceMemory.load(ordering: .relaxed)
    return peak < 0 ? nil : peak
  }

  /// Writes a line to the attempt's log.
  public func log(_ text: String) {
    // Nothing can be done where the log itself cannot be written.
    try? DurableFiles.writeAll(Array("\(text)\n".utf8), to: STDERR_FILENO, path: "the log")
  }
}
