import Engine
import Foundation
import Testing

private struct TransformFixture: Decodable {
  let width: Int
  let height: Int
  let pixels: Data
  let cases: [TransformCase]

  static let shared: TransformFixture = FixtureFile.decode("transforms.json")
  var picture: Picture { Picture(width: width, height: height, channels: 3, pixels: Array(pixels)) }
}

/// A name, then its numbers.
private struct WrittenStep: Decodable, Sendable {
  var name: String
  var numbers: [Double] = []

  init(from decoder: any Decoder) throws {
    var list = try decoder.unkeyedContainer()
    name = try list.decode(String.self)
    while !list.isAtEnd { numbers.append(try list.decode(Double.self)) }
  }
}

private struct TransformCase: Decodable, Sendable, CustomTestStringConvertible {
  let name: String
  let steps: [WrittenStep]
  let width: Int
  let height: Int
  let pixels: Data
  var testDescription: String { name }

  /// The steps, geometry gathered as far as it can be.
  func path(width: Int, height: Int) -> TransformPath {
    var path = TransformPath(width: width, height: height)
    for step in steps {
      let whole = step.numbers.map { Int($0) }
      let first = Float(step.numbers.first ?? 0)
      switch step.name {
      case "resize": path.resize(width: whole[0], height: whole[1])
      case "crop": path.crop(x: whole[0], y: whole[1], width: whole[2], height: whole[3])
      case "flip": path.flip(horizontally: whole[0] == 1)
      case "brightness": path.alter(.brightness(first))
      case "contrast": path.alter(.contrast(first))
      case "saturation": path.alter(.saturation(first))
      case "hue": path.alter(.hue(first))
      default: path.alter(.grayscale)
      }
    }
    path.settle()
    return path
  }
}

@Suite struct TransformTests {
  /// torchvision on uint8 tensors: geometry differs by roundings of weights, colour by the last bit of a float before it is
  /// cut off to a level, and a chain by their sum. Graft promises 2 levels on average; this leaves room for no mistake.
  @Test(arguments: TransformFixture.shared.cases)
  private func agreesWithTorchvision(_ example: TransformCase) throws {
    let source = TransformFixture.shared.picture
    let result = try source.applying(example.path(width: source.width, height: source.height).steps)
    #expect(result.width == example.width && result.height == example.height)
    let differences = zip(result.pixels, example.pixels).map { abs(Double($0) - Double($1)) }
    try #require(differences.count == example.pixels.count)
    #expect(differences.reduce(0, +) / Double(differences.count) < 0.5)
    #expect(differences.max() ?? 0 <= 4)
  }

  @Test(arguments: [(1, 200, 40), (3, 40, 200), (1, 17, 16), (3, 33, 300)], [0, 7, 255])
  func keepsAnEvenSurface(shape: (channels: Int, width: Int, height: Int), level: Int) throws {
    let (channels, width, height) = shape
    let surface = Picture(
      width: width, height: height, channels: channels,
      pixels: Array(repeating: UInt8(level), count: width * height * channels))
    for (newWidth, newHeight) in [(13, 19), (64, 64), (400, 9)] {
      #expect(try surface.resized(width: newWidth, height: newHeight).pixels.allSatisfy { $0 == level })
    }
  }

  /// A window of a resized image is what the whole resized image holds there, mirrored or not.
  @Test(
    arguments: [(false, false), (true, false), (false, true), (true, true)], [(24, 18), (90, 70), (61, 43), (61, 20)])
  func computesOnlyTheWindow(mirrored: (horizontally: Bool, vertically: Bool), scaled: (width: Int, height: Int)) throws
  {
    let picture = slopes(width: 61, height: 43, channels: 3)
    var whole = Resampling(whole: 61, 43, scaledTo: scaled.width, scaled.height)
    whole.mirrorsHorizontally = mirrored.horizontally
    whole.mirrorsVertically = mirrored.vertically
    let all = try picture.applying([.resample(whole)])
    var part = whole
    part.crop(x: 5, y: 3, width: 17, height: 12)
    let window = try picture.applying([.resample(part)])
    for channel in 0..<3 {
      for row in 0..<12 {
        let start = channel * scaled.width * scaled.height + (row + 3) * scaled.width + 5
        let expected = Array(all.pixels[start..<start + 17])
        #expect(Array(window.pixels[(channel * 12 + row) * 17..<(channel * 12 + row) * 17 + 17]) == expected)
      }
    }
  }

  @Test func gathersGeometryIntoOneStep() {
    var path = TransformPath(width: 300, height: 200)
    path.crop(x: 10, y: 20, width: 100, height: 90)
    path.flip(horizontally: true)
    path.resize(width: 64, height: 64)
    path.flip(horizontally: false)
    path.settle()
    #expect(path.steps.count == 1)
    var unchanged = TransformPath(width: 32, height: 32)
    unchanged.resize(width: 32, height: 32)
    unchanged.crop(x: 0, y: 0, width: 32, height: 32)
    unchanged.settle()
    #expect(unchanged.steps.isEmpty)
  }

  /// Areas and forms stay within what was asked for, to within the rounding of sides.
  @Test func drawsPartsWithinBounds() {
    var draws = RandomStream(seed: 1, purpose: "parts")
    for _ in 0..<2000 {
      let part = ImageTransform.randomPart(of: (200, 160), scale: 0.3...0.6, ratio: 0.75...1.25, draws: &draws)
      #expect(part.x >= 0 && part.y >= 0 && part.x + part.width <= 200 && part.y + part.height <= 160)
      let share = Double(part.width * part.height) / 32_000
      #expect((0.29...0.61).contains(share))
      #expect((0.74...1.27).contains(Double(part.width) / Double(part.height)))
    }
  }

  /// Where nothing fits, the largest middle part of the nearest allowed form, as torchvision.
  @Test(arguments: [
    (300, 100, 1.0...1.0, 100, 0, 100, 100), (100, 300, 1.0...1.0, 0, 100, 100, 100),
    (100, 120, 0.5...2.0, 0, 0, 100, 120),
  ])
  func fallsBackToTheMiddle(
    width: Int, height: Int, ratio: ClosedRange<Double>, x: Int, y: Int, partWidth: Int, partHeight: Int
  ) {
    var draws = RandomStream(seed: 1, purpose: "parts")
    let part = ImageTransform.randomPart(of: (width, height), scale: 9...9.5, ratio: ratio, draws: &draws)
    #expect(part == (x, y, partWidth, partHeight))
  }
}
