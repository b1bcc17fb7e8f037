import Crypto
import Foundation
import WorkerProtocol

/// The SHA-256 of a file's bytes.
struct FileDigest: Hashable, Sendable {
  /// 32 bytes.
  let bytes: Data

  var hex: String { HexText.text(of: bytes) }

  /// Reads the file in pieces.
  ///
  /// - Throws: `FileFault` naming a file that cannot be read.
  static func sha256(of path: String) throws -> FileDigest {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw FileFault.last("read", path) }
    defer { close(file) }
    var hash = SHA256()
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 64)
    defer { buffer.deallocate() }
    while true {
      let count = Glibc.read(file, buffer.baseAddress, buffer.count)
      if count == 0 { return FileDigest(bytes: Data(hash.finalize())) }
      if count < 0 {
        if errno == EINTR { continue }
        throw FileFault.last("read", path)
      }
      hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    }
  }
}
