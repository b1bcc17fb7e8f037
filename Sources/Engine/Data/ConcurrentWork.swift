import Dispatch
import Synchronization

/// Work on numbered items by several threads.
enum ConcurrentWork {
  /// Calls `body` once for each index in 0..<count, from up to `threads` threads, and returns when all are done. The order
  /// is not defined: a body must not depend on it.
  static func forEach(_ count: Int, threads: Int, _ body: @Sendable (Int) -> Void) {
    let workers = min(threads, count)
    guard workers > 1 else {
      for index in 0..<count { body(index) }
      return
    }
    let next = Atomic(0)
    DispatchQueue.concurrentPerform(iterations: workers) { _ in
      while true {
        let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
        if index >= count { return }
        body(index)
      }
    }
  }
}
