import Files
import Foundation

/// A file open for reading at any place.
package final class NativeReader {
  package let path: String
  package let size: Int
  private let file: Int32

  /// - Throws: `EngineError.data` where the file is missing or cannot be read.
  package init(_ path: String) throws {
    self.path = path
    file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw EngineError.data(FileFault.last("open", path).description) }
    var status = stat()
    guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(file)
      throw EngineError.data("\(path) is not a file that can be read")
    }
    size = Int(status.st_size)
  }

  deinit { close(file) }

  /// Fills the buffer with the bytes from the place on.
  func read(_ buffer: UnsafeMutableRawBufferPointer, at place: Int) throws {
    var done = 0
    while done < buffer.count {
      let count = pread(file, buffer.baseAddress.map { $0 + done }, buffer.count - done, off_t(place + done))
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else {
        throw EngineError.data(
          "\(path) cannot be read at byte \(place + done): "
            + (count == 0 ? "the file ends there" : FileFault.last("read", path).reason))
      }
      done += count
    }
  }

  func bytes(_ count: Int, at place: Int) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    try bytes.withUnsafeMutableBytes { try read($0, at: place) }
    return bytes
  }
}
