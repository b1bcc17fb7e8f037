import Executor
import Foundation
import Synchronization

/// Ctrl-C and SIGTERM from the first moment of a command: before there is a run to stop, they end the process.
final class RunSignals {
  private let receiver: Receiver
  private let signals: InterruptSignals

  init() {
    let receiver = Receiver()
    self.receiver = receiver
    signals = InterruptSignals { receiver.take($0) }
  }

  /// From now on signals go there.
  func pass(to stop: @escaping @Sendable (StopMode) -> Void) { receiver.pass(to: stop) }
}

/// Who is told of a signal.
private final class Receiver: Sendable {
  private let stop = Mutex<(@Sendable (StopMode) -> Void)?>(nil)

  func pass(to stop: @escaping @Sendable (StopMode) -> Void) { self.stop.withLock { $0 = stop } }

  func take(_ mode: StopMode) {
    guard let stop = stop.withLock({ $0 }) else { exit(ExitStatus.stopped.rawValue) }
    stop(mode)
  }
}
