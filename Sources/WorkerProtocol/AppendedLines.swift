import Files
import Foundation

/// A file of lines to which one process appends and which another reads as it grows.
///
/// Every append and every look opens the file anew: that is when a network file system says what is new. What a writer
/// that died left without a line feed is not a line, and the next append begins behind it.
public enum AppendedFile {
  /// Appends whole lines, each with its line feed.
  ///
  /// - Parameters:
  ///   - lines: The text.
  ///   - path: The file.
  ///   - durably: Whether they are on disk when this returns.
  /// - Throws: `FileFault`.
  public static func append(_ lines: String, to path: String, durably: Bool) throws {
    let file = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw FileFault.last("append to", path) }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0 else { throw FileFault.last("append to", path) }
    var last = UInt8(ascii: "\n")
    if status.st_size > 0, pread(file, &last, 1, off_t(status.st_size) - 1) != 1 {
      throw FileFault.last("append to", path)
    }
    let torn = last != UInt8(ascii: "\n")
    try DurableFiles.writeAll(Array(((torn ? "\n" : "") + lines).utf8), to: file, path: path)
    if durably, fsync(file) != 0, errno != EINVAL { throw FileFault.last("sync", path) }
  }
}

/// The reader's side: gives each line once, in order.
public struct AppendedLines: Sendable {
  public let path: String
  private var offset: Int64 = 0

  public init(path: String) { self.path = path }

  /// The lines that came since the last look, without their line feeds; none where there is no file yet. A last line that
  /// is not complete waits for the rest of it.
  ///
  /// - Throws: `FileFault`.
  public mutating func next() throws -> [ArraySlice<UInt8>] {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else {
      if errno == ENOENT { return [] }
      throw FileFault.last("read", path)
    }
    defer { close(file) }
    var fresh: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = pread(file, &chunk, chunk.count, off_t(offset) + off_t(fresh.count))
      if count < 0 {
        if errno == EINTR { continue }
        throw FileFault.last("read", path)
      }
      if count == 0 { break }
      fresh.append(contentsOf: chunk[..<count])
    }
    guard let end = fresh.lastIndex(of: UInt8(ascii: "\n")) else { return [] }
    offset += Int64(end + 1)
    return fresh[..<end].split(separator: UInt8(ascii: "\n"))
  }
}
