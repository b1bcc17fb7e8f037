import Files
import Foundation

/// Reads a data set whose images are listed in a table with a row an image.
public struct LabelFileReader: Sendable, Hashable {
  /// The folder that image paths are relative to.
  public var root: String
  /// The table's path.
  public var labels: String
  /// The column with the image's path.
  public var image: String
  /// The column with the class.
  public var target: String
  /// The column with the patient, lesion or other group that must stay in one split.
  public var group: String?
  /// The column with the split: `train`, `val` or `test`.
  public var split: String?
  /// The classes in the order of their indices; nil takes the labels found: in ascending order as numbers if all are
  /// whole numbers, else of their bytes.
  public var classes: [String]?
  /// What is added to the image column to make a file's name, e.g. `.png`.
  public var suffix: String

  public init(
    root: String, labels: String, image: String, target: String, group: String? = nil, split: String? = nil,
    classes: [String]? = nil, suffix: String = ""
  ) {
    self.root = root
    self.labels = labels
    self.image = image
    self.target = target
    self.group = group
    self.split = split
    self.classes = classes
    self.suffix = suffix
  }

  /// Lists the images. Every fault of one kind is found before it is reported.
  ///
  /// - Throws: `DataFault`.
  public func listing() throws -> ImageListing {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: root, isDirectory: &isFolder) else {
      throw DataFault.missingFolder(path: root)
    }
    guard isFolder.boolValue else { throw DataFault.notAFolder(path: root) }
    guard FileManager.default.fileExists(atPath: labels) else { throw DataFault.missingLabelFile(path: labels) }
    let table: DelimitedText
    do {
      table = try DelimitedText(DurableFiles.read(labels))
    } catch let fault as DelimitedText.Fault {
      throw DataFault.malformedLabelFile(path: labels, line: fault.line, reason: fault.reason)
    }
    guard !table.rows.isEmpty else { throw DataFault.noRows(path: labels) }

    let imageColumn = try column(image, "image", in: table)
    let targetColumn = try column(target, "target", in: table)
    let groupColumn = try group.map { try column($0, "group", in: table) }
    let splitColumn = try split.map { try column($0, "split", in: table) }
    for (name, index) in [(image, imageColumn), (target, targetColumn)]
      + (group.flatMap { name in groupColumn.map { [(name, $0)] } } ?? [])
    {
      let blank = table.rows.filter { Self.trimmed($0.fields[index]).isEmpty }.map(\.line)
      guard blank.isEmpty else { throw DataFault.blankFields(lines: blank, column: name, path: labels) }
    }

    let paths = table.rows.map { Self.trimmed($0.fields[imageColumn]) + suffix }
    try checkPaths(paths, lines: table.rows.map(\.line))
    let values = table.rows.map { Self.trimmed($0.fields[targetColumn]) }
    let classes = self.classes ?? Self.sortedLabels(Set(values))
    let indices = Dictionary(classes.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    let unknown = zip(table.rows, values).filter { indices[$1] == nil }.map { LabelledLine(line: $0.line, value: $1) }
    guard unknown.isEmpty else {
      throw DataFault.unknownLabels(lines: unknown, classes: classes, column: target, path: labels)
    }
    guard classes.count >= 2 else { throw DataFault.tooFewClasses(names: classes, place: labels) }
    let splits = try splitColumn.map { try self.splits(of: table, column: $0) }

    var items: [ImageItem] = []
    items.reserveCapacity(paths.count)
    for (row, path) in paths.enumerated() {
      guard let label = indices[values[row]] else { continue }
      items.append(
        ImageItem(
          path: path, label: label, group: groupColumn.map { Self.trimmed(table.rows[row].fields[$0]) },
          split: splits?[row]))
    }
    return ImageListing(root: root, items: items, classes: classes)
  }

  private func column(_ name: String, _ role: String, in table: DelimitedText) throws -> Int {
    guard let index = table.header.firstIndex(of: name) else {
      throw DataFault.missingColumn(name: name, role: role, path: labels, columns: table.header)
    }
    return index
  }

  private func splits(of table: DelimitedText, column: Int) throws -> [Split] {
    var unknown: [LabelledLine] = []
    var splits: [Split] = []
    for row in table.rows {
      if let split = Split(name: Self.trimmed(row.fields[column])) {
        splits.append(split)
      } else {
        unknown.append(LabelledLine(line: row.line, value: row.fields[column]))
      }
    }
    guard unknown.isEmpty else {
      throw DataFault.unknownSplits(lines: unknown, column: table.header[column], path: labels)
    }
    return splits
  }

  private func checkPaths(_ paths: [String], lines: [Int]) throws {
    var seen: Set<String> = []
    var repeated: [LabelledLine] = []
    var outside: [LabelledLine] = []
    for (path, line) in zip(paths, lines) {
      if !seen.insert(path).inserted { repeated.append(LabelledLine(line: line, value: path)) }
      if path.hasPrefix("/") || path.split(separator: "/").contains("..") {
        outside.append(LabelledLine(line: line, value: path))
      }
    }
    guard outside.isEmpty else { throw DataFault.pathsLeaveRoot(lines: outside, root: root, path: labels) }
    guard repeated.isEmpty else { throw DataFault.duplicateImages(lines: repeated, path: labels) }
    let missing = paths.filter { path in
      var status = stat()
      return stat("\(root)/\(path)", &status) != 0 || status.st_mode & S_IFMT != S_IFREG
    }
    guard missing.isEmpty else { throw DataFault.missingImages(names: missing, root: root, path: labels) }
  }

  private static func trimmed(_ field: String) -> String { field.trimmingCharacters(in: .whitespaces) }

  private static func sortedLabels(_ labels: Set<String>) -> [String] {
    let numbers = labels.compactMap { label in Int(label).map { ($0, label) } }
    if numbers.count == labels.count { return numbers.sorted { $0 < $1 }.map(\.1) }
    return labels.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }
}
