extension PublishedReader {
  /// The diagnoses that training images have; the ground truth's ninth column, UNK, is of none of them.
  public static let isic2019Classes = ["MEL", "NV", "BCC", "AK", "BKL", "DF", "VASC", "SCC"]
  private static let isic2019Metadata = "ISIC_2019_Training_Metadata.csv"

  /// ISIC 2019: `ISIC_2019_Training_GroundTruth.csv` (image, a column a class) and `train/<image>.jpg`, or the folder
  /// `ISIC_2019_Training_Input` as it is unpacked. `ISIC_2019_Training_Metadata.csv` names lesions, which are the groups;
  /// an image without one is a group by itself.
  ///
  /// - Parameter needsLesions: Whether it is a fault when that file is not there.
  /// - Throws: `DataFault`.
  public func isic2019(needsLesions: Bool) throws -> ImageListing {
    try ImagePlaces.checkFolder(root)
    let table = try LabelTable(file("ISIC_2019_Training_GroundTruth.csv"))
    var faults = DataFaults()
    let image = table.column("image", "image", &faults)
    let columns = Self.isic2019Classes.compactMap { table.column($0, "class", &faults) }
    let lesions = try lesions(needed: needsLesions, &faults)
    try faults.check()
    guard let image else { return ImageListing(root: root, items: [], classes: []) }
    table.checkFilled(image, &faults)

    var wrong: [LabelledLine] = []
    let splits = split == .none ? nil : ReleasedSplit.shuffled(count: table.count, heldOut: 0.2)
    let folder = folder("train", "ISIC_2019_Training_Input")
    let unknown = table.header.firstIndex(of: "UNK")
    let entries = (0..<table.count).map { row -> Entry in
      let name = table.value(row, image)
      let values = (columns + (unknown.map { [$0] } ?? [])).map { Double(table.value(row, $0)) }
      let shown = values.indices.filter { values[$0] == 1 }
      let isSound = shown.count == 1 && shown[0] < columns.count && values.allSatisfy { $0 == 0 || $0 == 1 }
      if !isSound { wrong.append(table.labelled(row, name)) }
      return Entry(
        named: ImagePlaces.Named(line: table.line(row), preferringPNGOver: "\(folder)/\(name).jpg"),
        label: .one(isSound ? shown[0] : 0), group: lesions[name], splits: splits.map { [$0[row]] } ?? [])
    }
    if !wrong.isEmpty { faults.add(.notOneClass(lines: wrong, path: table.path)) }
    return try listing(entries, classes: Self.isic2019Classes, labels: table.path, searching: [folder], &faults)
  }

  /// The lesion of each image that has one.
  private func lesions(needed: Bool, _ faults: inout DataFaults) throws -> [String: String] {
    let path = file(Self.isic2019Metadata)
    guard needed || ImagePlaces.isFile(path) else { return [:] }
    let table = try LabelTable(path)
    let image = table.column("image", "image", &faults)
    let lesion = table.column("lesion_id", "lesion", &faults)
    guard let image, let lesion else { return [:] }
    var lesions: [String: String] = [:]
    for row in 0..<table.count {
      let name = table.value(row, lesion)
      if !name.isEmpty { lesions[table.value(row, image)] = name }
    }
    return lesions
  }
}
