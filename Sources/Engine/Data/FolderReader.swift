import Files
import Foundation

/// Reads a data set laid out as a folder a class, or as `train`, `val` and `test` folders with a folder a class in each.
public struct FolderReader: Sendable, Hashable {
  public var root: String
  /// The classes in the order of their indices; nil takes the folders' names in ascending order of their bytes.
  public var classes: [String]?

  public init(root: String, classes: [String]? = nil) {
    self.root = root
    self.classes = classes
  }

  /// Lists the images. A class folder is searched with the folders inside it; hidden files (a leading dot) are passed over
  /// in silence, other files that are no images by name are listed as `ignored`.
  ///
  /// - Throws: `DataFault`.
  public func listing() throws -> ImageListing {
    let files = FileManager.default
    var isFolder: ObjCBool = false
    guard files.fileExists(atPath: root, isDirectory: &isFolder) else { throw DataFault.missingFolder(path: root) }
    guard isFolder.boolValue else { throw DataFault.notAFolder(path: root) }

    let top = try Self.contents(root)
    let parts = top.folders.compactMap { name in Split(name: name).map { (name: name, split: $0) } }
    guard !top.folders.isEmpty else {
      throw DataFault.noClassFolders(root: root, images: top.files.count { ImageListing.isImageName($0) })
    }
    let isDivided = parts.count == top.folders.count && parts.contains { $0.split == .train }

    var found = FoundImages()
    var places: [(split: Split?, folders: [String])] = []
    if isDivided {
      for part in parts {
        let folders = try Self.contents("\(root)/\(part.name)").folders
        for folder in folders { try found.search(root, "\(part.name)/\(folder)", className: folder, split: part.split) }
        places.append((part.split, folders))
      }
    } else {
      for folder in top.folders { try found.search(root, folder, className: folder, split: nil) }
      found.ignored += top.files.filter { !$0.hasPrefix(".") }
      places = [(nil, top.folders)]
    }

    let names = Set(places.flatMap(\.folders))
    let classes = self.classes ?? names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    let unlisted = names.subtracting(classes).sorted()
    var faults = DataFaults()
    if !unlisted.isEmpty { faults.add(.unlistedClasses(names: unlisted, listed: classes, root: root)) }
    for place in places {
      let missing = classes.filter { !place.folders.contains($0) }
      if !missing.isEmpty { faults.add(.missingClasses(names: missing, root: root, split: place.split)) }
    }
    var links = LinkCheck(root)
    let linked = found.images.map(\.path).filter { links.leaves($0) }
    if !linked.isEmpty { faults.add(.linkedFilesLeaveRoot(paths: linked, root: root)) }
    if !found.empty.isEmpty { faults.add(.emptyClasses(names: found.empty.sorted(), root: root)) }
    try faults.check()
    guard classes.count >= 2 else { throw DataFault.tooFewClasses(names: classes, place: root) }

    let indices = Dictionary(classes.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    let items = found.images.compactMap { image in
      indices[image.className].map { ImageItem(path: image.path, label: $0, split: image.split) }
    }
    return ImageListing(root: root, items: items, classes: classes, ignored: found.ignored)
  }

  /// Names in a folder, sorted by bytes; hidden folders are left out.
  fileprivate static func contents(_ path: String) throws -> (folders: [String], files: [String]) {
    var folders: [String] = []
    var files: [String] = []
    let entries = try DurableFiles.entries(in: path) ?? []
    for entry in entries.sorted(by: { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }) {
      let isFolder = entry.kind == .folder || entry.kind == .link && DurableFiles.isFolder("\(path)/\(entry.name)")
      if !isFolder { files.append(entry.name) } else if !entry.name.hasPrefix(".") { folders.append(entry.name) }
    }
    return (folders, files)
  }
}

/// What a search through class folders has gathered.
private struct FoundImages {
  var images: [(path: String, className: String, split: Split?)] = []
  var ignored: [String] = []
  var empty: [String] = []

  mutating func search(_ root: String, _ folder: String, className: String, split: Split?) throws {
    let before = images.count
    try gather(root, folder, className: className, split: split, depth: 0)
    if images.count == before { empty.append(folder) }
  }

  private mutating func gather(_ root: String, _ folder: String, className: String, split: Split?, depth: Int) throws {
    // A link to a folder above would never end.
    guard depth < 16 else { return }
    let (folders, files) = try FolderReader.contents("\(root)/\(folder)")
    for name in files where !name.hasPrefix(".") {
      let path = "\(folder)/\(name)"
      if ImageListing.isImageName(name) { images.append((path, className, split)) } else { ignored.append(path) }
    }
    for name in folders {
      try gather(root, "\(folder)/\(name)", className: className, split: split, depth: depth + 1)
    }
  }
}
