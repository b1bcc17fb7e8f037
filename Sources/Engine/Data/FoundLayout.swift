import Files
import Foundation

/// How somebody's images seem to lie in a folder, by names and tables alone: a guess, to be looked at by the one who knows.
public enum FoundLayout: Sendable, Hashable {
  /// A folder a class; `isDivided`: within folders `train`, `val` and `test`.
  case classFolders(isDivided: Bool)
  /// A table with a row an image.
  case table(FoundTable)

  /// Looks at a folder. A table that names images of it is believed before folders are.
  ///
  /// - Throws: `DataFault` where it is none, or where neither is there.
  public init(of root: String) throws {
    try ImagePlaces.checkFolder(root)
    let entries = (try DurableFiles.entries(in: root) ?? []).filter { !$0.name.hasPrefix(".") }
    let folders = entries.filter { $0.kind == .folder || DurableFiles.isFolder("\(root)/\($0.name)") }.map(\.name)
    let tables = entries.map(\.name).filter { name in [".csv", ".tsv"].contains { name.lowercased().hasSuffix($0) } }
    for name in tables.sorted() {
      // What is no table, or none of images, is passed over.
      guard let table = try? LabelTable("\(root)/\(name)") else { continue }
      if let found = FoundTable(table, named: name, root: root, folders: folders.sorted()) {
        self = .table(found)
        return
      }
    }
    let parts = folders.compactMap { Split(name: $0) }
    if parts.count == folders.count, parts.contains(.train) {
      self = .classFolders(isDivided: true)
      return
    }
    guard folders.count >= 2 else {
      throw DataFault.noClassFolders(
        root: root, images: entries.count { ImageFileNames.isImage($0.name) })
    }
    self = .classFolders(isDivided: false)
  }
}

/// A table of images and what its columns seem to be.
public struct FoundTable: Sendable, Hashable {
  /// The table's name within the folder.
  public var labels: String
  public var image: String
  public var target: String
  /// The column of the patient or lesion.
  public var group: String?
  public var split: String?
  /// The folder below the root that paths begin from; nil for the root.
  public var images: String?
  /// What is added to a path to make it a file's name, the dot included; nil where nothing is.
  public var pathExtension: String?
  /// Other columns that could be the target.
  public var otherTargets: [String]

  private static let targetNames = ["label", "class", "target", "diagnosis", "dx", "category", "grade", "y"]
  private static let groupNames = ["patient", "subject", "lesion", "participant", "person", "case", "group"]
  private static let splitNames = ["split", "part", "fold", "set", "partition", "subset"]
  /// A column of more values is no column of classes.
  private static let mostClasses = 100
  /// Rows whose images are looked for.
  private static let sample = 20

  /// Nil where no column names images that are there, or none could be their class.
  init?(_ table: LabelTable, named name: String, root: String, folders: [String]) {
    let columns = table.header.indices
    let values = columns.map { table.values($0) }
    var found: (column: Int, folder: String?, pathExtension: String?)?
    for column in columns where found == nil {
      let sample = values[column].filter { !$0.isEmpty }.prefix(Self.sample)
      found = Self.place(of: Array(sample), root: root, folders: folders).map { (column, $0.folder, $0.pathExtension) }
    }
    guard let found else { return nil }
    func named(_ names: [String], _ column: Int) -> Bool {
      let words = table.header[column].lowercased().split { !$0.isLetter }.map(String.init)
      return names.contains { words.first == $0 }
    }
    func distinct(_ column: Int) -> Int { Set(values[column]).count }
    let others = columns.filter { $0 != found.column }
    let split = others.first { column in
      named(Self.splitNames, column) && values[column].allSatisfy { Split(name: $0) != nil }
    }
    let group = others.first { named(Self.groupNames, $0) && $0 != split && !values[$0].contains("") }
    var targets = others.filter { column in
      column != split && column != group && (2...Self.mostClasses).contains(distinct(column))
        && distinct(column) * 2 <= table.count && !values[column].contains("")
    }
    targets.sort { named(Self.targetNames, $0) && !named(Self.targetNames, $1) }
    guard let target = targets.first else { return nil }
    labels = name
    image = table.header[found.column]
    self.target = table.header[target]
    self.group = group.map { table.header[$0] }
    self.split = split.map { table.header[$0] }
    images = found.folder
    pathExtension = found.pathExtension
    otherTargets = targets.dropFirst().map { table.header[$0] }
  }

  /// Where files of these names lie, all of them.
  private static func place(
    of names: [String], root: String, folders: [String]
  ) -> (folder: String?, pathExtension: String?)? {
    guard let first = names.first, !names.contains(where: { $0.hasPrefix("/") || $0.contains("..") }) else {
      return nil
    }
    let isComplete = ImageFileNames.isImage(first)
    let endings = isComplete ? [nil] : ImageFileNames.extensions.sorted().map { Optional(".\($0)") }
    for folder in [nil] + folders.map(Optional.some) {
      for ending in endings {
        let isThere = names.allSatisfy { name in
          ImagePlaces.isFile([root, folder, name + (ending ?? "")].compactMap(\.self).joined(separator: "/"))
        }
        if isThere { return (folder, ending) }
      }
    }
    return nil
  }
}
