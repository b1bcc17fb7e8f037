import Foundation

/// A file that appears under its name only when it is complete: written beside it, synced, then renamed into its place, so
/// that whoever looks sees the old bytes or the new ones, never a part. One that is let go without `commit` leaves nothing,
/// unless it was asked to keep its part. It may be handed to another thread, but is for one at a time.
public final class OutputFile: @unchecked Sendable {
  private let path: String
  private let partial: String
  private let keepsPart: Bool
  private var descriptor: Int32
  /// Bytes appended so far.
  public private(set) var length = 0

  /// - Throws: `FileFault`.
  public init(path: String) throws {
    self.path = path
    partial = path + ".part"
    keepsPart = false
    descriptor = open(partial, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw FileFault.last("write", path) }
  }

  /// Goes on with a part of `length` bytes, or begins it; let go without `commit` it stays there.
  ///
  /// - Parameters:
  ///   - path: Its place when it is whole.
  ///   - part: Where it is written until then, on the file system of `path`.
  ///   - length: Of the part, in bytes.
  /// - Throws: `FileFault`.
  public init(path: String, keeping part: String, length: Int) throws {
    self.path = path
    partial = part
    keepsPart = true
    descriptor = open(part, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0, ftruncate(descriptor, off_t(length)) == 0 else { throw FileFault.last("write", part) }
    self.length = length
  }

  deinit {
    guard descriptor >= 0 else { return }
    close(descriptor)
    if !keepsPart { unlink(partial) }
  }

  /// What is written is safe against a power cut when this returns.
  public func synchronise() throws {
    guard fdatasync(descriptor) == 0 else { throw FileFault.last("write", path) }
  }

  /// Has the disk begin with what is written, and does not wait for it: what `commit` waits for then is little.
  public func beginSynchronising() {
    // A failure is told once to each who has opened the file: opened anew here, so that `commit` is told too.
    let other = open(partial, O_RDONLY | O_CLOEXEC)
    guard other >= 0 else { return }
    // Not on a queue of work, whose threads are for what computes.
    Thread.detachNewThread {
      _ = fdatasync(other)
      close(other)
    }
  }

  /// Leaves nothing, even of a part that was to be kept.
  public func discard() { unlink(partial) }

  /// Adds bytes at the end.
  public func append(_ bytes: UnsafeRawBufferPointer) throws {
    try write(bytes, at: length)
    length += bytes.count
  }

  /// Overwrites bytes.
  public func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws {
    guard let base = bytes.baseAddress else { return }
    var done = 0
    while done < bytes.count {
      let wrote = pwrite(descriptor, base + done, bytes.count - done, off_t(offset + done))
      if wrote < 0 {
        if errno == EINTR { continue }
        throw FileFault.last("write", path)
      }
      done += wrote
    }
  }

  /// Puts the file in its place, safe against a power cut when this returns.
  public func commit() throws {
    guard fsync(descriptor) == 0 else { throw FileFault.last("write", path) }
    let closed = close(descriptor)
    descriptor = -1
    guard closed == 0 else { throw discarding("write") }
    guard rename(partial, path) == 0 else { throw discarding("replace") }
    let folder = (path as NSString).deletingLastPathComponent
    try DurableFiles.synchronise(folder.isEmpty ? "." : folder)
  }

  private func discarding(_ action: String) -> FileFault {
    defer { if !keepsPart { unlink(partial) } }
    return FileFault.last(action, path)
  }
}
