import Foundation

/// Files and folders that survive a power cut: written beside their place, synced, then renamed into it.
public enum DurableFiles {
  /// Replaces the file at `path` as one step: whoever looks sees the old bytes or the new ones, never a part.
  ///
  /// - Throws: `FileFault`.
  public static func write(_ bytes: some Collection<UInt8>, to path: String) throws {
    let file = try OutputFile(path: path)
    let written: Void? = try bytes.withContiguousStorageIfAvailable { try file.append(UnsafeRawBufferPointer($0)) }
    if written == nil { try Array(bytes).withUnsafeBytes { try file.append($0) } }
    try file.commit()
  }

  /// Writes a file under its own name at once, unsynced: for what is made anew if the work is interrupted.
  public static func writeInPlace(_ bytes: some Collection<UInt8>, to path: String) throws {
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw FileFault.last("write", path) }
    defer { close(file) }
    try writeAll(bytes, to: file, path: path)
  }

  /// Makes the folder and those above it, where they are not there.
  public static func makeFolder(_ path: String) throws {
    if mkdir(path, 0o755) == 0 { return }
    switch errno {
    case EEXIST where isFolder(path): return
    case ENOENT:
      let parent = (path as NSString).deletingLastPathComponent
      guard !parent.isEmpty, parent != path else {
        throw FileFault(action: "make the folder", path: path, code: ENOENT)
      }
      try makeFolder(parent)
      guard mkdir(path, 0o755) == 0 || errno == EEXIST else { throw FileFault.last("make the folder", path) }
    case EEXIST, ENOTDIR:
      throw FileFault(action: "use", path: blocker(of: path), purpose: "as a folder", code: ENOTDIR)
    default: throw FileFault.last("make the folder", path)
    }
  }

  /// Whether there is a folder at the path, be it by a link.
  public static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// The part of a path that is there and, being no folder, is in the way of the rest.
  private static func blocker(of path: String) -> String {
    var blocker = path
    while access(blocker, F_OK) != 0 {
      let parent = (blocker as NSString).deletingLastPathComponent
      guard !parent.isEmpty, parent != blocker else { break }
      blocker = parent
    }
    return blocker
  }

  /// Names in a folder, without `.` and `..`, in no order; nil where there is no such folder.
  public static func names(in path: String) throws -> [String]? {
    try entries(in: path)?.map(\.name)
  }

  /// One name in a folder.
  public struct Entry: Sendable, Hashable {
    public enum Kind: Sendable, Hashable { case file, folder, link, other }
    public let name: String
    public let kind: Kind
  }

  /// What is in a folder, in no order; nil where there is no such folder.
  public static func entries(in path: String) throws -> [Entry]? {
    var entries: [Entry] = []
    let isFolder = try eachEntry(in: path) { name, type in
      let name = String(decoding: name, as: UTF8.self)
      entries.append(Entry(name: name, kind: kind(of: type, path: path, name: name)))
    }
    return isFolder ? entries : nil
  }

  /// Calls a function with each name in a folder, as its bytes and in no order; does nothing where there is no such folder.
  public static func eachName(in path: String, _ body: (UnsafeBufferPointer<UInt8>) throws -> Void) throws {
    _ = try eachEntry(in: path) { name, _ in try body(name) }
  }

  /// Calls a function with each name in a folder and its `d_type`.
  ///
  /// - Returns: Whether there is such a folder.
  private static func eachEntry(
    in path: String, _ body: (_ name: UnsafeBufferPointer<UInt8>, _ type: UInt8) throws -> Void
  ) throws -> Bool {
    guard let folder = opendir(path) else {
      if errno == ENOENT || errno == ENOTDIR { return false }
      throw FileFault.last("list", path)
    }
    defer { closedir(folder) }
    while true {
      errno = 0
      guard let entry = readdir(folder) else {
        if errno != 0 { throw FileFault.last("list", path) }
        return true
      }
      let type = entry.pointee.d_type
      try withUnsafePointer(to: &entry.pointee.d_name) { name in
        try name.withMemoryRebound(to: UInt8.self, capacity: 256) { bytes in
          let length = strnlen(UnsafeRawPointer(bytes).assumingMemoryBound(to: CChar.self), 256)
          if bytes[0] == UInt8(ascii: "."), length == 1 || length == 2 && bytes[1] == UInt8(ascii: ".") { return }
          try body(UnsafeBufferPointer(start: bytes, count: length), type)
        }
      }
    }
  }

  private static func kind(of type: UInt8, path: String, name: String) -> Entry.Kind {
    switch Int(type) {
    case Int(DT_REG): return .file
    case Int(DT_DIR): return .folder
    case Int(DT_LNK): return .link
    case Int(DT_UNKNOWN):
      // Some file systems do not say.
      var status = stat()
      guard lstat("\(path)/\(name)", &status) == 0 else { return .other }
      switch status.st_mode & S_IFMT {
      case S_IFREG: return .file
      case S_IFDIR: return .folder
      case S_IFLNK: return .link
      default: return .other
      }
    default: return .other
    }
  }

  /// Removes a file, or a folder with all that is in it; links are removed, not followed. What is not there is fine.
  public static func remove(_ path: String) throws {
    if unlink(path) == 0 || errno == ENOENT { return }
    guard errno == EISDIR || errno == EPERM else { throw FileFault.last("remove", path) }
    for entry in try entries(in: path) ?? [] { try remove("\(path)/\(entry.name)") }
    guard rmdir(path) == 0 || errno == ENOENT else { throw FileFault.last("remove", path) }
  }

  /// Syncs one file or folder to disk.
  public static func synchronise(_ path: String) throws {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw FileFault.last("open", path) }
    defer { close(file) }
    // Some file systems cannot sync a folder and say EINVAL: there is nothing more to be done there.
    guard fsync(file) == 0 || errno == EINVAL else { throw FileFault.last("sync", path) }
  }

  /// Syncs a folder and everything in it.
  public static func synchroniseTree(_ path: String) throws {
    for entry in try entries(in: path) ?? [] {
      let inner = "\(path)/\(entry.name)"
      switch entry.kind {
      case .file: try synchronise(inner)
      case .folder: try synchroniseTree(inner)
      case .link, .other: break
      }
    }
    try synchronise(path)
  }

  /// The bytes of a file.
  public static func read(_ path: String) throws -> [UInt8] {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw FileFault.last("open", path) }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0 else { throw FileFault.last("read", path) }
    guard status.st_mode & S_IFMT != S_IFDIR else { throw FileFault(action: "read", path: path, code: EISDIR) }
    var bytes: [UInt8] = []
    // Files under /proc say that they are empty; so the size is where reading starts, not where it ends.
    var chunk = [UInt8](repeating: 0, count: max(4096, min(Int(status.st_size) + 1, 1 << 20)))
    while true {
      let count = Glibc.read(file, &chunk, chunk.count)
      if count == 0 { return bytes }
      if count < 0 {
        if errno == EINTR { continue }
        throw FileFault.last("read", path)
      }
      bytes.append(contentsOf: chunk[..<count])
    }
  }

  /// Writes all bytes to a descriptor; `path` is for the error.
  public static func writeAll(_ bytes: some Collection<UInt8>, to file: Int32, path: String) throws {
    let written: Int32? = bytes.withContiguousStorageIfAvailable { writeBuffer(UnsafeRawBufferPointer($0), to: file) }
    let code = written ?? Array(bytes).withUnsafeBytes { writeBuffer($0, to: file) }
    if code != 0 { throw FileFault(action: "write", path: path, code: code) }
  }

  /// The `errno` of the call that failed; 0 when all is written.
  private static func writeBuffer(_ buffer: UnsafeRawBufferPointer, to file: Int32) -> Int32 {
    guard let base = buffer.baseAddress else { return 0 }
    var offset = 0
    while offset < buffer.count {
      let count = Glibc.write(file, base + offset, buffer.count - offset)
      if count < 0 {
        if errno == EINTR { continue }
        return errno
      }
      offset += count
    }
    return 0
  }
}
