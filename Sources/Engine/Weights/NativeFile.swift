import Foundation

/// Files by the system's own calls, with errors that name the file and the reason.
enum NativeFile {
  /// The reason of the last failed call.
  static var reason: String { String(cString: strerror(errno)) }

  static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// Writes a file so that at every moment the path holds either what was there before or all of what
  /// `content` writes: to a temporary file beside it, synced, then renamed, then the folder synced.
  ///
  /// - Throws: `EngineError.machine`.
  static func replace(_ path: String, content: (_ write: (UnsafeRawBufferPointer) throws -> Void) throws -> Void) throws
  {
    let temporary = "\(path).part-\(getpid())"
    let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard file >= 0 else {
      throw EngineError.machine("cannot write \(temporary): \(reason). Check the folder and its rights")
    }
    do {
      do {
        defer { close(file) }
        try content { bytes in
          var rest = bytes
          while !rest.isEmpty {
            let written = write(file, rest.baseAddress, rest.count)
            if written < 0 && errno == EINTR { continue }
            guard written > 0 else {
              throw EngineError.machine("cannot write \(path): \(reason). Free disk space or use another folder")
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[written...])
          }
        }
        guard fsync(file) == 0 else { throw EngineError.machine("cannot sync \(path) to disk: \(reason)") }
      }
      guard rename(temporary, path) == 0 else { throw EngineError.machine("cannot put \(path) in place: \(reason)") }
    } catch {
      unlink(temporary)
      throw error
    }
    let parent = path.lastIndex(of: "/").map { path[...$0] } ?? "."
    let folder = open(String(parent), O_RDONLY | O_CLOEXEC)
    if folder >= 0 {
      fsync(folder)
      close(folder)
    }
  }
}

/// A file open for reading at any place.
final class NativeReader {
  let path: String
  let size: Int
  private let file: Int32

  /// - Throws: `EngineError.data` where the file is missing or cannot be read.
  init(_ path: String) throws {
    self.path = path
    file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw EngineError.data("cannot open \(path): \(NativeFile.reason)") }
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
          "\(path) cannot be read at byte \(place + done): \(count == 0 ? "the file ends there" : NativeFile.reason)")
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
