import Dispatch
import Foundation
import Synchronization

/// Work of many parts, of which any thread may do one.
protocol SharedWork: AnyObject, Sendable {
  /// Does a part that nobody has begun.
  ///
  /// - Returns: Whether there was one.
  func doOnePart() -> Bool
}

/// The threads that help those who have work for all cores: one less than there are cores, and one more for each thread that
/// waits for parts of its work. They take from the newest work first, which an older one waits for where they are nested.
enum HelperThreads {
  private struct State {
    /// Work that may have parts left, the newest last.
    var open: [any SharedWork] = []
    /// Threads that look for parts.
    var busy = 0
    /// Threads that wait for `wake`.
    var idle = 0
    /// Threads that wait for parts of their own work.
    var waiting = 0

    var allowed: Int { HelperThreads.cores - 1 + waiting }
  }

  static let cores = ProcessInfo.processInfo.activeProcessorCount
  private static let state = Mutex(State())
  private static let wake = DispatchSemaphore(value: 0)

  /// Has up to `helpers` threads look for parts of a work.
  static func offer(_ work: some SharedWork, helpers: Int) {
    guard helpers > 0, cores > 1 else { return }
    state.withLock { state in
      state.open.append(work)
      call(min(helpers, state.allowed - state.busy), &state)
    }
  }

  /// No part of a work is left that nobody has begun.
  static func close(_ work: some SharedWork) {
    state.withLock { state in state.open.removeAll { $0 === work } }
  }

  /// Waits for parts that others do; meanwhile another thread may help in this one's place.
  static func wait(_ body: () -> Void) {
    state.withLock { state in
      state.waiting += 1
      if !state.open.isEmpty { call(min(1, state.allowed - state.busy), &state) }
    }
    body()
    state.withLock { $0.waiting -= 1 }
  }

  private static func call(_ count: Int, _ state: inout State) {
    for _ in 0..<max(0, count) {
      state.busy += 1
      if state.idle > 0 {
        state.idle -= 1
        wake.signal()
      } else {
        Thread.detachNewThread { help() }
      }
    }
  }

  /// What a helper does, for as long as the program runs.
  private static func help() {
    while true {
      while let work = next() {
        if !work.doOnePart() { close(work) }
      }
      wake.wait()
    }
  }

  /// The work to take a part of; without one the thread is idle.
  private static func next() -> (any SharedWork)? {
    state.withLock { state in
      if state.busy <= state.allowed, let work = state.open.last { return work }
      state.busy -= 1
      state.idle += 1
      return nil
    }
  }
}
