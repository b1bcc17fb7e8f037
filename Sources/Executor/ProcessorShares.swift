/// The processors that this process may run on, shared out among the slots of a run: each its own, side by side.
public struct ProcessorShares: Sendable, Hashable {
  /// By slot, ascending.
  public let processors: [[Int]]

  /// - Parameters:
  ///   - slots: How many slots there are.
  ///   - threads: How many processors each slot has.
  ///   - allowed: Those that there are; ascending.
  /// - Returns: Nil where there are too few.
  public init?(slots: Int, threads: Int, allowed: [Int]) {
    guard slots > 0, threads > 0, slots <= allowed.count / threads else { return nil }
    processors = (0..<slots).map { Array(allowed[$0 * threads..<($0 + 1) * threads]) }
  }

  /// For a worker's environment: `0,1,2`.
  public func text(slot: Int) -> String { processors[slot].map(String.init).joined(separator: ",") }
}
