import Files
import Foundation
import Hashing

/// What gathers beside the pixels while a store is written.
struct StoreContents {
  let classes: [String]
  /// Of images as they are read.
  let channels: Int
  /// Of the layout.
  private var version: UInt32
  private var severalClasses: ImageStoreFacts.SeveralClassCounts?
  private var groups: [String: UInt32] = [:]
  private var records: [ImageStoreLayout.Record] = []
  private var labels: [UInt8] = []
  private var paths: [UInt8] = []
  private var counts: [[Int]]
  private let content = SHA256()
  private var count = 0
  private var trainingPixels = 0.0
  private var sums: [Double]
  private var squares: [Double]

  init(of listing: ImageListing, channels: Int, learnsUnknown: Bool) {
    classes = listing.classes
    self.channels = channels
    let showsSeveral = listing.showsSeveralClasses
    version = showsSeveral || listing.items.contains { $0.group != nil } ? 2 : 1
    if showsSeveral {
      severalClasses = ImageStoreFacts.SeveralClassCounts(
        images: Split.allCases.map { _ in 0 },
        unknown: Split.allCases.map { _ in Array(repeating: 0, count: listing.classes.count) },
        isUnknownLearnt: learnsUnknown ? true : nil)
    }
    counts = Split.allCases.map { _ in Array(repeating: 0, count: listing.classes.count) }
    sums = Array(repeating: 0, count: channels)
    squares = sums
    digest("graft-images-1")
    for name in classes { digest(name) }
  }

  /// Strings are digested with their length before them, so that no two lists of them read alike.
  private func digest(_ text: String) {
    var bytes: [UInt8] = []
    ImageStoreLayout.append(UInt64(text.utf8.count), to: &bytes)
    content.update(bytes)
    content.update(text.utf8)
  }

  mutating func add(_ image: StoredForm, item: ImageItem, split: Split, offset: Int) {
    let place = Split.allCases.firstIndex(of: split) ?? 0
    for label in item.label.shown { counts[place][label] += 1 }
    count += 1
    let text: String
    switch item.label {
    case .one(let label): text = String(label)
    case .each(let presences):
      labels += presences.map(\.rawValue)
      text = presences.map { String($0.rawValue) }.joined()
      severalClasses?.images[place] += 1
      for (label, presence) in presences.enumerated() where presence == .unknown {
        severalClasses?.unknown[place][label] += 1
      }
    }
    let group = item.group.map { name in
      if let known = groups[name] { return known }
      let number = UInt32(groups.count)
      groups[name] = number
      return number
    }
    paths += Array(item.path.utf8)
    if image.channels != channels { version = 2 }
    records.append(
      ImageStoreLayout.Record(
        offset: UInt64(offset), height: UInt32(image.height), width: UInt32(image.width),
        label: UInt32(item.label.index ?? 0), split: UInt32(place), pathEnd: UInt64(paths.count),
        group: group ?? ImageStoreLayout.noGroup, channels: UInt32(image.channels)))
    digest(item.path)
    digest("\(text) \(split.rawValue)")
    content.update(image.digest)
    if split == .train {
      trainingPixels += Double(image.width * image.height)
      for channel in 0..<channels {
        // Whole numbers below 2^53, so exact in any order.
        let sum = image.sums[min(channel, image.channels - 1)]
        sums[channel] += Double(sum.levels)
        squares[channel] += Double(sum.squares)
      }
    }
  }

  func finish(
    _ output: OutputFile, unreadable: [UnreadableImage], ignored: [String],
    published: ImageStoreFacts.PublishedStatistics?
  ) throws -> ImageStoreFacts {
    let pixels = max(trainingPixels, 1)
    let mean = sums.map { $0 / pixels }
    let deviation = zip(squares, mean).map { max(0, $0 / pixels - $1 * $1).squareRoot() }
    let facts = ImageStoreFacts(
      classes: classes, trainingImages: counts[0], validationImages: counts[1], testImages: counts[2],
      unreadable: unreadable, ignored: ignored, channels: channels, mean: mean.map { $0 / 255 },
      standardDeviation: deviation.map { $0 / 255 }, contentDigest: content.finish().hex,
      severalClasses: severalClasses, published: published)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let json = Array(try encoder.encode(facts))
    var index: [UInt8] = []
    index.reserveCapacity(records.count * ImageStoreLayout.recordSize(version: version))
    for record in records { record.append(to: &index, version: version) }
    let header = ImageStoreLayout.Header(
      version: version, channels: UInt32(channels), count: UInt64(count), indexOffset: UInt64(output.length),
      pathsLength: UInt64(paths.count), factsLength: UInt64(json.count),
      digest: SHA256.digest(of: index + labels + paths + json).bytes,
      labelWidth: severalClasses == nil ? 0 : UInt32(classes.count))
    for part in [index, labels, paths, json] { try part.withUnsafeBytes(output.append) }
    try header.bytes.withUnsafeBytes { try output.write($0, at: 0) }
    return facts
  }
}
