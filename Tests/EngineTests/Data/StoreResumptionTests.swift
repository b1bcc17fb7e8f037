import Engine
import Foundation
import Testing

/// Stores whose writing was interrupted, and those of images that are stored in different ways.
@Suite struct StoreResumptionTests {
  private func listing(_ folder: ScratchFolder) throws -> ImageListing {
    try PhantomGenerator.write(
      PhantomOptions(domain: .grading, trainingImages: 90, validationImages: 16, testImages: 14, size: 24, seed: 2),
      to: folder.path + "/images")
  }

  private func writer(_ listing: ImageListing, size: Int = 20) throws -> ImageStoreWriter {
    try ImageStoreWriter(
      listing: listing, splits: listing.splits(SplitOptions()),
      options: ImageStoreOptions(size: .shortSide(size), channels: 3, threads: 1))
  }

  /// Writes until it has been asked to stop so often, each time after another batch; what it began with.
  private func interrupted(_ writer: ImageStoreWriter, to path: String, in kept: String, times: Int) throws -> [Int] {
    var begun: [Int] = []
    for _ in 0..<times {
      var calls = 0
      #expect(throws: CancellationError.self) {
        try writer.write(to: path, goingOnIn: kept) { done, _ in
          if calls == 0 { begun.append(done) }
          calls += 1
          return calls < 3
        }
      }
    }
    return begun
  }

  @Test func interruptedWritingGoesOnToTheSameBytes() throws {
    let folder = try ScratchFolder()
    let writer = try writer(listing(folder))
    let (whole, path, kept) = ("\(folder.path)/whole", "\(folder.path)/store", "\(folder.path)/kept")
    try writer.write(to: whole)
    #expect(try interrupted(writer, to: path, in: kept, times: 3) == [0, 32, 64])
    #expect(!FileManager.default.fileExists(atPath: path))
    try writer.write(to: path, goingOnIn: kept)
    #expect(try Data(contentsOf: URL(filePath: path)) == Data(contentsOf: URL(filePath: whole)))
    #expect(try FileManager.default.contentsOfDirectory(atPath: kept).isEmpty)
  }

  /// What a lost machine leaves: a journal that ends anywhere, with anything behind.
  @Test func whatIsHalfWrittenDoesNotCount() throws {
    let folder = try ScratchFolder()
    let writer = try writer(listing(folder))
    let (whole, path, kept) = ("\(folder.path)/whole", "\(folder.path)/store", "\(folder.path)/kept")
    try writer.write(to: whole)
    _ = try interrupted(writer, to: path, in: kept, times: 2)
    let (journal, part) = (URL(filePath: "\(kept)/images.journal"), URL(filePath: "\(kept)/images.part"))
    let (journalBytes, partBytes) = (try Data(contentsOf: journal), try Data(contentsOf: part))
    var draws = RandomStream(seed: 3, purpose: "cuts")
    for round in 0..<12 {
      let length = round == 0 ? journalBytes.count : draws.below(journalBytes.count)
      var damaged = journalBytes.prefix(length)
      if round % 3 == 1 { damaged += Data(repeating: 7, count: 50) }
      if round % 3 == 2, length > 60 { damaged[40] ^= 1 }
      try damaged.write(to: journal)
      try (partBytes + Data(repeating: 9, count: round * 100)).write(to: part)
      try writer.write(to: path, goingOnIn: kept)
      #expect(try Data(contentsOf: URL(filePath: path)) == Data(contentsOf: URL(filePath: whole)), "round \(round)")
    }
  }

  @Test func anotherListingOrSizeBeginsAnew() throws {
    let folder = try ScratchFolder()
    let listing = try listing(folder)
    let (path, kept) = ("\(folder.path)/store", "\(folder.path)/kept")
    #expect(try interrupted(writer(listing), to: path, in: kept, times: 2) == [0, 32])
    #expect(try interrupted(writer(listing, size: 18), to: path, in: kept, times: 2) == [0, 32])
    var fewer = listing
    fewer.items.removeFirst()
    #expect(try interrupted(writer(fewer, size: 18), to: path, in: kept, times: 1) == [0])
    let writer = try writer(fewer, size: 18)
    try writer.write(to: path, goingOnIn: kept)
    try writer.write(to: path + "2")
    #expect(try Data(contentsOf: URL(filePath: path)) == Data(contentsOf: URL(filePath: path + "2")))
  }

  @Test func greyAndColouredImagesLieSideBySide() throws {
    let folder = try ScratchFolder()
    var items: [ImageItem] = []
    for number in 0..<6 {
      let channels = number % 2 == 0 ? 1 : 3
      let name = "\(number).png"
      try folder.write(name, slopes(width: 20 + number, height: 24, channels: channels).encoded(as: .png))
      items.append(ImageItem(path: name, label: number / 2 % 2, split: Split.allCases[number / 2]))
    }
    let listing = ImageListing(root: folder.path, items: items, classes: ["a", "b"])
    let path = "\(folder.path)/store"
    try ImageStoreWriter(
      listing: listing, splits: items.compactMap(\.split),
      options: ImageStoreOptions(size: .original, channels: 3)
    ).write(to: path)
    let store = try StoredImages(path: path)
    #expect(store.channels == 3 && (0..<6).map { store.shape($0).channels } == [1, 3, 1, 3, 1, 3])
    #expect(store.shape(5) == ImageShape(channels: 3, height: 24, width: 25))
    let pipeline = ImagePipeline(
      training: [.resizeExactly(width: 16, height: 16), .horizontalFlip(probability: 1)],
      evaluation: [.resizeExactly(width: 16, height: 16)], mean: [0, 0, 0], standardDeviation: [1, 1, 1])
    let source = try store.source(split: .train, pipeline: pipeline, threads: 1)
    for draws in [nil, RandomStream(seed: 1, purpose: "draws")] {
      let batch = try source.batch([0, 1], draws: draws)
      #expect(batch.pixels[..<256] == batch.pixels[256..<512] && batch.pixels[..<256] == batch.pixels[512..<768])
      #expect(batch.pixels[768..<1024] != batch.pixels[1024..<1280])
      let byTensors = try source.batchByTensors([0, 1], draws: draws, on: .cpu, resident: draws == nil)
      let values = try byTensors.tensor(on: .cpu).values()
      #expect(zip(values, batch.pixels).allSatisfy { abs($0 - $1) < 1.01 / 255 })
    }
    // The statistics are those of three channels, the grey one thrice.
    let levels = (0..<2).map { store.picture($0) }
    let blue = levels.map { picture in picture.pixels.suffix(picture.width * picture.height).map { Double($0) } }
    let mean = blue.joined().reduce(0, +) / Double(blue.joined().count)
    #expect(abs(store.facts.mean[2] - mean / 255) < 1e-9)
  }

  @Test func tooLittleRoomIsSaidBeforeAnythingIsWritten() {
    let fault = DataFault.noSpace(needed: 2_000_000_000, available: 5_000_000, path: "/x/images.store")
    #expect(
      fault.description.hasPrefix("the image store /x/images.store takes about 2000 MB, and 5 MB are free there;"))
  }
}
