/// What is wrong with a data set, an image store, or what is asked of one. The wording is in `DataFault+Wording.swift`.
public indirect enum DataFault: Error, Sendable, Hashable {
  /// Two or more at once, none of them this.
  case several([DataFault])

  case missingFolder(path: String)
  case notAFolder(path: String)
  /// The root holds no folder a class; `images` are lying in it directly.
  case noClassFolders(root: String, images: Int)
  case emptyClasses(names: [String], root: String)
  case unlistedClasses(names: [String], listed: [String], root: String)
  case missingClasses(names: [String], root: String, split: Split?)
  case tooFewClasses(names: [String], place: String)

  case missingLabelFile(path: String)
  case malformedLabelFile(path: String, line: Int, reason: String)
  case missingColumn(name: String, role: String, path: String, columns: [String])
  case unknownLabels(lines: [LabelledLine], classes: [String], column: String, path: String)
  case blankFields(lines: [Int], column: String, path: String)
  case unknownSplits(lines: [LabelledLine], column: String, path: String)
  case duplicateImages(lines: [LabelledLine], path: String)
  case pathsLeaveRoot(lines: [LabelledLine], root: String, path: String)
  /// Images that are links to places outside the folder of images.
  case linksLeaveRoot(lines: [LabelledLine], root: String, path: String)
  /// Images in class folders that lie elsewhere, by links.
  case linkedFilesLeaveRoot(paths: [String], root: String)
  /// Files that arrays were to be read from.
  case missingArrayFiles(names: [String], root: String)
  /// Values of a column that must say of a class whether it is shown.
  case unknownPresences(lines: [LabelledLine], column: String, path: String)
  /// Rows of a one-hot table that do not name one class; the values are the image and what was found.
  case notOneClass(lines: [LabelledLine], path: String)
  /// Lines of a list that none of the name's beginnings fits.
  case unknownNames(lines: [LabelledLine], expected: [String], path: String)
  /// The label file is no list as is expected of it.
  case malformedList(path: String, reason: String)
  case missingImages(names: [String], root: String, path: String)
  case noRows(path: String)

  case badShares(train: Double, validation: Double, test: Double)
  case noTrainingSplit(place: String)
  case tooFewImages(className: String, count: Int, splits: [Split])
  case classMissingFromSplit(className: String, split: Split, grouped: Bool)
  /// Every image of the split shows the class.
  case classEverywhereInSplit(className: String, split: Split)
  case groupsInSeveralSplits(groups: [SharedGroup], place: String)

  case unreadableImages(images: [UnreadableImage], of: Int, list: String?)
  case notAnImageStore(path: String, reason: String)
  case damagedImageStore(path: String, reason: String)
  /// The file system of `path` has not the bytes that an image store needs.
  case noSpace(needed: Int, available: Int, path: String)
  case badStoreSize(Int)

  case cropTooLarge(size: Int, width: Int, height: Int, step: Int)
  case badTransform(step: Int, reason: String)
  case varyingSizes(shapes: [ImageShape], list: String)
  case unequalSizes(training: ImageShape, evaluation: ImageShape)
  case channelMismatch(stored: Int, wanted: Int)
  case badNormalisation(channels: Int, means: Int, deviations: Int)
  case emptySplit(split: Split, path: String)
  case processing(reason: String)

  case badPhantom(reason: String)
}

/// Faults gathered before they are thrown all at once.
struct DataFaults {
  private(set) var all: [DataFault] = []

  mutating func add(_ fault: DataFault) { all.append(fault) }

  /// Throws what was gathered; nothing where nothing was.
  func check() throws(DataFault) {
    switch all.count {
    case 0: return
    case 1: throw all[0]
    default: throw .several(all)
    }
  }
}

/// A value of a label file and the line where it stands, counted from 1.
public struct LabelledLine: Sendable, Hashable {
  public let line: Int
  public let value: String

  public init(line: Int, value: String) {
    self.line = line
    self.value = value
  }
}

/// An image file that could not be read, and why.
public struct UnreadableImage: Sendable, Hashable, Codable {
  /// Relative to the data set's root.
  public let path: String
  public let reason: String

  public init(path: String, reason: String) {
    self.path = path
    self.reason = reason
  }
}
