import Files
import Foundation

extension PublishedReader {
  public static let patchCamelyonClasses = ["normal", "tumor"]

  /// PatchCamelyon as the study's released code exports it: for each of `train`, `valid` and `test` a list
  /// `<split>_labels.json` of 0 and 1, and `<split>_png_files/img_<n>.png`, n from 0.
  ///
  /// - Throws: `DataFault`.
  public func patchCamelyon() throws -> ImageListing {
    try ImagePlaces.checkFolder(root)
    var faults = DataFaults()
    var entries: [Entry] = []
    let parts: [(name: String, split: Split)] = [("train", .train), ("valid", .validation), ("test", .test)]
    for part in parts {
      let path = "\(root)/\(part.name)_labels.json"
      guard ImagePlaces.isFile(path) else {
        faults.add(.missingLabelFile(path: path))
        continue
      }
      let data = Data(try DurableFiles.read(path))
      guard let labels = try? JSONDecoder().decode([Int].self, from: data), labels.allSatisfy({ $0 == 0 || $0 == 1 })
      else {
        faults.add(.malformedList(path: path, reason: "it is no list of 0 and 1; export the labels again"))
        continue
      }
      for (number, label) in labels.enumerated() {
        entries.append(
          Entry(
            named: ImagePlaces.Named(line: number + 1, path: "\(part.name)_png_files/img_\(number).png"),
            label: .one(label), splits: [part.split]))
      }
    }
    return try listing(
      entries, classes: Self.patchCamelyonClasses, labels: root, searching: parts.map { "\($0.name)_png_files" },
      &faults)
  }
}
