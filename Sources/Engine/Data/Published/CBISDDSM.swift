import Files
import Foundation

extension PublishedReader {
  public static let cbisDDSMClasses = ["benign", "malignant"]

  /// Which of CBIS-DDSM's images are read.
  public enum MammogramView: Sendable, Hashable {
    /// The whole mammograms, each once: malignant where one of its findings is.
    case full
    /// The cut-out of each finding.
    case cropped

    fileprivate var column: String { self == .full ? "image file path" : "cropped image file path" }
    fileprivate var series: String { self == .full ? "full mammogram images" : "cropped images" }
  }

  private static let cbisTables = ["mass", "calc"].flatMap { kind in
    [("train", Split.train), ("test", .test)].map { (name: "\(kind)_case_description_\($0)_set.csv", split: $1) }
  }

  /// CBIS-DDSM: its four tables of cases, here or in `csv/`, and the images at their paths as DICOM, here or in `CBIS-DDSM/`,
  /// or in the JPEG export as `jpeg/<series>/*.jpg`. The groups are the patients. Training and testing are as its tables
  /// divide them.
  ///
  /// - Throws: `DataFault`.
  public func cbisDDSM(_ view: MammogramView) throws -> ImageListing {
    try ImagePlaces.checkFolder(root)
    var faults = DataFaults()
    var cases: [String: Case] = [:]
    for source in Self.cbisTables {
      let path = file(source.name, "csv/\(source.name)")
      guard ImagePlaces.isFile(path) else {
        faults.add(.missingLabelFile(path: path))
        continue
      }
      try read(path, source.split, view, &cases, &faults)
    }
    try faults.check()
    let export = try JPEGExport(root: root, series: view.series)
    let entries = cases.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { path, found in
      Entry(
        named: ImagePlaces.Named(
          line: found.line, path: path, candidates: [path, "CBIS-DDSM/\(path)"] + export.candidates(for: path)),
        label: .one(found.isMalignant ? 1 : 0), group: found.patient, splits: split == .none ? [] : [found.split])
    }
    return try listing(
      entries, classes: Self.cbisDDSMClasses, labels: file(Self.cbisTables[0].name, "csv/\(Self.cbisTables[0].name)"),
      searching: [], &faults)
  }

  private struct Case {
    let line: Int
    let patient: String
    let split: Split
    var isMalignant: Bool
  }

  private func read(
    _ path: String, _ split: Split, _ view: MammogramView, _ cases: inout [String: Case], _ faults: inout DataFaults
  ) throws {
    let table = try LabelTable(path)
    let patient = table.column("patient_id", "patient", &faults)
    let pathology = table.column("pathology", "class", &faults)
    let image = table.column(view.column, "image", &faults)
    guard let patient, let pathology, let image else { return }
    for column in [patient, pathology, image] { table.checkFilled(column, &faults) }
    var unknown: [LabelledLine] = []
    for row in 0..<table.count {
      let name = table.value(row, pathology)
      guard ["MALIGNANT", "BENIGN", "BENIGN_WITHOUT_CALLBACK"].contains(name) else {
        if !name.isEmpty { unknown.append(table.labelled(row, name)) }
        continue
      }
      let place = table.value(row, image)
      var found =
        cases[place]
        ?? Case(line: table.line(row), patient: table.value(row, patient), split: split, isMalignant: false)
      if name == "MALIGNANT" { found.isMalignant = true }
      cases[place] = found
    }
    if !unknown.isEmpty {
      faults.add(
        .unknownLabels(
          lines: unknown, classes: ["MALIGNANT", "BENIGN", "BENIGN_WITHOUT_CALLBACK"], column: "pathology", path: path))
    }
  }
}

/// The export of CBIS-DDSM as JPEG files: a folder a series, and a table that says what each file shows.
private struct JPEGExport {
  private let folder: String
  /// The files of each series that show what is wanted, by `csv/dicom_info.csv`; empty where that is not there.
  private var described: [String: [String]] = [:]

  init(root: String, series wanted: String) throws {
    folder = "\(root)/jpeg"
    let path = ["csv/dicom_info.csv", "dicom_info.csv"].map { "\(root)/\($0)" }.first(where: ImagePlaces.isFile)
    guard let path else { return }
    let table = try LabelTable(path)
    var faults = DataFaults()
    let image = table.column("image_path", "image", &faults)
    let series = table.column("SeriesDescription", "series", &faults)
    try faults.check()
    guard let image, let series else { return }
    for row in 0..<table.count where table.value(row, series) == wanted {
      let parts = table.value(row, image).split(separator: "/").suffix(2).map(String.init)
      if parts.count == 2 { described[parts[0], default: []].append(parts[1]) }
    }
  }

  /// Where the image of a DICOM path may lie: the file of its series that shows what is wanted, or the only one there.
  func candidates(for path: String) -> [String] {
    let parts = path.split(separator: "/").map(String.init)
    guard parts.count >= 2 else { return [] }
    let series = parts[parts.count - 2]
    if let names = described[series] { return names.map { "jpeg/\(series)/\($0)" } }
    let files = ((try? DurableFiles.entries(in: "\(folder)/\(series)")) ?? nil) ?? []
    let images = files.map(\.name).filter(ImageListing.isImageName)
    return images.count == 1 ? ["jpeg/\(series)/\(images[0])"] : []
  }
}
