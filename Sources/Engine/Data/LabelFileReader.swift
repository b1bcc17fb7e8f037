import Foundation

/// Reads a data set whose images are listed in a table with a row an image.
public struct LabelFileReader: Sendable, Hashable {
  /// Where a table says what an image shows.
  public enum Target: Sendable, Hashable, ExpressibleByStringLiteral {
    /// The column of its one class.
    case column(String)
    /// A column a class: 1 where it is shown, 0 where not, -1 where nobody can say. The columns are the classes.
    case columns([String])
    /// The column of all that it shows, with something between.
    case separated(String, by: String)

    public init(stringLiteral value: String) { self = .column(value) }
  }

  /// What an empty field means where images may show several classes.
  public enum Blank: Sendable, Hashable {
    case fault, absent, unknown
  }

  /// The folder that image paths are relative to.
  public var root: String
  /// The table's path.
  public var labels: String
  /// The column with the image's path.
  public var image: String
  public var target: Target
  /// The column with the patient, lesion or other group that must stay in one split.
  public var group: String?
  /// The column with the split: `train`, `val` or `test`.
  public var split: String?
  /// The classes in the order of their indices; nil takes the labels found: in ascending order as numbers if all are
  /// whole numbers, else of their bytes. Without effect where each class has a column.
  public var classes: [String]?
  /// What is added to the image column to make a file's name, e.g. `.png`.
  public var suffix: String
  /// Nil: whichever the header has most of.
  public var delimiter: Delimiter?
  public var blank = Blank.fault
  /// Whether images that are not there are left out.
  public var skipsMissing = false

  public init(
    root: String, labels: String, image: String, target: Target, group: String? = nil, split: String? = nil,
    classes: [String]? = nil, suffix: String = "", delimiter: Delimiter? = nil
  ) {
    self.root = root
    self.labels = labels
    self.image = image
    self.target = target
    self.group = group
    self.split = split
    self.classes = classes
    self.suffix = suffix
    self.delimiter = delimiter
  }

  /// Lists the images. All that is wrong is found before it is reported; only where columns are missing is nothing said of
  /// the rows.
  ///
  /// - Throws: `DataFault`.
  public func listing() throws -> ImageListing {
    try ImagePlaces.checkFolder(root)
    let table = try LabelTable(labels, delimiter: delimiter)
    var faults = DataFaults()
    let imageColumn = table.column(image, "image", &faults)
    let targetNames =
      switch target {
      case .column(let name), .separated(let name, _): [name]
      case .columns(let names): names
      }
    let targetColumns = targetNames.compactMap { table.column($0, "target", &faults) }
    let groupColumn = group.flatMap { table.column($0, "group", &faults) }
    let splitColumn = split.flatMap { table.column($0, "split", &faults) }
    try faults.check()
    guard let imageColumn, let firstTarget = targetColumns.first else {
      return ImageListing(root: root, items: [], classes: [])
    }

    table.checkFilled(imageColumn, &faults)
    if let groupColumn { table.checkFilled(groupColumn, &faults) }
    let read: (classes: [String], labels: [ImageLabel?])
    switch target {
    case .column: read = single(table, firstTarget, &faults)
    case .columns: read = (targetNames, several(table, targetColumns, &faults))
    case .separated(_, let separator): read = separated(table, firstTarget, separator, &faults)
    }
    let splits = splitColumn.map { self.splits(of: table, column: $0, &faults) }
    let places = ImagePlaces(root: root, labels: labels, skipsMissing: skipsMissing)
    let named = (0..<table.count).map { row in
      ImagePlaces.Named(line: table.line(row), path: table.value(row, imageColumn) + suffix)
    }.filter { $0.path != suffix }
    let found = places.find(named, &faults)
    try faults.check()
    guard read.classes.count >= leastClasses else { throw DataFault.tooFewClasses(names: read.classes, place: labels) }

    var items: [ImageItem] = []
    items.reserveCapacity(table.count)
    for row in 0..<table.count {
      guard let label = read.labels[row], let path = found.paths[row] else { continue }
      items.append(
        ImageItem(
          path: path, label: label, group: groupColumn.map { table.value(row, $0) }, split: splits.flatMap { $0[row] }))
    }
    var listing = ImageListing(root: root, items: items, classes: read.classes)
    listing.missing = found.missing
    listing.unlisted = places.unlisted(below: [""], listed: Set(named.map(\.path)))
    return listing
  }

