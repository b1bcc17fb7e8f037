import CImage
import Files
import Foundation
import Hashing

/// How images are stored.
public struct ImageStoreOptions: Sendable, Hashable {
  public enum Size: Sendable, Hashable {
    /// Every image's shorter side gets this many pixels, whether it had more or fewer.
    case shortSide(Int)
    /// Every image is stretched to this size.
    case exact(width: Int, height: Int)
  }

  public enum Unreadable: Sendable, Hashable {
    /// One is enough to refuse the data set; all are reported.
    case fail
    /// They are left out and counted.
    case skip
  }

  public var size: Size
  /// 1, 3, or nil for 1 where every file is grey and 3 otherwise.
  public var channels: Int?
  public var unreadable: Unreadable
  /// What the store's facts say of published statistics.
  public var published: ImageStoreFacts.PublishedStatistics?
  public var threads: Int

  public init(
    size: Size, channels: Int? = nil, unreadable: Unreadable = .fail,
    published: ImageStoreFacts.PublishedStatistics? = nil,
    threads: Int = ProcessInfo.processInfo.activeProcessorCount
  ) {
    self.published = published
    self.size = size
    self.channels = channels
    self.unreadable = unreadable
    self.threads = threads
  }
}

/// Decodes every image of a data set once, into one file.
public struct ImageStoreWriter: Sendable {
  public let listing: ImageListing
  /// The split of each item.
  public let splits: [Split]
  public let options: ImageStoreOptions

  /// - Precondition: as many splits as items.
  public init(listing: ImageListing, splits: [Split], options: ImageStoreOptions) {
    precondition(splits.count == listing.items.count)
    self.listing = listing
    self.splits = splits
    self.options = options
  }

  /// Writes the store to `path`; it is there whole or not at all. The same images and options give the same bytes, however
  /// many threads there are. Memory holds a few dozen decoded images at a time.
  ///
  /// Unreadable images are also listed in `unreadable.txt` in the folder of `path`, a line each: path, tab, reason.
  ///
  /// - Parameter progress: Told how many of how many images are done, from this thread; false stops.
  /// - Throws: `DataFault`; `FileFault` where it cannot be written; `CancellationError` where `progress` asked to stop.
  @discardableResult
  public func write(
    to path: String, progress: (_ done: Int, _ total: Int) -> Bool = { _, _ in true }
  ) throws -> ImageStoreFacts {
    let sides =
      switch options.size {
      case .shortSide(let side): [side]
      case .exact(let width, let height): [width, height]
      }
    if let bad = sides.first(where: { !(1...16384).contains($0) }) { throw DataFault.badStoreSize(bad) }
    let channels = options.channels ?? foundChannels()
    let output = try OutputFile(path: path)
    let facts = try write(
      to: output, channels: channels, folder: (path as NSString).deletingLastPathComponent, progress)
    try output.commit()
    return facts
  }

  /// Images are decoded this many at a time, then written in order.
  private var chunk: Int { max(1, options.threads) * 16 }

  private func write(
    to output: OutputFile, channels: Int, folder: String, _ progress: (Int, Int) -> Bool
  ) throws -> ImageStoreFacts {
    var contents = StoreContents(of: listing, channels: channels)
    var unreadable: [UnreadableImage] = []
    let empty = [UInt8](repeating: 0, count: ImageStoreLayout.headerSize)
    try empty.withUnsafeBytes(output.append)

    var start = 0
    while start < listing.items.count {
      guard progress(start, listing.items.count) else { throw CancellationError() }
      let range = start..<min(start + chunk, listing.items.count)
      for (position, result) in zip(range, decode(range, channels: channels)) {
        let item = listing.items[position]
        switch result {
        case .failure(let reason): unreadable.append(UnreadableImage(path: item.path, reason: reason.description))
        case .success(let image):
          // Once the data set is refused, what is left is only looked at for further faults.
          if options.unreadable == .fail && !unreadable.isEmpty { continue }
          contents.add(image, item: item, split: splits[position], offset: output.length)
          try image.picture.pixels.withUnsafeBytes(output.append)
        }
      }
      start = range.upperBound
    }
    guard progress(start, listing.items.count) else { throw CancellationError() }

    let list = try report(unreadable, folder: folder)
    if !unreadable.isEmpty {
      if options.unreadable == .fail {
        throw DataFault.unreadableImages(images: unreadable, of: listing.items.count, list: list)
      }
      let left = Set(unreadable.map(\.path))
      let kept = listing.items.indices.filter { !left.contains(listing.items[$0].path) }
      try ImageListing(root: listing.root, items: kept.map { listing.items[$0] }, classes: listing.classes)
        .checkCoverage(kept.map { splits[$0] })
    }
    return try contents.finish(
      output, unreadable: unreadable, ignored: listing.ignored, published: options.published)
  }

