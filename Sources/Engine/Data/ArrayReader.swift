import Files
import Foundation

/// Reads a data set whose images and labels are arrays: in HDF5 files, which may be gzipped, or in NumPy archives.
public struct ArrayReader: Sendable, Hashable {
  public enum Container: String, Sendable, Hashable {
    case hdf5
    case npz
  }

  /// An array of a file below the root. `{split}` in either name stands for a split's own.
  public struct Place: Sendable, Hashable {
    public var file: String
    public var array: String

    public init(file: String, array: String) {
      self.file = file
      self.array = array
    }

    var namesSplit: Bool { file.contains("{split}") || array.contains("{split}") }

    func named(_ split: String) -> Place {
      Place(
        file: file.replacingOccurrences(of: "{split}", with: split),
        array: array.replacingOccurrences(of: "{split}", with: split))
    }
  }

  public var root: String
  public var container: Container
  public var images: Place
  public var labels: Place
  /// What stands for `{split}`, in the order of `Split.allCases`.
  public var splitNames: [String]
  /// The classes in the order of their indices; nil takes the numbers found.
  public var classes: [String]?
  /// Whether a row of labels has a 0 or 1 for each class, instead of a class's index.
  public var showsSeveralClasses: Bool
  /// A folder for what has to be decompressed to be read.
  public var scratch: String
  /// Whether the images are left alone, for a survey: their files must be there.
  public var looksAtLabelsAlone = false

  public init(
    root: String, container: Container, images: Place, labels: Place, splitNames: [String] = ["train", "val", "test"],
    classes: [String]? = nil, showsSeveralClasses: Bool = false, scratch: String
  ) {
    self.root = root
    self.container = container
    self.images = images
    self.labels = labels
    self.splitNames = splitNames
    self.classes = classes
    self.showsSeveralClasses = showsSeveralClasses
    self.scratch = scratch
  }

  /// What was read of a split, or of all.
  private struct Part {
    var split: Split?
    var images: ArrayImages?
    /// One class index an image, or one 0 or 1 a class.
    var labels: [[Int]]
    var place: Place
  }

  /// Lists the images; those of a file are named for their row in it.
  ///
  /// - Parameter progress: Told what is decompressed, from 0 to 1; false stops.
  /// - Throws: `DataFault`; `EngineError.data`; `FileFault` where something cannot be decompressed; `CancellationError`.
  public func listing(progress: (Double) -> Bool = { _ in true }) throws -> ImageListing {
    try ImagePlaces.checkFolder(root)
    let names: [(split: Split?, name: String)] =
      images.namesSplit || labels.namesSplit ? zip(Split.allCases, splitNames).map { ($0, $1) } : [(nil, "")]
    let absent = Set(names.flatMap { [images.named($0.name).file, labels.named($0.name).file] })
      .filter { found($0) == nil }.sorted()
    guard absent.isEmpty else { throw DataFault.missingArrayFiles(names: absent, root: root) }
    var archives: [String: NumPyArchive] = [:]
    var parts: [Part] = []
    for (split, name) in names {
      let (imagePlace, labelPlace) = (images.named(name), labels.named(name))
      let labels = try array(labelPlace, &archives, progress)
      var part = Part(split: split, labels: try rows(of: labels), place: imagePlace)
      if !looksAtLabelsAlone {
        let images = try ArrayImages(array(imagePlace, &archives, progress))
        guard labels.shape[0] == images.count else {
          throw EngineError.data(
            "\(images.title) has \(images.count) images, and \(labels.title) \(labels.shape[0]) labels; give one a row")
        }
        part.images = images
      }
      parts.append(part)
    }
    return try listing(of: parts)
  }

