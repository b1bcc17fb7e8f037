import Engine
import Files
import Foundation
import Testing

@Suite struct ImageStoreTests {
  /// Phantoms on disk: enough for two classes in every split.
  private func phantoms(_ domain: PhantomOptions.Domain, _ folder: ScratchFolder) throws -> ImageListing {
    try PhantomGenerator.write(
      PhantomOptions(domain: domain, trainingImages: 40, validationImages: 10, testImages: 10, size: 24, seed: 2),
      to: folder.path + "/images")
  }

  private func stored(
    _ listing: ImageListing, _ folder: ScratchFolder, _ options: ImageStoreOptions
  ) throws -> StoredImages {
    let path = folder.path + "/store"
    try ImageStoreWriter(listing: listing, splits: listing.splits(SplitOptions()), options: options).write(to: path)
    return try StoredImages(path: path)
  }

  @Test func keepsWhatItWasGiven() throws {
    let folder = try ScratchFolder()
    let listing = try phantoms(.grading, folder)
    let store = try stored(listing, folder, ImageStoreOptions(size: .shortSide(24)))
    #expect(store.count == 60 && store.channels == 3)
    #expect(store.classes == ["grade0", "grade1", "grade2", "grade3"])
    for (position, item) in listing.items.enumerated() {
      #expect(store.label(position) == item.label)
      #expect(store.split(position) == item.split)
      #expect(store.imagePath(position) == item.path)
      let file = try Data(contentsOf: URL(fileURLWithPath: "\(listing.root)/\(item.path)"))
      #expect(try store.picture(position) == Picture(decoding: Array(file)))
    }
    #expect(store.facts.count(.train) == 40 && store.facts.counts(.test) == [3, 3, 2, 2])
    #expect(store.positions(in: .test).count == 10)
    let training = store.positions(in: .train).flatMap {
      Array(store.picture($0).pixels.prefix(24 * 24)).map(Double.init)
    }
    let mean = training.reduce(0, +) / Double(training.count)
    let variance = training.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(training.count)
    #expect(abs(store.facts.mean[0] - mean / 255) < 1e-9)
    #expect(abs(store.facts.standardDeviation[0] - variance.squareRoot() / 255) < 1e-9)
  }

  @Test func isTheSameWithAnyNumberOfThreads() throws {
    let folder = try ScratchFolder()
    let listing = try phantoms(.source, folder)
    let splits = try listing.splits(SplitOptions())
    let files = try [1, 3].map { threads in
      let path = "\(folder.path)/store\(threads)"
      let options = ImageStoreOptions(size: .exact(width: 20, height: 18), threads: threads)
      try ImageStoreWriter(listing: listing, splits: splits, options: options).write(to: path)
      return try Data(contentsOf: URL(fileURLWithPath: path))
    }
    #expect(files[0] == files[1])
  }

  @Test func storesGreyImagesOnce() throws {
    let folder = try ScratchFolder()
    let listing = try phantoms(.screening, folder)
    let store = try stored(listing, folder, ImageStoreOptions(size: .shortSide(24)))
    #expect(store.channels == 1)
    let source = try store.source(
      split: .test,
      pipeline: ImagePipeline(training: [], evaluation: [], mean: [0, 0, 0], standardDeviation: [1, 1, 1]),
      threads: 1)
    let batch = try source.batch([0], draws: nil)
    #expect(batch.pixels.count == 3 * 24 * 24)
    #expect(batch.pixels[..<576] == batch.pixels[1152...].prefix(576))
    #expect(try stored(listing, folder, ImageStoreOptions(size: .shortSide(24), channels: 3)).channels == 3)
  }

  @Test func knowsItsContent() throws {
    let folder = try ScratchFolder()
    let listing = try phantoms(.screening, folder)
    let first = try stored(listing, folder, ImageStoreOptions(size: .shortSide(24))).facts.contentDigest
    #expect(try stored(listing, folder, ImageStoreOptions(size: .shortSide(16))).facts.contentDigest == first)
    let path = "images/\(listing.items[7].path)"
    try folder.write(path, slopes(width: 24, height: 24, channels: 1).encoded(as: .png))
    #expect(try stored(listing, folder, ImageStoreOptions(size: .shortSide(24))).facts.contentDigest != first)
  }

