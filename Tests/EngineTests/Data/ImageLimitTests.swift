import Engine
import Foundation
import Testing

/// What files may claim, and what comes of it.
@Suite struct ImageLimitTests {
  /// 170 kB that make 400 million pixels: a TIFF file whose 20,000 rows are the same bytes. Needed small, it is made small
  /// while it is read.
  @Test func makesABombSmaller() throws {
    let side = 20_000
    let picture = try Picture(
      decoding: repeatedRows(width: side, height: side), need: .size(width: 256, height: 256))
    // A quarter of each side is the first with fewer than 64 million pixels.
    #expect(picture.width == side / 4 && picture.height == side / 4)
    for x in stride(from: 0, to: side / 4, by: 37) {
      let mean = (0..<4).map { (4 * x + $0) * 256 / side }.reduce(2, +) / 4
      #expect(Int(picture.pixels[x]) == mean && Int(picture.pixels[picture.pixels.count - side / 4 + x]) == mean)
    }
  }

  /// Never below what is needed: 9,000 x 8,000 pixels of which 5,000 x 3,000 are stay whole.
  @Test func keepsWhatIsNeeded() throws {
    let picture = try Picture(
      decoding: repeatedRows(width: 9_000, height: 8_000), need: .size(width: 5_000, height: 3_000))
    #expect(picture.width == 9_000 && picture.height == 8_000)
  }

  @Test(arguments: [(60_000, 60_000), (30_001, 1), (29_000, 29_000), (3, 40_000)])
  func refusesHugeTIFF(width: Int, height: Int) {
    var file = repeatedRows(width: 8, height: 8)
    let directory = file.count - 4 - 9 * 12
    for (entry, value) in [(0, width), (1, height)] {
      for byte in 0..<4 { file[directory + 12 * entry + 8 + byte] = UInt8(value >> (8 * byte) & 0xFF) }
    }
    let error = #expect(throws: Picture.Unreadable.self) { try Picture(decoding: file) }
    #expect(
      error?.description
        == "its header gives \(width) x \(height) pixels; at most 30000 on a side and 400 million in all are read")
  }

  @Test func refusesHugeDICOM() throws {
    let cases: [FormatCase] = FixtureFile.decode("dicom.json")
    var file = Array(try #require(cases.first { $0.name == "dicom grey 16 bit, Explicit VR Little Endian" }).file)
    for element: UInt8 in [0x10, 0x11] {
      let tag: [UInt8] = [0x28, 0, element, 0, 0x55, 0x53, 2, 0]
      let place = try #require(file.indices.first { file[$0...].starts(with: tag) })
      file.replaceSubrange(place + 8..<place + 10, with: [0x60, 0xEA])
    }
    let error = #expect(throws: Picture.Unreadable.self) { try Picture(decoding: file) }
    #expect(
      error?.description
        == "its header gives 60000 x 60000 pixels; at most 30000 on a side and 400 million in all are read")
  }

  /// Sequences within sequences, as deep as the file goes on: refused before a parser that calls itself sees them.
  @Test func refusesDeepDICOM() throws {
    let cases: [FormatCase] = FixtureFile.decode("dicom.json")
    let file = Array(try #require(cases.first { $0.name == "dicom grey 8 bit, Explicit VR Little Endian" }).file)
    let place = try #require(file.indices.first { file[$0...].starts(with: [0x28, 0, 0x02, 0]) })
    // A sequence of undefined length, and in it an item of undefined length.
    let level: [UInt8] =
      [0x08, 0, 0x40, 0x11, 0x53, 0x51, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF] + [
        0xFE, 0xFF, 0x00, 0xE0, 0xFF, 0xFF, 0xFF, 0xFF,
      ]
    let deep = file[..<place] + (0..<50_000).flatMap { _ in level } + file[place...]
    let error = #expect(throws: Picture.Unreadable.self) { try Picture(decoding: Array(deep)) }
    #expect(error?.description == "its sequences are nested more than 32 deep")
  }

  /// A grey TIFF file whose rows all lie at the same place: 0...255 from left to right.
  private func repeatedRows(width: Int, height: Int) -> [UInt8] {
    var file: [UInt8] = [0x49, 0x49, 42, 0]
    func append(_ value: Int, bytes: Int) { for byte in 0..<bytes { file.append(UInt8(value >> (8 * byte) & 0xFF)) } }
    let (row, offsets) = (8, 8 + width)
    append(offsets + 8 * height, bytes: 4)
    file += (0..<width).map { UInt8($0 * 256 / width) }
    for _ in 0..<height { append(row, bytes: 4) }
    for _ in 0..<height { append(width, bytes: 4) }
    let entries = [
      (256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1),
      (273, 4, height, offsets), (277, 3, 1, 1), (278, 4, 1, 1), (279, 4, height, offsets + 4 * height),
    ]
    append(entries.count, bytes: 2)
    for (tag, type, count, value) in entries {
      append(tag, bytes: 2)
      append(type, bytes: 2)
      append(count, bytes: 4)
      append(value, bytes: 4)
    }
    append(0, bytes: 4)
    return file
  }
}
