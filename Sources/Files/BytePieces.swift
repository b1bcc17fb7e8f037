import Foundation

/// The bytes of a file as pieces that follow one another: what several cores wrote, or what is too large to be copied together.
public struct BytePieces: Sendable {
  public var pieces: [[UInt8]]

  public init(_ pieces: [[UInt8]]) { self.pieces = pieces }

  public init(_ text: String) { pieces = [Array(text.utf8)] }

  public var count: Int { pieces.reduce(0) { $0 + $1.count } }

  /// All of them in one.
  public var joined: [UInt8] {
    if pieces.count == 1 { return pieces[0] }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    for piece in pieces { bytes += piece }
    return bytes
  }

  /// Whether the file at `path` has these bytes and no others; false too where it cannot be read.
  public func isContent(of path: String) -> Bool {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return false }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG, Int(status.st_size) == count else {
      return false
    }
    var chunk = [UInt8](repeating: 0, count: 1 << 20)
    for piece in pieces {
      var done = 0
      while done < piece.count {
        let count = read(file, &chunk, min(chunk.count, piece.count - done))
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return false }
        let isSame = piece.withUnsafeBytes { bytes in
          bytes.baseAddress.map { memcmp($0 + done, chunk, count) == 0 } ?? false
        }
        guard isSame else { return false }
        done += count
      }
    }
    return true
  }

  /// Writes them beside the file at `path`, which `commit` then replaces in one step.
  ///
  /// - Throws: `FileFault`.
  public func write(besides path: String) throws -> OutputFile {
    let file = try OutputFile(path: path)
    for piece in pieces { try piece.withUnsafeBytes { try file.append($0) } }
    if count > 1 << 20 { file.beginSynchronising() }
    return file
  }
}