  @Test func reportsEveryUnreadableImage() throws {
    let folder = try ScratchFolder()
    let listing = try phantoms(.screening, folder)
    let whole = try Data(contentsOf: URL(fileURLWithPath: "\(listing.root)/\(listing.items[3].path)"))
    try folder.write("images/\(listing.items[3].path)", Array(whole.prefix(whole.count / 2)))
    try folder.write("images/\(listing.items[55].path)", "no image")
    let writer = ImageStoreWriter(
      listing: listing, splits: try listing.splits(SplitOptions()),
      options: ImageStoreOptions(size: .shortSide(24), channels: 1))
    let path = folder.path + "/store"
    guard case .unreadableImages(let images, 60, let list) = fault({ try writer.write(to: path) }) else {
      Issue.record("the unreadable images were not reported")
      return
    }
    #expect(images.map(\.path) == [listing.items[3].path, listing.items[55].path])
    #expect(images[0].reason.hasPrefix("truncated or damaged: "))
    #expect(images[1].reason == "it is a text file, not an image")
    let written = try String(contentsOfFile: #require(list), encoding: .utf8)
    #expect(written == images.map { "\($0.path)\t\($0.reason)\n" }.joined())
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["images", "unreadable.txt"])

    let store = try stored(listing, folder, ImageStoreOptions(size: .shortSide(24), channels: 1, unreadable: .skip))
    #expect(store.count == 58)
    #expect(store.facts.unreadable == images)
  }

  @Test func stopsWhenAsked() throws {
    let folder = try ScratchFolder()
    let listing = try phantoms(.screening, folder)
    let writer = ImageStoreWriter(
      listing: listing, splits: try listing.splits(SplitOptions()),
      options: ImageStoreOptions(size: .shortSide(24), threads: 1))
    #expect(throws: CancellationError.self) { try writer.write(to: folder.path + "/store") { done, _ in done < 30 } }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["images"])
  }

  /// Cut short (-1), or a byte changed: in the header at a place from the start, in the index and facts from the end.
  @Test(arguments: [-1, 0, 9, 13, 40, 60, -40, -2000])
  func refusesDamage(place: Int) throws {
    let folder = try ScratchFolder()
    let store = try stored(try phantoms(.screening, folder), folder, ImageStoreOptions(size: .shortSide(16)))
    var bytes = Array(try Data(contentsOf: URL(fileURLWithPath: store.path)))
    if place == -1 { bytes.removeLast(100) } else { bytes[place < 0 ? bytes.count + place : place] ^= 0x55 }
    let damaged = try folder.write("damaged", bytes)
    switch fault({ _ = try StoredImages(path: damaged) }) {
    case .notAnImageStore, .damagedImageStore: break
    case let other: Issue.record("\(String(describing: other)) for damage at \(place)")
    }
  }

  @Test func reportsWhatItCannotWrite() throws {
    let folder = try ScratchFolder()
    let listing = try phantoms(.screening, folder)
    let path = folder.path + "/none/store"
    let writer = ImageStoreWriter(
      listing: listing, splits: try listing.splits(SplitOptions()), options: ImageStoreOptions(size: .shortSide(16)))
    #expect(throws: FileFault(action: "write", path: path, code: ENOENT)) { try writer.write(to: path) }
  }
}

@Suite struct StoredImageSourceTests {
  private let folder: ScratchFolder
  private let store: StoredImages

  init() throws {
    folder = try ScratchFolder()
    let listing = try PhantomGenerator.write(
      PhantomOptions(domain: .grading, trainingImages: 24, validationImages: 4, testImages: 4, size: 40, seed: 1),
      to: folder.path + "/images")
    store = try StoredImages(path: Self.written(listing, to: folder.path + "/store"))
  }

  private static func written(_ listing: ImageListing, to path: String) throws -> String {
    try ImageStoreWriter(
      listing: listing, splits: listing.splits(SplitOptions()), options: ImageStoreOptions(size: .shortSide(40))
    ).write(to: path)
    return path
  }

  @Test func isTheSameWithAnyNumberOfThreads() throws {
    let draws = RandomStream(seed: 4, purpose: "augment")
    let positions = [3, 0, 3, 11, 23]
    let batches = try [1, 4].map { threads in
      try store.source(split: .train, pipeline: .paper(size: 32), threads: threads).batch(positions, draws: draws)
    }
    #expect(batches[0].pixels == batches[1].pixels)
    #expect(batches[0].labels == batches[1].labels)
    #expect(batches[0].shape == ImageShape(channels: 3, height: 32, width: 32))
    // The same image twice in a batch is augmented twice.
    let size = 3 * 32 * 32
    #expect(batches[0].pixels[..<size] != batches[0].pixels[(2 * size)..<(3 * size)])
    let other = try store.source(split: .train, pipeline: .paper(size: 32), threads: 1)
      .batch(positions, draws: RandomStream(seed: 5, purpose: "augment"))
    #expect(other.pixels != batches[0].pixels)
  }

