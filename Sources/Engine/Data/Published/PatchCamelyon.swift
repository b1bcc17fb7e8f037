import Files
import Foundation

extension PublishedReader {
  public static let patchCamelyonClasses = ["normal", "tumor"]

  /// PatchCamelyon's own HDF5 files, `camelyonpatch_level_2_split_<split>_x.h5` and `_y.h5` for `train`, `valid` and `test`,
  /// gzipped or not; or, where none of them is there, what the study's released code exports: a list `<split>_labels.json` of 0
  /// and 1, and `<split>_png_files/img_<n>.png`, n from 0.
  ///
  /// - Parameters:
  ///   - scratch: A folder for what has to be decompressed to be read.
  ///   - progress: Told what is decompressed, from 0 to 1; false stops.
  /// - Throws: `DataFault`; `EngineError.data`; `FileFault`; `CancellationError`.
  public func patchCamelyon(scratch: String, progress: (Double) -> Bool = { _ in true }) throws -> ImageListing {
    try ImagePlaces.checkFolder(root)
    let stem = "camelyonpatch_level_2_split_"
    if try DurableFiles.names(in: root)?.contains(where: { $0.hasPrefix(stem) && $0.contains(".h5") }) ?? false {
      var reader = ArrayReader(
        root: root, container: .hdf5, images: .init(file: "\(stem){split}_x.h5", array: "x"),
        labels: .init(file: "\(stem){split}_y.h5", array: "y"), splitNames: ["train", "valid", "test"],
        classes: Self.patchCamelyonClasses, scratch: scratch)
      reader.looksAtLabelsAlone = absent == .listed
      return try reader.listing(progress: progress)
    }
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
