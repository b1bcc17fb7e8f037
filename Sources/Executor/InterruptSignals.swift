import Foundation
import Synchronization

/// Turns SIGINT and SIGTERM into calls while it lives: the first asks for a stop after checkpoints, the second at once.
public final class InterruptSignals {
  private let sources: [any DispatchSourceSignal]

  /// - Parameter onInterrupt: Called on a queue of its own with what is asked for.
  public init(_ onInterrupt: @escaping @Sendable (StopMode) -> Void) {
    let queue = DispatchQueue(label: "graft.signals")
    let hasAsked = FirstOnly()
    sources = [SIGINT, SIGTERM].map { number in
      // The source is told of the signal only where the system does not act on it.
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      source.setEventHandler { onInterrupt(hasAsked.isFirst() ? .afterCheckpoint : .atOnce) }
      source.resume()
      return source
    }
  }

  deinit {
    for source in sources { source.cancel() }
    for number in [SIGINT, SIGTERM] { signal(number, SIG_DFL) }
  }
}

/// Says yes once.
private final class FirstOnly: Sendable {
  private let asked = Mutex(false)

  func isFirst() -> Bool {
    asked.withLock { asked in
      defer { asked = true }
      return !asked
    }
  }
}
