/// How a data set lies on the disk.
public enum DatasetFormat: String, Sendable, Hashable, CaseIterable {
  /// A folder a class.
  case folder
  /// A table of file names and classes.
  case csv
  /// Images that Graft makes itself.
  case phantom
  /// Arrays of images and of labels: HDF5 files, or archives of NumPy.
  case hdf5, npz
  // The files of published data sets, as they come: see `PublishedDataset`.
  case aptos2019, isic2019, chexpert, ddsm
  case cbisDDSM = "cbis_ddsm"
  case camelyon

  /// The published data set whose files these are; nil where anybody's are.
  public var published: PublishedDataset? { PublishedDataset(rawValue: rawValue) }
}
