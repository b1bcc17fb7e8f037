import Files
import Foundation

/// The parts that a data set is divided into.
public enum Split: String, Sendable, Hashable, Codable, CaseIterable {
  case train
  case validation = "val"
  case test

  /// The split that a folder or a table calls by this name: `train`, `training`, `val`, `valid`, `validation`, `test`,
  /// `testing`, in any case; nil for any other.
  public init?(name: String) {
    switch name.lowercased() {
    case "train", "training": self = .train
    case "val", "valid", "validation": self = .validation
    case "test", "testing": self = .test
    default: return nil
    }
  }
}

/// One image of a data set, before it is read.
public struct ImageItem: Sendable, Hashable {
  /// Relative to the data set's root, with `/` between its parts.
  public var path: String
  public var label: ImageLabel
  /// What it must not be parted from when splits are made, e.g. its patient.
  public var group: String?
  /// Its split, where the data set gives one.
  public var split: Split?
  /// Where it lies in the listing's arrays; nil for a file.
  package var row: ArrayRow?

  public init(path: String, label: Int, group: String? = nil, split: Split? = nil) {
    self.init(path: path, label: .one(label), group: group, split: split)
  }

  public init(path: String, label: ImageLabel, group: String? = nil, split: Split? = nil) {
    self.path = path
    self.label = label
    self.group = group
    self.split = split
  }
}

/// An image's place in arrays.
package struct ArrayRow: Sendable, Hashable {
  /// Which of a listing's arrays.
  package var array: Int
  package var index: Int
}

/// The images that a data set consists of, in ascending order of their paths' bytes.
public struct ImageListing: Sendable, Hashable {
  public var root: String
  public var items: [ImageItem]
  public var classes: [String]
  /// Files in class folders that are no images by their names, so were not read; relative to the root.
  public var ignored: [String]
  /// Images that the label file names and that are not there, left out as the study allowed.
  public var missing: [String] = []
  /// How many images lie in the folders searched and are named by no label file; 0 where there is no label file.
  public var unlisted = 0
  /// The arrays that hold images which are no files.
  package var arrays: [ArrayImages] = []

  public init(root: String, items: [ImageItem], classes: [String], ignored: [String] = []) {
    self.root = root
    self.items = items.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    self.classes = classes
    self.ignored = ignored.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Whether an image may show several classes, or none.
  public var showsSeveralClasses: Bool { items.contains { $0.label.index == nil } }

  /// Whether a file is taken for an image. What it really is, its content says.
  public static func isImageName(_ name: String) -> Bool { ImageFileNames.isImage(name) }
}
