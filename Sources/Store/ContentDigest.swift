import Files
import Foundation
import GRDB
import Hashing
import WorkerProtocol

/// What lies at a place outside the workspace, told by its bytes: a folder of images, a table, a weights file.
public enum ContentDigest: Sendable, Hashable {
  /// Nothing is there.
  case missing
  /// Lower-case hexadecimal SHA-256 over the files' relative paths and bytes; how many files and bytes that is.
  case content(sha256: String, files: Int, bytes: Int64)

  /// The digest as text: 64 digits, or `missing`.
  public var text: String {
    switch self {
    case .missing: "missing"
    case .content(let sha256, _, _): sha256
    }
  }

  /// One digest of several in this order; missing where any is.
  public static func joined(_ parts: [ContentDigest]) -> ContentDigest {
    let hash = SHA256()
    var allFiles = 0
    var allBytes: Int64 = 0
    for part in parts {
      guard case .content(let sha256, let files, let bytes) = part else { return .missing }
      hash.update("\(sha256)\n".utf8)
      allFiles += files
      allBytes += bytes
    }
    return .content(sha256: hash.finish().hex, files: allFiles, bytes: allBytes)
  }
}

extension Workspace {
  /// The digest of one file, or of all regular files below a folder (those with one of the extensions, lower case and
  /// without the dot, where any are given).
  ///
  /// A file whose path, size, modification time and inode are as when it was last read is not read again; the others are
  /// read on all cores. A workspace open for writing remembers what was read; one open for reading does not.
  ///
  /// - Throws: `WorkspaceError.file` naming what cannot be read.
  public func contentDigest(of path: String, extensions: Set<String>? = nil) throws -> ContentDigest {
    try translatingFaults {
      var status = stat()
      guard stat(path, &status) == 0 else {
        if errno == ENOENT || errno == ENOTDIR { return .missing }
        throw FileFault.last("examine", path)
      }
      let isFolder = status.st_mode & S_IFMT == S_IFDIR
      let root = absolutePath(isFolder ? path : (path as NSString).deletingLastPathComponent)
      var files: [FoundFile] = []
      if isFolder {
        try FileTree(root: path).walk { name, status in
          if let extensions, !extensions.contains((name as NSString).pathExtension.lowercased()) { return }
          files.append(FoundFile(name: name, status: status))
        }
        files.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
      } else {
        files = [FoundFile(name: (path as NSString).lastPathComponent, status: status)]
      }
      let digests = try fingerprints(of: files, in: root, reading: isFolder ? path : root, isWholeFolder: isFolder)
      if !isFolder { return .content(sha256: digests[0].hex, files: 1, bytes: files[0].bytes) }
      let hash = SHA256()
      for (file, digest) in zip(files, digests) {
        hash.update(file.name.utf8)
        hash.update([0])
        hash.update(digest.bytes)
      }
      return .content(
        sha256: hash.finish().hex, files: files.count, bytes: files.reduce(0) { $0 + $1.bytes })
    }
  }

  private func absolutePath(_ path: String) -> String {
    guard let resolved = realpath(path.isEmpty ? "." : path, nil) else { return path }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  /// The digests of the files, in their order, from what is remembered where that still holds.
  private func fingerprints(
    of files: [FoundFile], in root: String, reading place: String, isWholeFolder: Bool
  ) throws -> [SHA256Digest] {
    let remembered = try read(orElse: [:]) { try Fingerprint.remembered($0, folder: root) }
    var digests = files.map { file in
      remembered[file.name].flatMap { $0.isOf(file) ? $0.digest : nil }
    }
    let unread = digests.indices.filter { digests[$0] == nil }
    if !unread.isEmpty {
      let start = Timestamp.now
      let read = try ParallelReading.digests(of: unread.map { "\(place)/\(files[$0].name)" })
      for (index, digest) in zip(unread, read) { digests[index] = digest }
      if isWritable {
        // A file changed within the resolution of its clock looks as before, so what was changed just now is read again
        // next time.
        let settled = unread.filter { files[$0].modifiedNanoseconds < (start.milliseconds - 2000) * 1_000_000 }
        let fresh = settled.compactMap { index in
          digests[index].map { Fingerprint(file: files[index], digest: $0) }
        }
        let names = Set(files.map(\.name))
        let gone = isWholeFolder ? remembered.keys.filter { !names.contains($0) } : []
        try write { try Fingerprint.remember(fresh, forgetting: gone, $0, folder: root) }
      }
    }
    return digests.compactMap { $0 }
  }
}

/// A file as a walk found it.
struct FoundFile {
  let name: String
  let bytes: Int64
  let modifiedNanoseconds: Int64
  let inode: Int64

  init(name: String, status: stat) {
    self.name = name
    bytes = Int64(status.st_size)
    modifiedNanoseconds = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
    inode = Int64(truncatingIfNeeded: status.st_ino)
  }
}

/// What a file was when it was last read.
struct Fingerprint {
  let file: FoundFile
  let digest: SHA256Digest

  func isOf(_ other: FoundFile) -> Bool {
    file.bytes == other.bytes && file.modifiedNanoseconds == other.modifiedNanoseconds && file.inode == other.inode
  }
}
