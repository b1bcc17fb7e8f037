extension PublishedReader {
  /// What an uncertain label, -1 in the table, is taken for (Irvin et al., AAAI 2019).
  public enum Uncertain: Sendable, Hashable {
    /// U-Zeros: not shown.
    case zeros
    /// U-Ones: shown.
    case ones
    /// U-Ignore: unknown.
    case ignore
  }

  private static let cheXpertLabels = 14
  private static let noFinding = "No Finding"

  /// CheXpert: `train.csv` (Path, then the patient's columns, the last 14 the labels) and the images at these paths, whose
  /// first part is the release's name and left out. Blank is not mentioned, so not shown; a row that shows nothing and
  /// leaves nothing unknown shows `No Finding`. The groups are the patients, from the paths. The official validation set
  /// is not used.
  ///
  /// - Throws: `DataFault`.
  public func cheXpert(uncertain: Uncertain) throws -> ImageListing {
    try ImagePlaces.checkFolder(root)
    let table = try LabelTable(file("train.csv"))
    var faults = DataFaults()
    guard let path = table.column("Path", "image", &faults) else {
      try faults.check()
      return ImageListing(root: root, items: [], classes: [])
    }
    let columns = Array(table.header.indices.suffix(Self.cheXpertLabels))
    let classes = columns.map { table.header[$0] }
    let noFinding = classes.firstIndex(of: Self.noFinding)
    if columns.count < Self.cheXpertLabels || columns.contains(path) || noFinding == nil {
      faults.add(
        .missingColumn(name: Self.noFinding, role: "first of 14 labels", path: table.path, columns: table.header))
    }
    try faults.check()

    let paths = table.values(path)
    table.checkFilled(path, &faults)
    let labels = presences(table, columns, noFinding: noFinding ?? 0, uncertain, &faults)
    var splits: [[Split]] = Array(repeating: [], count: paths.count)
    if split != .none { splits = ReleasedSplit.cheXpert(paths: paths, isRepaired: split == .released) }
    var strangers: [LabelledLine] = []
    let entries = paths.enumerated().map { row, path -> Entry in
      let parts = path.split(separator: "/").dropFirst()
      let patient = parts.first { $0.hasPrefix("patient") }.map(String.init)
      if patient == nil, !path.isEmpty { strangers.append(table.labelled(row, path)) }
      return Entry(
        named: ImagePlaces.Named(line: table.line(row), preferringPNGOver: parts.joined(separator: "/")),
        label: labels[row], group: patient, splits: splits[row])
    }
    if !strangers.isEmpty {
      faults.add(
        .malformedList(
          path: table.path,
          reason: "\(strangers.count) paths name no folder patient..., first in line \(strangers[0].line): "
            + "\"\(strangers[0].value)\"; keep the paths as released"))
    }
    return try listing(entries, classes: classes, labels: table.path, searching: ["train"], &faults)
  }

  private func presences(
    _ table: LabelTable, _ columns: [Int], noFinding: Int, _ uncertain: Uncertain, _ faults: inout DataFaults
  ) -> [ImageLabel] {
    var wrong: [Int: [LabelledLine]] = [:]
    let labels = (0..<table.count).map { row -> ImageLabel in
      var presences = columns.map { column -> Presence in
        let value = table.value(row, column)
        if value.isEmpty { return .absent }
        switch Presence(text: value) {
        case .unknown?:
          switch uncertain {
          case .zeros: return .absent
          case .ones: return .present
          case .ignore: return .unknown
          }
        case let presence?: return presence
        case nil:
          wrong[column, default: []].append(table.labelled(row, value))
          return .absent
        }
      }
      if presences.allSatisfy({ $0 == .absent }) { presences[noFinding] = .present }
      return .each(presences)
    }
    for (column, lines) in wrong.sorted(by: { $0.key < $1.key }) {
      faults.add(.unknownPresences(lines: lines, column: table.header[column], path: table.path))
    }
    return labels
  }
}