  /// Writes the list of unreadable images; its path, or nil where there are none.
  private func report(_ unreadable: [UnreadableImage], folder: String) throws -> String? {
    let path = folder.isEmpty ? "unreadable.txt" : "\(folder)/unreadable.txt"
    guard !unreadable.isEmpty else {
      unlink(path)
      return nil
    }
    try DurableFiles.write(Array(unreadable.map { "\($0.path)\t\($0.reason)\n" }.joined().utf8), to: path)
    return path
  }

  /// 1 if every file that can be read is grey by its header.
  private func foundChannels() -> Int {
    var start = 0
    while start < listing.items.count {
      let range = start..<min(start + chunk, listing.items.count)
      var colour = [Bool](repeating: false, count: range.count)
      colour.withUnsafeMutableBufferPointer { colour in
        nonisolated(unsafe) let colour = colour
        ConcurrentWork.forEach(range.count, threads: options.threads) { index in
          let path = "\(listing.root)/\(listing.items[range.lowerBound + index].path)"
          guard let bytes = try? DurableFiles.read(path) else { return }
          colour[index] = (try? Picture.channels(of: bytes)) == 3
        }
      }
      if colour.contains(true) { return 3 }
      start = range.upperBound
    }
    return 1
  }

  private func decode(_ range: Range<Int>, channels: Int) -> [Result<DecodedImage, Picture.Unreadable>] {
    var results = [Result<DecodedImage, Picture.Unreadable>?](repeating: nil, count: range.count)
    results.withUnsafeMutableBufferPointer { results in
      nonisolated(unsafe) let results = results
      ConcurrentWork.forEach(range.count, threads: options.threads) { index in
        results[index] = decode(listing.items[range.lowerBound + index], channels: channels)
      }
    }
    return results.compactMap { $0 }
  }

  private func decode(_ item: ImageItem, channels: Int) -> Result<DecodedImage, Picture.Unreadable> {
    do {
      let bytes = try DurableFiles.read("\(listing.root)/\(item.path)")
      let digest = SHA256.digest(of: bytes)
      let picture: Picture
      switch options.size {
      case .shortSide(let side):
        picture = try Picture(decoding: bytes, channels: channels, need: .shortSide(side)).resized(shortSide: side)
      case .exact(let width, let height):
        picture = try Picture(decoding: bytes, channels: channels, need: .size(width: width, height: height))
          .resized(width: width, height: height)
      }
      var sums: [(UInt64, UInt64)] = []
      let plane = picture.width * picture.height
      picture.pixels.withUnsafeBufferPointer { pixels in
        for channel in 0..<channels {
          var sum: UInt64 = 0
          var squares: UInt64 = 0
          cimage_sums(pixels.baseAddress.map { $0 + channel * plane }, plane, &sum, &squares)
          sums.append((sum, squares))
        }
      }
      return .success(DecodedImage(picture: picture, fileDigest: digest, sums: sums))
    } catch let error as Picture.Unreadable {
      return .failure(error)
    } catch let fault as FileFault {
      return .failure(Picture.Unreadable(description: fault.reason))
    } catch {
      return .failure(Picture.Unreadable(description: "\(error)"))
    }
  }
}

private struct DecodedImage: Sendable {
  var picture: Picture
  var fileDigest: SHA256Digest
  /// Sum and sum of squares of each channel.
  var sums: [(UInt64, UInt64)]
}

/// What gathers beside the pixels while a store is written.
private struct StoreContents {
  let classes: [String]
  let channels: Int
  /// Of the layout.
  private let version: UInt32
  private var severalClasses: ImageStoreFacts.SeveralClassCounts?
  private var groups: [String: UInt32] = [:]
  private var index: [UInt8] = []
  private var labels: [UInt8] = []
  private var paths: [UInt8] = []
  private var counts: [[Int]]
  private let content = SHA256()
  private var count = 0
  private var trainingPixels = 0.0
  private var sums: [Double]
  private var squares: [Double]

  init(of listing: ImageListing, channels: Int) {
    classes = listing.classes
    self.channels = channels
    let showsSeveral = listing.showsSeveralClasses
    version = showsSeveral || listing.items.contains { $0.group != nil } ? 2 : 1
    if showsSeveral {
      severalClasses = ImageStoreFacts.SeveralClassCounts(
        images: Split.allCases.map { _ in 0 },
        unknown: Split.allCases.map { _ in Array(repeating: 0, count: listing.classes.count) })
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

  mutating func add(_ image: DecodedImage, item: ImageItem, split: Split, offset: Int) {
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
    ImageStoreLayout.Record(
      offset: UInt64(offset), height: UInt32(image.picture.height), width: UInt32(image.picture.width),
      label: UInt32(item.label.index ?? 0), split: UInt32(place), pathEnd: UInt64(paths.count),
      group: group ?? ImageStoreLayout.noGroup
    ).append(to: &index, version: version)
    digest(item.path)
    digest("\(text) \(split.rawValue)")
    content.update(image.fileDigest.bytes)
    if split == .train {
      trainingPixels += Double(image.picture.width * image.picture.height)
      for (channel, sum) in image.sums.enumerated() {
        // Whole numbers below 2^53, so exact in any order.
        sums[channel] += Double(sum.0)
        squares[channel] += Double(sum.1)
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
