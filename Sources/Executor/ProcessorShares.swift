import Files
import Foundation

/// The processors that this process may run on, shared out among the slots of a run: each its own, side by side.
public struct ProcessorShares: Sendable, Hashable {
  /// By slot, ascending.
  public let processors: [[Int]]

  /// - Parameters:
  ///   - threads: How many processors each slot has.
  ///   - allowed: Those that there are; ascending.
  /// - Returns: Nil where there are too few.
  public init?(slots: Int, threads: Int, allowed: [Int] = Self.allowed()) {
    guard slots > 0, threads > 0, slots <= allowed.count / threads else { return nil }
    processors = (0..<slots).map { Array(allowed[$0 * threads..<($0 + 1) * threads]) }
  }

  /// For a worker's environment: `0,1,2`.
  public func text(slot: Int) -> String { processors[slot].map(String.init).joined(separator: ",") }

  /// What the kernel lets this process run on (`Cpus_allowed_list` of proc(5)); empty where it does not say.
  public static func allowed() -> [Int] {
    let status = String(decoding: (try? DurableFiles.read("/proc/self/status")) ?? [], as: UTF8.self)
    let line = status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") }
    return line.map { numbers(in: $0.dropFirst("Cpus_allowed_list:".count)) } ?? []
  }

  /// The numbers of a list such as `0-3,8`.
  static func numbers(in list: some StringProtocol) -> [Int] {
    list.split(separator: ",").flatMap { part -> [Int] in
      let ends = part.split(separator: "-").compactMap { Int($0.trimmingCharacters(in: .whitespaces)) }
      guard let first = ends.first, let last = ends.last, first <= last else { return [] }
      return Array(first...last)
    }
  }
}
