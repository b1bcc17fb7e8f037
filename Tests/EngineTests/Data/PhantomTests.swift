import Engine
import Foundation
import Testing

@Suite struct PhantomTests {
  private func options(_ domain: PhantomOptions.Domain, seed: UInt64 = 0, training: Int = 23) -> PhantomOptions {
    PhantomOptions(
      domain: domain, trainingImages: training, validationImages: 11, testImages: 12, size: 32, seed: seed)
  }

  private func files(_ listing: ImageListing) throws -> [String: Data] {
    var files: [String: Data] = [:]
    for item in listing.items {
      files[item.path] = try Data(contentsOf: URL(fileURLWithPath: "\(listing.root)/\(item.path)"))
    }
    return files
  }

  /// What is written is an ordinary folder data set, balanced, of files of the size asked for.
  @Test(arguments: PhantomOptions.Domain.allCases)
  func writesAFolderDataSet(domain: PhantomOptions.Domain) throws {
    let folder = try ScratchFolder()
    let listing = try PhantomGenerator.write(options(domain), to: folder.path)
    let read = try FolderReader(root: folder.path, classes: domain.classes).listing()
    #expect(listing == read)
    let splits = try listing.splits(SplitOptions())
    #expect(splits == listing.items.compactMap(\.split))
    for (split, count) in [(Split.train, 23), (.validation, 11), (.test, 12)] {
      let labels = listing.items.filter { $0.split == split }.map(\.label.index)
      #expect(labels.count == count)
      let counts = domain.classes.indices.map { label in labels.count { $0 == label } }
      #expect(try #require(counts.max()) - #require(counts.min()) <= 1)
    }
    for (path, file) in try files(listing) {
      let picture = try Picture(decoding: Array(file))
      #expect(picture.width == 32 && picture.height == 32)
      #expect(picture.channels == (domain == .screening ? 1 : 3))
      #expect(path.hasSuffix(domain == .screening ? ".png" : ".jpg"))
      #expect(Set(picture.pixels).count > 16)
    }
  }

  @Test(arguments: PhantomOptions.Domain.allCases)
  func dependsOnTheSeedAlone(domain: PhantomOptions.Domain) throws {
    let folders = try [ScratchFolder(), ScratchFolder(), ScratchFolder(), ScratchFolder()]
    let first = try files(PhantomGenerator.write(options(domain), to: folders[0].path, threads: 1))
    #expect(try files(PhantomGenerator.write(options(domain), to: folders[1].path, threads: 4)) == first)
    let other = try files(PhantomGenerator.write(options(domain, seed: 1), to: folders[2].path))
    #expect(other.allSatisfy { first[$0.key] != $0.value })
    // More training images leave those that were there as they were.
    let more = try files(PhantomGenerator.write(options(domain, training: 30), to: folders[3].path))
    #expect(more.count == first.count + 7)
    #expect(first.allSatisfy { more[$0.key] == $0.value })
  }

  @Test(arguments: [
    (
      PhantomOptions(domain: .source, trainingImages: 9, validationImages: 10, testImages: 10),
      "the train split has 9 images; give 10 (one of each class of source) to 1000000"
    ),
    (
      PhantomOptions(domain: .grading, trainingImages: 9, validationImages: 9, testImages: 9, size: 8),
      "the size is 8 pixels; give 16 to 1024"
    ),
    (
      PhantomOptions(domain: .grading, trainingImages: 9, validationImages: 9, testImages: 9, difficulty: 2),
      "the difficulty is 2.0; give 0 to 1"
    ),
  ])
  func refusesOptions(options: PhantomOptions, reason: String) throws {
    let folder = try ScratchFolder()
    #expect(fault { _ = try PhantomGenerator.write(options, to: folder.path) } == .badPhantom(reason: reason))
  }
}
