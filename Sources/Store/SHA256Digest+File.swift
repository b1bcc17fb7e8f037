import Files
import Foundation
import Hashing
import WorkerProtocol

extension SHA256Digest {
  /// The digest of a file's bytes, read in pieces.
  ///
  /// - Throws: `FileFault` naming a file that cannot be read.
  public init(ofFile path: String) throws {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw FileFault.last("read", path) }
    defer { close(file) }
    let hash = SHA256()
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 64)
    defer { buffer.deallocate() }
    while true {
      let count = Glibc.read(file, buffer.baseAddress, buffer.count)
      if count == 0 { break }
      if count < 0 {
        if errno == EINTR { continue }
        throw FileFault.last("read", path)
      }
      hash.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    }
    self = hash.finish()
  }
}