  private var leastClasses: Int {
    if case .column = target { return 2 }
    // One class can be told from its absence.
    return 1
  }

  private func single(
    _ table: LabelTable, _ column: Int, _ faults: inout DataFaults
  ) -> (classes: [String], labels: [ImageLabel?]) {
    table.checkFilled(column, &faults)
    let values = table.values(column)
    let classes = self.classes ?? Self.sortedLabels(Set(values.filter { !$0.isEmpty }))
    let indices = Self.indices(classes)
    report(
      values.enumerated().filter { !$1.isEmpty && indices[$1] == nil }.map { table.labelled($0, $1) }, classes,
      table.header[column], &faults)
    return (classes, values.map { value in indices[value].map { .one($0) } })
  }

  private func separated(
    _ table: LabelTable, _ column: Int, _ separator: String, _ faults: inout DataFaults
  ) -> (classes: [String], labels: [ImageLabel?]) {
    if blank == .fault { table.checkFilled(column, &faults) }
    let rows = table.values(column).map { value in
      value.components(separatedBy: separator).map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }
    let classes = self.classes ?? Self.sortedLabels(Set(rows.joined()))
    let indices = Self.indices(classes)
    report(
      rows.enumerated().flatMap { row, names in names.filter { indices[$0] == nil }.map { table.labelled(row, $0) } },
      classes, table.header[column], &faults)
    let labels = rows.map { names -> ImageLabel? in
      let isUnknown = names.isEmpty && blank == .unknown
      var presences = Array(repeating: isUnknown ? Presence.unknown : .absent, count: classes.count)
      for name in names { if let index = indices[name] { presences[index] = .present } }
      return .each(presences)
    }
    return (classes, labels)
  }

  private func several(_ table: LabelTable, _ columns: [Int], _ faults: inout DataFaults) -> [ImageLabel?] {
    var presences = (0..<table.count).map { _ in [Presence]() }
    for column in columns {
      if blank == .fault { table.checkFilled(column, &faults) }
      var unknown: [LabelledLine] = []
      for row in 0..<table.count {
        let value = table.value(row, column)
        if value.isEmpty {
          presences[row].append(blank == .unknown ? .unknown : .absent)
        } else if let presence = Presence(text: value) {
          presences[row].append(presence)
        } else {
          unknown.append(table.labelled(row, value))
          presences[row].append(.unknown)
        }
      }
      if !unknown.isEmpty { faults.add(.unknownPresences(lines: unknown, column: table.header[column], path: labels)) }
    }
    return presences.map { .each($0) }
  }

  private func report(_ lines: [LabelledLine], _ classes: [String], _ column: String, _ faults: inout DataFaults) {
    if !lines.isEmpty { faults.add(.unknownLabels(lines: lines, classes: classes, column: column, path: labels)) }
  }

  private func splits(of table: LabelTable, column: Int, _ faults: inout DataFaults) -> [Split?] {
    let values = table.values(column)
    let splits = values.map { Split(name: $0) }
    let unknown = splits.indices.filter { splits[$0] == nil }.map { table.labelled($0, values[$0]) }
    if !unknown.isEmpty { faults.add(.unknownSplits(lines: unknown, column: table.header[column], path: labels)) }
    return splits
  }

  private static func indices(_ classes: [String]) -> [String: Int] {
    Dictionary(classes.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
  }

  private static func sortedLabels(_ labels: Set<String>) -> [String] {
    let numbers = labels.compactMap { label in Int(label).map { ($0, label) } }
    if numbers.count == labels.count { return numbers.sorted { $0 < $1 }.map(\.1) }
    return labels.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }
}

extension Presence {
  /// What a table means by a field: 1, 0 or -1 in any form, true and false, yes and no; nil for any other.
  init?(text: String) {
    switch (Double(text), text.lowercased()) {
    case (.some(1), _), (_, "true"), (_, "yes"): self = .present
    case (.some(0), _), (_, "false"), (_, "no"): self = .absent
    case (.some(-1), _): self = .unknown
    default: return nil
    }
  }
}
