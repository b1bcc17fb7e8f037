import Foundation

/// Whether a path's links lead out of a folder; each folder on the way is looked at once.
struct LinkCheck {
  private let root: String
  private let real: String
  private var known: [String: Bool] = [:]

  init(_ root: String) {
    self.root = root
    real = Self.resolved(root) ?? root
  }

  mutating func leaves(_ path: String) -> Bool {
    let folder = (path as NSString).deletingLastPathComponent
    let folderLeaves = known[folder] ?? isOutside("\(root)/\(folder)")
    known[folder] = folderLeaves
    if folderLeaves { return true }
    var status = stat()
    guard lstat("\(root)/\(path)", &status) == 0, status.st_mode & S_IFMT == S_IFLNK else { return false }
    return isOutside("\(root)/\(path)")
  }

  private func isOutside(_ path: String) -> Bool {
    guard let place = Self.resolved(path) else { return false }
    return place != real && !place.hasPrefix(real + "/")
  }

  private static func resolved(_ path: String) -> String? {
    guard let text = realpath(path, nil) else { return nil }
    defer { free(text) }
    return String(cString: text)
  }
}
