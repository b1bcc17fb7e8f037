extension PublishedReader {
  /// The grades of diabetic retinopathy.
  public static let aptos2019Classes = ["no_dr", "mild", "moderate", "severe", "proliferative_dr"]

  /// APTOS 2019 Blindness Detection: `train.csv` (id_code, diagnosis) and `train_images/<id_code>.png`.
  ///
  /// - Throws: `DataFault`.
  public func aptos2019() throws -> ImageListing {
    try ImagePlaces.checkFolder(root)
    let table = try LabelTable(file("train.csv"))
    var faults = DataFaults()
    let id = table.column("id_code", "image", &faults)
    let diagnosis = table.column("diagnosis", "class", &faults)
    try faults.check()
    guard let id, let diagnosis else { return ImageListing(root: root, items: [], classes: []) }
    table.checkFilled(id, &faults)
    table.checkFilled(diagnosis, &faults)
    let grades = table.values(diagnosis).map { Double($0).flatMap { Int(exactly: $0) } ?? -1 }
    let unknown = grades.indices.filter { !(0..<5).contains(grades[$0]) && !table.value($0, diagnosis).isEmpty }
    if !unknown.isEmpty {
      faults.add(
        .unknownLabels(
          lines: unknown.map { table.labelled($0, table.value($0, diagnosis)) }, classes: (0..<5).map(String.init),
          column: "diagnosis", path: table.path))
    }
    let splits = split == .none ? nil : ReleasedSplit.shuffled(count: table.count, heldOut: 0.3)
    let entries = (0..<table.count).map { row in
      let path = "train_images/\(table.value(row, id)).png"
      return Entry(
        named: ImagePlaces.Named(line: table.line(row), path: path, candidates: Self.candidates(path)),
        label: .one(max(grades[row], 0)), splits: splits.map { [$0[row]] } ?? [])
    }
    return try listing(
      entries, classes: Self.aptos2019Classes, labels: table.path, searching: ["train_images"], &faults)
  }

  /// A PNG, or what smaller exports of it have instead.
  static func candidates(_ png: String) -> [String] {
    let stem = png.dropLast(4)
    return [png] + ["jpg", "jpeg"].map { "\(stem).\($0)" }
  }
}
