import Dispatch
import Foundation
import Synchronization

/// Work that is the same for many things and depends on none of the others, on all cores.
public enum Parallel {
  /// What a function makes of each number below `count`, in order; `block` of them at a time go to one core. The function may
  /// do so itself: cores that have nothing left to do help.
  public static func map<Value: Sendable>(
    _ count: Int, block: Int = 1, _ body: @escaping @Sendable (Int) -> Value
  ) -> [Value] {
    let parts = (count + block - 1) / block
    let work = Work(parts) { part in
      var values: [Value] = []
      values.reserveCapacity(block)
      for index in part * block..<min(count, (part + 1) * block) { values.append(body(index)) }
      return values
    }
    HelperThreads.offer(work, helpers: parts - 1)
    while work.doOnePart() {}
    if parts > 1 { HelperThreads.close(work) }
    return work.values.flatMap(\.self)
  }

  /// Gives up something of very many parts on another thread: nobody waits until its memory is free.
  public static func giveUp(_ value: consuming some Sendable) {
    let held = consume value
    DispatchQueue.global().async { withExtendedLifetime(held) {} }
  }

  /// Parts of a piece of work, taken one by one by whoever helps.
  private final class Work<Value: Sendable>: SharedWork {
    private struct State {
      var next = 0
      var made: [Value?]
      var missing: Int
    }

    private let make: @Sendable (Int) -> Value
    private let state: Mutex<State>
    private let isMade = DispatchSemaphore(value: 0)
    private let count: Int

    init(_ count: Int, _ make: @escaping @Sendable (Int) -> Value) {
      self.count = count
      self.make = make
      state = Mutex(State(made: Array(repeating: nil, count: count), missing: count))
    }

    func doOnePart() -> Bool {
      guard let part = take() else { return false }
      let value = make(part)
      let isLast = state.withLock { state in
        state.made[part] = value
        state.missing -= 1
        return state.missing == 0
      }
      if isLast { isMade.signal() }
      return true
    }

    private func take() -> Int? {
      state.withLock { state in
        guard state.next < count else { return nil }
        state.next += 1
        return state.next - 1
      }
    }

    /// Waits until all are made.
    var values: [Value] {
      // What this thread did itself is there.
      let isComplete = state.withLock { $0.missing == 0 }
      if !isComplete { HelperThreads.wait { isMade.wait() } }
      return state.withLock { $0.made }.compactMap(\.self)
    }
  }

  /// Something made on a thread of its own, from when this is: queues of work, whose threads are no more than the cores, would
  /// have it wait for those that wait for it.
  public final class Task<Value: Sendable>: Sendable {
    private let made = Mutex<Value?>(nil)
    private let group = DispatchGroup()

    public init(_ make: @escaping @Sendable () -> Value) {
      group.enter()
      Thread.detachNewThread { [self] in
        let value = make()
        made.withLock { $0 = value }
        group.leave()
      }
    }

    /// Waits until it is made.
    public var value: Value {
      HelperThreads.wait { group.wait() }
      guard let value = made.withLock({ $0 }) else { preconditionFailure("a task ended without a value") }
      return value
    }
  }
}
