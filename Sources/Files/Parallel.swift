import Dispatch
import Synchronization

/// Work that is the same for many things and depends on none of the others, on all cores.
public enum Parallel {
  /// What a function makes of each number below `count`, in order; `block` of them at a time go to one core.
  public static func map<Value: Sendable>(_ count: Int, block: Int = 1, _ body: @Sendable (Int) -> Value) -> [Value] {
    let parts = Mutex<[Int: [Value]]>([:])
    DispatchQueue.concurrentPerform(iterations: (count + block - 1) / block) { part in
      let values = (part * block..<min(count, (part + 1) * block)).map(body)
      parts.withLock { $0[part] = values }
    }
    return parts.withLock { $0 }.sorted { $0.key < $1.key }.flatMap(\.value)
  }

  /// Something made on another core, from when this is.
  public final class Task<Value: Sendable>: Sendable {
    private let made = Mutex<Value?>(nil)
    private let group = DispatchGroup()

    public init(_ make: @escaping @Sendable () -> Value) {
      DispatchQueue.global().async(group: group) { [self] in
        let value = make()
        made.withLock { $0 = value }
      }
    }

    /// Waits until it is made.
    public var value: Value {
      group.wait()
      guard let value = made.withLock({ $0 }) else { preconditionFailure("a task ended without a value") }
      return value
    }
  }
}
