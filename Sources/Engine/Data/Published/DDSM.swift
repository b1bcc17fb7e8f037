import Files
import Foundation

extension PublishedReader {
  public static let ddsmClasses = ["normal", "abnormal"]

  /// DDSM as the study's released code reads it: lists `ddsm_raw_image_lists/{train,val,test}.txt` with a path a line below
  /// `ddsm_raw`. The file's name begins with `normal_`, `benign_` or `cancer_`; the latter two are one class.
  ///
  /// - Throws: `DataFault`.
  public func ddsm() throws -> ImageListing {
    try ImagePlaces.checkFolder(root)
    let lists: [(split: Split, name: String)] = [(.train, "train"), (.validation, "val"), (.test, "test")]
    var faults = DataFaults()
    var entries: [Entry] = []
    let folder = "\(root)/ddsm_raw_image_lists"
    for list in lists {
      let path = "\(folder)/\(list.name).txt"
      guard ImagePlaces.isFile(path) else {
        faults.add(.missingLabelFile(path: path))
        continue
      }
      let text = String(decoding: try DurableFiles.read(path), as: UTF8.self)
      var strangers: [LabelledLine] = []
      let before = entries.count
      for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
        let name = line.trimmingCharacters(in: .whitespaces)
        if name.isEmpty { continue }
        guard let label = Self.ddsmClass(name) else {
          strangers.append(LabelledLine(line: index + 1, value: name))
          continue
        }
        entries.append(
          Entry(
            named: ImagePlaces.Named(line: index + 1, preferringPNGOver: "ddsm_raw/\(name)"), label: .one(label),
            splits: split == .none ? [] : [list.split]))
      }
      if !strangers.isEmpty {
        faults.add(.unknownNames(lines: strangers, expected: ["normal_", "benign_", "cancer_"], path: path))
      } else if entries.count == before {
        faults.add(.malformedList(path: path, reason: "it names no image; write a path below ddsm_raw in each line"))
      }
    }
    return try listing(entries, classes: Self.ddsmClasses, labels: folder, searching: ["ddsm_raw"], &faults)
  }

  private static func ddsmClass(_ path: String) -> Int? {
    switch (path as NSString).lastPathComponent.split(separator: "_").first {
    case "normal": 0
    case "benign", "cancer": 1
    default: nil
    }
  }
}
