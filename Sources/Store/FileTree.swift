import Files
import Foundation
import WorkerProtocol

/// The regular files below a folder. Links are followed; a link back to a folder that holds it ends there.
package struct FileTree {
  let root: String

  package init(root: String) { self.root = root }

  /// Calls `visit` for each regular file with its path relative to the root and its status, in no order.
  ///
  /// - Throws: `FileFault` for a folder that cannot be listed or a file that cannot be examined; what `visit` throws.
  package func walk(_ visit: (String, stat) throws -> Void) throws {
    try walk(relative: "", above: [], visit)
  }

  private struct FolderIdentity: Hashable {
    let device: UInt
    let inode: UInt
  }

  private func walk(relative: String, above: Set<FolderIdentity>, _ visit: (String, stat) throws -> Void) throws {
    let folder = relative.isEmpty ? root : "\(root)/\(relative)"
    var status = stat()
    guard stat(folder, &status) == 0 else { throw FileFault.last("look into", folder) }
    var path = above
    guard path.insert(FolderIdentity(device: UInt(status.st_dev), inode: UInt(status.st_ino))).inserted else { return }
    for entry in try DurableFiles.entries(in: folder) ?? [] {
      let inner = relative.isEmpty ? entry.name : "\(relative)/\(entry.name)"
      switch entry.kind {
      case .folder:
        try walk(relative: inner, above: path, visit)
      case .file, .link:
        var status = stat()
        guard stat("\(root)/\(inner)", &status) == 0 else {
          // A link to nothing is no file of this tree.
          if entry.kind == .link, errno == ENOENT { continue }
          throw FileFault.last("examine", "\(root)/\(inner)")
        }
        if status.st_mode & S_IFMT == S_IFREG {
          try visit(inner, status)
        } else if status.st_mode & S_IFMT == S_IFDIR {
          try walk(relative: inner, above: path, visit)
        }
      case .other: break
      }
    }
  }
}
