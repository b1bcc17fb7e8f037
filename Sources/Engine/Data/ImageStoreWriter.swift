import Files
import Foundation
import Hashing

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
  /// many threads there are, and however often it was interrupted. Memory holds a few dozen decoded images at a time.
  ///
  /// Unreadable images are also listed in `unreadable.txt` in the folder of `path`, a line each: path, tab, reason.
  ///
  /// - Parameters:
  ///   - folder: Keeps what is done of an interrupted writing, for the next one of the same images and options to go on with;
  ///     on the same file system as `path`. Nil: the next one begins anew.
  ///   - progress: Told how many of how many images are done, from this thread; false stops.
  /// - Throws: `DataFault`; `FileFault` where it cannot be written; `CancellationError` where `progress` asked to stop.
  @discardableResult
  public func write(
    to path: String, goingOnIn folder: String? = nil,
    progress: (_ done: Int, _ total: Int) -> Bool = { _, _ in true }
  ) throws -> ImageStoreFacts {
    if let bad = options.size.sides.first(where: { !(1...16384).contains($0) }) { throw DataFault.badStoreSize(bad) }
    let channels = options.channels ?? foundChannels()
    var contents = StoreContents(of: listing, channels: channels, learnsUnknown: options.learnsUnknown)
    var unreadable: [UnreadableImage] = []
    var output: OutputFile
    var journal: StoreJournal?
    var start = 0
    if let folder {
      try DurableFiles.makeFolder(folder)
      let (opened, entries) = try StoreJournal.open("\(folder)/images.journal", of: purpose(channels))
      journal = opened
      var length = ImageStoreLayout.headerSize
      for (position, entry) in entries.prefix(listing.items.count).enumerated() {
        switch entry {
        case .unreadable(let reason):
          unreadable.append(UnreadableImage(path: listing.items[position].path, reason: reason))
        case .stored(let form):
          contents.add(form, item: listing.items[position], split: splits[position], offset: length)
          length += form.size
        }
      }
      start = min(entries.count, listing.items.count)
      output = try OutputFile(path: path, keeping: "\(folder)/images.part", length: length)
    } else {
      output = try OutputFile(path: path)
      let empty = [UInt8](repeating: 0, count: ImageStoreLayout.headerSize)
      try empty.withUnsafeBytes(output.append)
    }
    try checkSpace(for: listing.items.indices.dropFirst(start), channels: channels, at: path)
    try add(from: start, to: output, &contents, &unreadable, journal, progress)

    let list = try report(unreadable, folder: (path as NSString).deletingLastPathComponent)
    if !unreadable.isEmpty {
      if options.unreadable == .fail {
        output.discard()
        throw DataFault.unreadableImages(images: unreadable, of: listing.items.count, list: list)
      }
      try checkCoverage(without: unreadable)
    }
    let facts = try contents.finish(
      output, unreadable: unreadable, ignored: listing.ignored, published: options.published)
    try output.commit()
    if let folder { unlink("\(folder)/images.journal") }
    return facts
  }

  /// Images are decoded this many at a time, then written in order.
  private var chunk: Int { max(1, options.threads) * 16 }

  /// So much is written between two entries of the journal: what a lost machine costs.
  private static let journalled = 64 << 20

  private func add(
    from first: Int, to output: OutputFile, _ contents: inout StoreContents, _ unreadable: inout [UnreadableImage],
    _ journal: StoreJournal?, _ progress: (Int, Int) -> Bool
  ) throws {
    var start = first
    var safe = output.length
    var isRefused: Bool { options.unreadable == .fail && !unreadable.isEmpty }
    func settle() throws {
      guard let journal, !isRefused else { return }
      try output.synchronise()
      try journal.commit()
      safe = output.length
    }
    while true {
      guard progress(start, listing.items.count) else {
        try settle()
        throw CancellationError()
      }
      guard start < listing.items.count else { return }
      let range = start..<min(start + chunk, listing.items.count)
      for (position, result) in zip(range, try decode(range, channels: contents.channels)) {
        let item = listing.items[position]
        switch result {
        case .failure(let reason):
          unreadable.append(UnreadableImage(path: item.path, reason: reason.description))
          journal?.add(.unreadable(reason.description))
        case .success(let image):
          // Once the data set is refused, what is left is only looked at for further faults.
          if isRefused { continue }
          contents.add(image.form, item: item, split: splits[position], offset: output.length)
          try image.picture.pixels.withUnsafeBytes(output.append)
          journal?.add(.stored(image.form))
        }
      }
      start = range.upperBound
      if output.length - safe >= Self.journalled { try settle() }
    }
  }

  /// What an interrupted writing must have been of, to be gone on with.
  private func purpose(_ channels: Int) -> [UInt8] {
    let hash = SHA256()
    hash.update(Array("graft-store-journal-1 \(channels) \(options.size) \(options.unreadable)\n".utf8))
    for (item, split) in zip(listing.items, splits) {
      hash.update(Array("\(item.path)\u{0}\(item.label)\u{0}\(item.group ?? "")\u{0}\(split.rawValue)\n".utf8))
    }
    return hash.finish().bytes
  }

  /// What is left without the unreadable images must still have every class in every split.
  private func checkCoverage(without unreadable: [UnreadableImage]) throws {
    let left = Set(unreadable.map(\.path))
    let kept = listing.items.indices.filter { !left.contains(listing.items[$0].path) }
    try ImageListing(root: listing.root, items: kept.map { listing.items[$0] }, classes: listing.classes)
      .checkCoverage(kept.map { splits[$0] })
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

  /// 1 if every image that can be read is grey by its header.
  private func foundChannels() -> Int {
    if listing.arrays.contains(where: { $0.shape.channels == 3 }) { return 3 }
    var start = 0
    while start < listing.items.count {
      let range = start..<min(start + chunk, listing.items.count)
      var colour = [Bool](repeating: false, count: range.count)
      colour.withUnsafeMutableBufferPointer { colour in
        nonisolated(unsafe) let colour = colour
        ConcurrentWork.forEach(range.count, threads: options.threads) { index in
          let item = listing.items[range.lowerBound + index]
          guard item.row == nil, let bytes = try? DurableFiles.read("\(listing.root)/\(item.path)") else { return }
          colour[index] = (try? Picture.shape(of: bytes))?.channels == 3
        }
      }
      if colour.contains(true) { return 3 }
      start = range.upperBound
    }
    return 1
  }

  private func decode(
    _ range: Range<Int>, channels: Int
  ) throws -> [Result<StorablePicture, Picture.Unreadable>] {
    let origins = try listing.origins(range)
    var results = [Result<StorablePicture, Picture.Unreadable>?](repeating: nil, count: range.count)
    results.withUnsafeMutableBufferPointer { results in
      nonisolated(unsafe) let results = results
      ConcurrentWork.forEach(range.count, threads: options.threads) { index in
        results[index] = Result { () throws(Picture.Unreadable) in
          try StorablePicture(origins[index], channels: channels, size: options.size)
        }
      }
    }
    return results.compactMap { $0 }
  }
}

extension ImageListing {
  /// Where consecutive items come from; rows of arrays are read, as many at once as lie behind one another.
  ///
  /// - Throws: `EngineError.data` where an array cannot be read.
  fileprivate func origins(_ range: Range<Int>) throws -> [StorablePicture.Origin] {
    var origins: [StorablePicture.Origin] = []
    origins.reserveCapacity(range.count)
    var position = range.lowerBound
    while position < range.upperBound {
      guard let first = items[position].row else {
        origins.append(.file("\(root)/\(items[position].path)"))
        position += 1
        continue
      }
      var end = position + 1
      while end < range.upperBound, let next = items[end].row, next.array == first.array,
        next.index == first.index + end - position
      {
        end += 1
      }
      origins += try arrays[first.array].pictures(first.index..<(first.index + end - position)).map { .row($0) }
      position = end
    }
    return origins
  }
}
