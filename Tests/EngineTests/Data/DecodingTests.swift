import Engine
import Foundation
import Testing

/// A scene of slopes, so that a coder has something to do.
func slopes(width: Int, height: Int, channels: Int) -> Picture {
  Picture(
    width: width, height: height, channels: channels,
    pixels: (0..<channels).flatMap { channel in
      (0..<height).flatMap { row in
        (0..<width).map { column in UInt8((row * (2 + channel) + column * 3) * 255 / (5 * (height + width) + 1)) }
      }
    })
}

@Suite struct DecodingTests {
  @Test(arguments: [1, 3], [Picture.Format.png, .jpeg(quality: 95)])
  func encodesWhatItDecodes(channels: Int, format: Picture.Format) throws {
    let picture = slopes(width: 37, height: 21, channels: channels)
    let again = try Picture(decoding: picture.encoded(as: format))
    #expect(again.width == 37 && again.height == 21 && again.channels == channels)
    let largest = zip(picture.pixels, again.pixels).map { abs(Int($0) - Int($1)) }.max()
    #expect(try #require(largest) <= (format == .png ? 0 : 12))
  }

  @Test func givesTheChannelsAskedFor() throws {
    let grey = try slopes(width: 9, height: 8, channels: 1).encoded(as: .png)
    let widened = try Picture(decoding: grey, channels: 3)
    #expect(Array(widened.pixels[..<72]) == Array(widened.pixels[72..<144]))
    let colour = try slopes(width: 9, height: 8, channels: 3).encoded(as: .png)
    let source = try Picture(decoding: colour)
    let luma = try Picture(decoding: colour, channels: 1)
    for index in 0..<72 {
      let expected =
        0.299 * Double(source.pixels[index]) + 0.587 * Double(source.pixels[72 + index])
        + 0.114 * Double(source.pixels[144 + index])
      #expect(abs(Double(luma.pixels[index]) - expected) <= 0.51)
    }
  }

  /// The smallest of 1/8, 1/4, 1/2 and 1 whose sides are no shorter than needed.
  @Test(arguments: [
    (Picture.Need.full, 400, 240), (.shortSide(240), 400, 240), (.shortSide(121), 400, 240),
    (.shortSide(120), 200, 120),
    (.shortSide(31), 100, 60), (.shortSide(30), 50, 30), (.shortSide(3), 50, 30),
    (.size(width: 100, height: 20), 100, 60),
    (.size(width: 20, height: 61), 200, 120),
  ])
  func scalesWhileDecoding(need: Picture.Need, width: Int, height: Int) throws {
    let file = try slopes(width: 400, height: 240, channels: 3).encoded(as: .jpeg(quality: 80))
    let picture = try Picture(decoding: file, need: need)
    #expect(picture.width == width && picture.height == height)
  }

  @Test(arguments: [Picture.Format.png, .jpeg(quality: 80)], [0.3, 0.6, 0.95])
  func refusesTruncatedFiles(format: Picture.Format, share: Double) throws {
    let file = try slopes(width: 200, height: 200, channels: 3).encoded(as: format)
    let part = Array(file.prefix(Int(Double(file.count) * share)))
    let error = #expect(throws: Picture.Unreadable.self) { try Picture(decoding: part) }
    #expect(error?.description.hasPrefix("truncated or damaged: ") == true)
  }

  @Test(arguments: [
    ("", "it is empty"),
    ("name,label\na.png,1\n", "it is a text file, not an image"),
    ("GIF89a\u{0}\u{1}", "it is a GIF file, whatever its name says; read are JPEG, PNG, TIFF and DICOM"),
    ("\u{0}\u{1}\u{2}", "its content is no JPEG, PNG, TIFF or DICOM image, whatever its name says"),
  ])
  func saysWhatIsNoImage(content: String, reason: String) {
    let error = #expect(throws: Picture.Unreadable.self) { try Picture(decoding: Array(content.utf8)) }
    #expect(error?.description == reason)
  }

  @Test(arguments: [(60_000, 60_000), (30_001, 1), (29_000, 29_000), (4_294_967, 3)])
  func refusesHugePNG(width: UInt32, height: UInt32) throws {
    var file = try slopes(width: 8, height: 8, channels: 1).encoded(as: .png)
    for (offset, number) in [(16, width), (20, height)] {
      for byte in 0..<4 { file[offset + byte] = UInt8(truncatingIfNeeded: number >> UInt32(24 - 8 * byte)) }
    }
    let checksum = crc32(file[12..<29])
    for byte in 0..<4 { file[29 + byte] = UInt8(truncatingIfNeeded: checksum >> UInt32(24 - 8 * byte)) }
    let error = #expect(throws: Picture.Unreadable.self) { try Picture(decoding: file) }
    #expect(
      error?.description
        == "its header gives \(width) x \(height) pixels; at most 30000 on a side and 400 million in all"
        + " are read")
  }

  @Test func refusesHugeJPEG() throws {
    var file = try slopes(width: 8, height: 8, channels: 1).encoded(as: .jpeg(quality: 80))
    let frame = try #require(file.indices.dropLast(9).first { file[$0] == 0xFF && file[$0 + 1] == 0xC0 })
    for offset in 5..<9 { file[frame + offset] = 0xFE }
    let error = #expect(throws: Picture.Unreadable.self) { try Picture(decoding: file) }
    #expect(error?.description.hasPrefix("its header gives 65278 x 65278 pixels") == true)
  }

  private func crc32(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    var value: UInt32 = 0xFFFF_FFFF
    for byte in bytes {
      value ^= UInt32(byte)
      for _ in 0..<8 { value = value & 1 == 1 ? (value >> 1) ^ 0xEDB8_8320 : value >> 1 }
    }
    return value ^ 0xFFFF_FFFF
  }
}