  private func listing(of parts: [Part]) throws -> ImageListing {
    let classes = try classNames(parts)
    var items: [ImageItem] = []
    for (number, part) in parts.enumerated() {
      let digits = String(max(part.labels.count - 1, 0)).count
      for (index, label) in part.labels.enumerated() {
        let row = String(repeating: "0", count: digits - String(index).count) + String(index)
        var item = ImageItem(
          path: "\(part.place.file)/\(part.place.array)/\(row)",
          label: showsSeveralClasses ? .each(label.map { $0 == 1 ? .present : .absent }) : .one(label[0]),
          split: part.split)
        item.row = ArrayRow(array: number, index: index)
        items.append(item)
      }
    }
    var listing = ImageListing(root: root, items: items, classes: classes)
    listing.arrays = parts.compactMap(\.images)
    return listing
  }

  private func rows(of labels: any NumericArray) throws -> [[Int]] {
    guard labels.elements != .other else {
      throw EngineError.data("\(labels.title) holds no whole numbers; save the labels as integers")
    }
    let width = labels.rowSize
    guard showsSeveralClasses ? width >= 2 : width == 1 else {
      throw EngineError.data(
        "\(labels.title) has \(width) numbers an image; "
          + (showsSeveralClasses
            ? "give one for each class, or say `task: multiclass`" : "give one, or say `task: multilabel`"))
    }
    let numbers = try labels.integers(0..<labels.shape[0])
    let rows = stride(from: 0, to: numbers.count, by: width).map { Array(numbers[$0..<($0 + width)]) }
    if let row = rows.firstIndex(where: { row in
      row.contains { showsSeveralClasses ? $0 != 0 && $0 != 1 : $0 < 0 }
    }) {
      throw EngineError.data(
        "\(labels.title), row \(row), says \(rows[row].map(String.init).joined(separator: ", ")); "
          + (showsSeveralClasses ? "give 0 or 1 for each class" : "number the classes from 0"))
    }
    return rows
  }

  /// Given, or the numbers from 0 to the greatest.
  private func classNames(_ parts: [Part]) throws -> [String] {
    let count =
      showsSeveralClasses
      ? parts.first?.labels.first?.count ?? 0 : (parts.flatMap(\.labels).map { $0[0] }.max() ?? -1) + 1
    if showsSeveralClasses, let other = parts.first(where: { $0.labels.contains { $0.count != count } }) {
      throw EngineError.data(
        "\(root): the labels of \(other.place.file) have other classes than those of \(parts[0].place.file)")
    }
    guard count <= 100_000 else {
      throw EngineError.data("\(root): the labels number \(count) classes; number them from 0")
    }
    let names = classes ?? (0..<count).map(String.init)
    guard showsSeveralClasses ? names.count == count : names.count >= count else {
      throw EngineError.data(
        "\(root): the labels have \(count) classes, and `classes` names \(names.count): \(names.joined(separator: ", "));"
          + " name them all")
    }
    guard names.count >= 2 else { throw DataFault.tooFewClasses(names: names, place: root) }
    return names
  }

  /// A file as it is, or gzipped.
  private func found(_ file: String) -> String? {
    (container == .hdf5 ? [file, "\(file).gz"] : [file]).map { "\(root)/\($0)" }.first(where: ImagePlaces.isFile)
  }

  private func array(
    _ place: Place, _ archives: inout [String: NumPyArchive], _ progress: (Double) -> Bool
  ) throws -> any NumericArray {
    let path = found(place.file) ?? "\(root)/\(place.file)"
    switch container {
    case .npz:
      let archive = try archives[path] ?? NumPyArchive(path, scratch: scratch)
      archives[path] = archive
      return try archive.array(place.array, progress: progress)
    case .hdf5:
      guard path.hasSuffix(".gz") else { return try HDF5Array(path: path, name: place.array) }
      let kept = "\(scratch)/\(place.file.replacingOccurrences(of: "/", with: "_"))"
      if !ImagePlaces.isFile(kept) {
        try DurableFiles.makeFolder(scratch)
        let file = try NativeReader(path)
        _ = try Inflation(file: file, span: 0..<file.size, form: .gzip).write(to: kept, progress: progress)
      }
      return try HDF5Array(path: kept, name: place.array)
    }
  }
}
