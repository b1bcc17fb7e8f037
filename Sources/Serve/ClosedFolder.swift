import Files
import Foundation

/// A folder whose files are read and nothing outside it: no name leads up, and no link is followed.
struct ClosedFolder: Sendable {
  let path: String

  /// A file as it was found.
  struct File {
    let bytes: Data
    /// Where in the file they begin.
    let from: Int
    /// Of the whole file, in bytes.
    let size: Int
  }

  /// Reads a file, or a part of it.
  ///
  /// - Parameters:
  ///   - names: The folders on the way and the file's own name.
  ///   - start: The first byte that is wanted; nil for as many of the last as may be read.
  ///   - limit: So many bytes are read at most.
  ///   - mustFit: Whether a file that is larger than that is not read at all.
  /// - Returns: nil where there is no such file, or where it lies elsewhere.
  func file(_ names: [String], from start: Int? = 0, limit: Int, mustFit: Bool = false) -> File? {
    guard let file = open(names) else { return nil }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    let size = Int(status.st_size)
    if mustFit, size > limit { return nil }
    let from = min(max(0, start ?? size - limit), size)
    var bytes = Data(count: min(limit, size - from))
    let wanted = bytes.count
    let taken = bytes.withUnsafeMutableBytes { buffer in
      var count = 0
      while count < wanted, let base = buffer.baseAddress {
        let read = pread(file, base + count, wanted - count, off_t(from + count))
        if read < 0, errno == EINTR { continue }
        if read <= 0 { break }
        count += read
      }
      return count
    }
    return File(bytes: bytes.prefix(taken), from: from, size: size)
  }

  /// What tells one state of a file from another: size and time; nil where there is none.
  func stamp(_ names: [String]) -> String? {
    guard let file = open(names) else { return nil }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    return "\"\(status.st_ino)-\(status.st_size)-\(status.st_mtim.tv_sec)-\(status.st_mtim.tv_nsec)\""
  }

  /// A descriptor of what lies there, to be closed by the caller.
  private func open(_ names: [String]) -> Int32? {
    guard !names.isEmpty, names.allSatisfy(Self.isName) else { return nil }
    var folder = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { return nil }
    for (place, name) in names.enumerated() {
      let isLast = place == names.count - 1
      // Without waiting for whoever would write into a pipe.
      let file = openat(
        folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | (isLast ? O_NONBLOCK | O_NOCTTY : O_DIRECTORY))
      close(folder)
      guard file >= 0 else { return nil }
      folder = file
    }
    return folder
  }

  /// Whether it names something in a folder: not the folder, not what is above it, nothing hidden.
  static func isName(_ name: String) -> Bool {
    !name.isEmpty && !name.hasPrefix(".") && name.utf8.count <= 255
      && !name.utf8.contains { $0 == 0 || $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") }
  }
}
