import Foundation

/// Whole files, with errors that a person can read.
enum FileBytes {
  /// The content of a file.
  static func read(_ path: String) throws -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw DataFault.fileAccess(action: "open", path: path, reason: FileReason.last()) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw DataFault.fileAccess(action: "read", path: path, reason: FileReason.last())
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw DataFault.fileAccess(action: "read", path: path, reason: "it is not a file")
    }
    let size = Int(status.st_size)
    var failure: String?
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      while count < size {
        let got = Foundation.read(descriptor, buffer.baseAddress.map { $0 + count }, size - count)
        if got < 0 && errno == EINTR { continue }
        if got < 0 { failure = FileReason.last() }
        if got <= 0 { break }
        count += got
      }
    }
    if let failure { throw DataFault.fileAccess(action: "read", path: path, reason: failure) }
    return bytes
  }

  /// Writes a file so that it is there whole or not at all.
  static func write(_ bytes: [UInt8], to path: String) throws {
    let output = try OutputFile(path: path)
    do {
      try bytes.withUnsafeBytes { try output.append($0) }
      try output.commit()
    } catch {
      output.abandon()
      throw error
    }
  }

  /// Writes a file under its own name at once: for files that are made anew if the work is interrupted.
  static func writeInPlace(_ bytes: [UInt8], to path: String) throws {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw DataFault.fileAccess(action: "write", path: path, reason: FileReason.last()) }
    defer { close(descriptor) }
    var done = 0
    while done < bytes.count {
      let wrote = bytes.withUnsafeBytes {
        Foundation.write(descriptor, $0.baseAddress.map { $0 + done }, bytes.count - done)
      }
      if wrote < 0 && errno == EINTR { continue }
      guard wrote > 0 else { throw DataFault.fileAccess(action: "write", path: path, reason: FileReason.last()) }
      done += wrote
    }
  }
}

/// Why the system refused something, in its own words.
enum FileReason {
  /// The reason in `errno`.
  static func last() -> String { String(cString: strerror(errno)) }

  /// The system's reason behind an error of Foundation, whose own text is unreadable on Linux.
  static func of(_ error: any Error) -> String {
    let error = error as NSError
    if let underlying = error.userInfo[NSUnderlyingErrorKey] as? NSError, underlying.domain == NSPOSIXErrorDomain {
      return String(cString: strerror(Int32(underlying.code)))
    }
    if error.domain == NSPOSIXErrorDomain { return String(cString: strerror(Int32(error.code))) }
    switch CocoaError.Code(rawValue: error.code) {
    case .fileNoSuchFile, .fileReadNoSuchFile: return String(cString: strerror(ENOENT))
    case .fileReadNoPermission, .fileWriteNoPermission: return String(cString: strerror(EACCES))
    case .fileWriteOutOfSpace: return String(cString: strerror(ENOSPC))
    case .fileWriteVolumeReadOnly: return String(cString: strerror(EROFS))
    default: return "error \(error.code) of \(error.domain)"
    }
  }
}

/// A file that appears under its name only when it is complete: written beside it, flushed to the disk, then renamed.
final class OutputFile {
  private let path: String
  private let partial: String
  private var descriptor: Int32
  private(set) var length = 0

  init(path: String) throws {
    self.path = path
    partial = path + ".partial"
    descriptor = open(partial, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw DataFault.fileAccess(action: "write", path: path, reason: FileReason.last()) }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Adds bytes at the end.
  func append(_ bytes: UnsafeRawBufferPointer) throws {
    try write(bytes, at: length)
    length += bytes.count
  }

  /// Overwrites bytes.
  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws {
    guard let base = bytes.baseAddress else { return }
    var done = 0
    while done < bytes.count {
      let wrote = pwrite(descriptor, base + done, bytes.count - done, off_t(offset + done))
      if wrote < 0 {
        if errno == EINTR { continue }
        throw DataFault.fileAccess(action: "write", path: path, reason: FileReason.last())
      }
      done += wrote
    }
  }

  /// Puts the file in its place.
  func commit() throws {
    guard fsync(descriptor) == 0 else { throw fault("write") }
    let closed = close(descriptor)
    descriptor = -1
    guard closed == 0 else { throw fault("write") }
    guard rename(partial, path) == 0 else { throw fault("put in place") }
    let folder = open((path as NSString).deletingLastPathComponent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if folder >= 0 {
      fsync(folder)
      close(folder)
    }
  }

  /// Removes what was written.
  func abandon() {
    if descriptor >= 0 { close(descriptor) }
    descriptor = -1
    unlink(partial)
  }

  private func fault(_ action: String) -> DataFault {
    .fileAccess(action: action, path: path, reason: FileReason.last())
  }
}
