/// How a data set lies on the disk.
public enum DatasetFormat: RawRepresentable, Sendable, Hashable, CaseIterable {
  /// A folder a class.
  case folder
  /// A table of file names and classes.
  case csv
  /// Images that Graft makes itself.
  case phantom
  /// Arrays of images and of labels: HDF5 files, or archives of NumPy.
  case hdf5, npz
  /// The files of a published data set, as they come.
  case published(PublishedDataset)

  public static let allCases: [DatasetFormat] =
    [.folder, .csv, .phantom, .hdf5, .npz] + PublishedDataset.allCases.map(published)

  /// As study files have it.
  public var rawValue: String {
    switch self {
    case .folder: "folder"
    case .csv: "csv"
    case .phantom: "phantom"
    case .hdf5: "hdf5"
    case .npz: "npz"
    case .published(let dataset): dataset.rawValue
    }
  }

  public init?(rawValue: String) {
    guard let format = Self.allCases.first(where: { $0.rawValue == rawValue }) else { return nil }
    self = format
  }

  /// The published data set whose files these are; nil where anybody's are.
  public var published: PublishedDataset? { if case .published(let dataset) = self { dataset } else { nil } }
}
