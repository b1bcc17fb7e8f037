import Foundation

/// Splits what comes from a descriptor into lines. Used by one thread at a time; does not own the descriptor.
public struct LineReader {
  /// Why reading ended early.
  public enum Problem: Error, Hashable, Sendable {
    /// A line longer than the limit, with its first bytes as text.
    case tooLong(start: String)
    case system(code: Int32)
  }

  private let file: Int32
  private let limit: Int
  private var pending: [UInt8] = []
  /// Where the unread part of `pending` starts, and up to where it is known to hold no line feed.
  private var start = 0
  private var searched = 0
  private var chunk: [UInt8]

  /// - Parameters:
  ///   - file: An open descriptor.
  ///   - limit: The longest line taken, in bytes.
  public init(file: Int32, limit: Int = 64 << 20) {
    self.file = file
    self.limit = limit
    chunk = [UInt8](repeating: 0, count: 64 << 10)
  }

  /// The next line without its line feed; nil at the end. A last line without a line feed is not a line: whoever wrote it
  /// did not finish.
  public mutating func next() throws(Problem) -> ArraySlice<UInt8>? {
    while true {
      if let end = pending[searched...].firstIndex(of: 0x0A) {
        let line = pending[start..<end]
        start = end + 1
        searched = start
        return line
      }
      searched = pending.count
      if start > 0 {
        pending.removeSubrange(..<start)
        searched -= start
        start = 0
      }
      guard pending.count <= limit else {
        throw .tooLong(start: String(decoding: pending.prefix(200), as: UTF8.self))
      }
      let count = read(file, &chunk, chunk.count)
      if count == 0 { return nil }
      if count < 0 {
        if errno == EINTR { continue }
        // A peer that died with unread bytes of ours resets the connection: that is an end too.
        if errno == ECONNRESET { return nil }
        throw .system(code: errno)
      }
      pending.append(contentsOf: chunk[..<count])
    }
  }
}