  @Test func normalises() throws {
    let source = try store.source(split: .train, pipeline: .paper(size: 32), threads: 2)
    let batch = try source.batch([5, 9], draws: nil)
    let picture = try #require(source.preview(9, draws: nil).first)
    for channel in 0..<3 {
      for pixel in [0, 500, 1023] {
        let expected =
          (Float(picture.pixels[channel * 1024 + pixel]) / 255 - ImagePipeline.imageNetMean[channel])
          / ImagePipeline.imageNetStandardDeviation[channel]
        #expect(batch.pixels[3 * 1024 + channel * 1024 + pixel] == expected)
      }
    }
    #expect(batch.labels == [source.labels[5], source.labels[9]])
  }

  @Test func keepsToASubset() throws {
    let labels = store.positions(in: .train).compactMap { store.label($0).index }
    let subset = store.subset(of: .train, fraction: 0.25, seed: 0)
    #expect(subset == Subset.positions(labels: labels, fraction: 0.25, seed: 0))
    let source = try store.source(split: .train, subset: subset, pipeline: .paper(size: 32), threads: 1)
    #expect(source.count == subset.count && source.classes == 4)
    #expect(source.labels == subset.map { labels[$0] })
    #expect(source.positions == subset.map { store.positions(in: .train)[$0] })
  }

  @Test(arguments: [
    (
      ImagePipeline(training: [.centerCrop(41)], evaluation: [.centerCrop(41)]),
      DataFault.cropTooLarge(size: 41, width: 40, height: 40, step: 0)
    ),
    (
      ImagePipeline(training: [.centerCrop(32)], evaluation: []),
      .unequalSizes(
        training: ImageShape(channels: 3, height: 32, width: 32),
        evaluation: ImageShape(channels: 3, height: 40, width: 40))
    ),
    (
      ImagePipeline(training: [], evaluation: [], channels: 1, mean: [0], standardDeviation: [1]),
      .channelMismatch(stored: 3, wanted: 1)
    ),
    (
      ImagePipeline(training: [], evaluation: [], mean: [0, 0, 0], standardDeviation: [1, 0, 1]),
      .badNormalisation(channels: 3, means: 3, deviations: 3)
    ),
    (
      ImagePipeline(training: [], evaluation: [.horizontalFlip(probability: 1.5)]),
      .badTransform(step: 0, reason: "the probability 1.5 must lie between 0 and 1")
    ),
    (
      ImagePipeline(training: [], evaluation: [.resize(shortSide: 0)]),
      .badTransform(step: 0, reason: "0 pixels are no size; give 1 to 16384")
    ),
  ])
  func refusesWhatCannotWork(pipeline: ImagePipeline, expected: DataFault) {
    #expect(fault { _ = try store.source(split: .train, pipeline: pipeline, threads: 1) } == expected)
  }
}

/// Real images, where a folder of them is at hand.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["GRAFT_SHARED"] != nil, "GRAFT_SHARED is not set"))
struct RealImageTests {
  @Test func storesBrainScans() throws {
    let root = try #require(ProcessInfo.processInfo.environment["GRAFT_SHARED"]) + "/data/brain-mri"
    let listing = try FolderReader(root: root).listing()
    #expect(listing.classes == ["glioma", "meningioma", "notumor", "pituitary"])
    let folder = try ScratchFolder()
    let path = folder.path + "/store"
    let facts = try ImageStoreWriter(
      listing: listing, splits: listing.splits(SplitOptions()), options: ImageStoreOptions(size: .shortSide(64))
    ).write(to: path)
    #expect(facts.trainingImages == [56, 56, 56, 56] && facts.testImages == [12, 12, 12, 12])
    #expect(facts.unreadable.isEmpty)
    let batch = try StoredImages(path: path).source(split: .test, pipeline: .paper(size: 56), threads: 2)
      .batch(Array(0..<48), draws: nil)
    #expect(batch.pixels.allSatisfy { $0.isFinite })
  }
}
