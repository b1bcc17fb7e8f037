/// What the readers of published data sets have in common: the root, and what is done about images that are not there.
public struct PublishedReader: Sendable, Hashable {
  /// Where the splits come from that the listing gives.
  public enum GivenSplit: Sendable, Hashable {
    /// As the study's released code or the data set's own files have them.
    case released
    /// The same, with the rows that the released code has on both sides of a cut.
    case releasedOverlapping
    /// None: they are to be drawn.
    case none
  }

  /// The folder of the data set.
  public var root: String
  public var split: GivenSplit
  /// Whether images that are not there are left out.
  public var skipsMissing: Bool

  public init(root: String, split: GivenSplit, skipsMissing: Bool = false) {
    self.root = root
    self.split = split
    self.skipsMissing = skipsMissing
  }

  func places(_ labels: String) -> ImagePlaces {
    ImagePlaces(root: root, labels: labels, skipsMissing: skipsMissing)
  }

  /// The first of the folders that is there, else the first.
  func folder(_ names: String...) -> String {
    names.first { (try? ImagePlaces.checkFolder("\(root)/\($0)")) != nil } ?? names[0]
  }

  /// The first of the files that is there, else the first.
  func file(_ names: String...) -> String {
    names.map { "\(root)/\($0)" }.first(where: ImagePlaces.isFile) ?? "\(root)/\(names[0])"
  }

  /// An image that a label file names: what is known of it besides its place.
  struct Entry {
    var named: ImagePlaces.Named
    var label: ImageLabel
    var group: String?
    var splits: [Split]
  }

  /// Looks for the images and lists them.
  func listing(
    _ entries: [Entry], classes: [String], labels: String, searching folders: [String], _ faults: inout DataFaults
  ) throws -> ImageListing {
    let places = places(labels)
    let found = places.find(entries.map(\.named), &faults)
    try faults.check()
    var items: [ImageItem] = []
    items.reserveCapacity(entries.count)
    for (entry, path) in zip(entries, found.paths) {
      guard let path else { continue }
      let splits = entry.splits.isEmpty ? [nil] : entry.splits.map(Optional.some)
      items += splits.map { ImageItem(path: path, label: entry.label, group: entry.group, split: $0) }
    }
    var listing = ImageListing(root: root, items: items, classes: classes)
    listing.missing = found.missing
    listing.unlisted = places.unlisted(below: folders, listed: Set(entries.flatMap(\.named.candidates)))
    return listing
  }
}
