import Files
import Foundation

/// What is done about an image that a label file names and that is not there.
public enum AbsentImages: Sendable, Hashable {
  case fault
  /// It is left out and counted.
  case leftOut
  /// It is listed and counted: for looking at label files alone.
  case listed
}

/// Where the images lie that a label file names: all are looked for before one is read.
struct ImagePlaces {
  /// The folder that their paths are relative to.
  let root: String
  /// The label file, for faults.
  let labels: String
  let absent: AbsentImages

  /// An image as a label file names it.
  struct Named {
    let line: Int
    let path: String
    /// Where it may lie, the first that is there being taken.
    var candidates: [String]

    init(line: Int, path: String, candidates: [String]? = nil) {
      self.line = line
      self.path = path
      self.candidates = candidates ?? [path]
    }

    /// A file that may lie there as a PNG of the same stem instead, which is then preferred.
    init(line: Int, preferringPNGOver path: String) {
      self.init(line: line, path: path, candidates: [(path as NSString).deletingPathExtension + ".png", path])
    }
  }

  /// The place of each image, nil where it is left out; and the paths of those.
  func find(_ named: [Named], _ faults: inout DataFaults) -> (paths: [String?], missing: [String]) {
    var seen: Set<String> = []
    var repeated: [LabelledLine] = []
    var outside: [LabelledLine] = []
    var linked: [LabelledLine] = []
    var missing: [String] = []
    var links = LinkCheck(root)
    var paths: [String?] = []
    paths.reserveCapacity(named.count)
    for image in named {
      let entry = LabelledLine(line: image.line, value: image.path)
      if !seen.insert(image.path).inserted { repeated.append(entry) }
      if image.path.hasPrefix("/") || image.path.split(separator: "/").contains("..") {
        outside.append(entry)
        paths.append(nil)
        continue
      }
      let place = image.candidates.first { Self.isFile("\(root)/\($0)") }
      if let place, links.leaves(place) { linked.append(entry) }
      if place == nil { missing.append(image.path) }
      paths.append(place ?? (absent == .listed ? image.path : nil))
    }
    if !outside.isEmpty { faults.add(.pathsLeaveRoot(lines: outside, root: root, path: labels)) }
    if !linked.isEmpty { faults.add(.linksLeaveRoot(lines: linked, root: root, path: labels)) }
    if !repeated.isEmpty { faults.add(.duplicateImages(lines: repeated, path: labels)) }
    let isFault =
      switch absent {
      case .fault: !missing.isEmpty
      case .leftOut: !missing.isEmpty && missing.count == named.count
      case .listed: false
      }
    if isFault { faults.add(.missingImages(names: missing, root: root, path: labels)) }
    return (paths, missing)
  }

  /// How many images lie below the folders that are none of those listed.
  ///
  /// - Parameter folders: Relative to the root; empty: the root itself.
  func unlisted(below folders: [String], listed: Set<String>) -> Int {
    folders.reduce(0) { $0 + unlisted(below: $1, listed: listed, depth: 0) }
  }

  private func unlisted(below folder: String, listed: Set<String>, depth: Int) -> Int {
    let place = folder.isEmpty ? root : "\(root)/\(folder)"
    guard depth < 16, let entries = try? DurableFiles.entries(in: place) else { return 0 }
    var count = 0
    for entry in entries where !entry.name.hasPrefix(".") {
      let path = folder.isEmpty ? entry.name : "\(folder)/\(entry.name)"
      if entry.kind == .folder || entry.kind == .link && DurableFiles.isFolder("\(place)/\(entry.name)") {
        count += unlisted(below: path, listed: listed, depth: depth + 1)
      } else if ImageListing.isImageName(entry.name), !listed.contains(path) {
        count += 1
      }
    }
    return count
  }

  static func isFile(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  }

  /// Throws where the folder is not there or is none.
  static func checkFolder(_ path: String) throws(DataFault) {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw .missingFolder(path: path)
    }
    guard isFolder.boolValue else { throw .notAFolder(path: path) }
  }
}
