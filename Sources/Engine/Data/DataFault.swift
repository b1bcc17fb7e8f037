/// What is wrong with a data set, an image store, or what is asked of one. The wording is in `DataFault+Wording.swift`.
public enum DataFault: Error, Sendable, Hashable {
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
  case missingImages(names: [String], root: String, path: String)
  case noRows(path: String)

  case badShares(train: Double, validation: Double, test: Double)
  case noTrainingSplit(place: String)
  case tooFewImages(className: String, count: Int, splits: [Split])
  case classMissingFromSplit(className: String, split: Split, grouped: Bool)

  case unreadableImages(images: [UnreadableImage], of: Int, list: String?)
  case notAnImageStore(path: String, reason: String)
  case damagedImageStore(path: String, reason: String)
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
