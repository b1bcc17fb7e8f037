import Engine
import Foundation
import Testing

/// A picture and what torchvision makes of it; `Fixtures/augmentations.py` is the other side.
private struct AugmentedPicture: Decodable, Sendable {
  let channels: Int
  let width: Int
  let height: Int
  let pixels: Data
  let cases: [AugmentedCase]

  static let all: [AugmentedPicture] = FixtureFile.decode("augmentations.json")
  var picture: Picture { Picture(width: width, height: height, channels: channels, pixels: Array(pixels)) }
}

private struct AugmentedCase: Decodable, Sendable, CustomTestStringConvertible {
  let name: String
  let step: String
  let numbers: [Double]
  let width: Int
  let height: Int
  let pixels: Data
  var testDescription: String { name }

  /// Whether other pixels than 0 come in from beyond the image: there torchvision multiplies with the image's share twice.
  var isFilled: Bool { ["rotate", "affine", "perspective"].contains(step) && numbers.last != 0 }

  /// Of the mean difference, in grey levels.
  var tolerance: Double { isFilled ? 2 : step == "shorter" ? 0.25 : 0.05 }

  func path(width: Int, height: Int) throws -> TransformPath {
    var path = TransformPath(width: width, height: height)
    let whole = numbers.map { Int($0) }
    func project(_ map: AffineMap) {
      path.project(Projection(map, width: width, height: height, fill: whole.last ?? 0))
    }
    switch step {
    // torchvision rotates against the clock and maps clockwise.
    case "rotate": project(AffineMap(degrees: -numbers[0]))
    case "affine":
      project(
        AffineMap(
          degrees: numbers[0], shift: (numbers[1], numbers[2]), scale: numbers[3], shear: (numbers[4], numbers[5])))
    case "perspective":
      let corners = (0..<4).map { Projection.Corner(x: whole[2 * $0], y: whole[2 * $0 + 1]) }
      path.project(try #require(Projection(corners: corners, width: width, height: height, fill: whole[8])))
    case "blur": path.alter(.blur(size: whole[0], sigma: Float(numbers[1])))
    case "solarize": path.alter(.solarize(threshold: Float(numbers[0])))
    case "erase":
      path.alter(
        .erase(
          Erasure(
            x: whole[0], y: whole[1], width: whole[2], height: whole[3], levels: whole[4...].map { UInt8($0) })))
    case "cut": path.cut(x: whole[0], y: whole[1], size: whole[2], fill: whole[3])
    default: path.resize(shortSide: whole[0])
    }
    path.settle()
    return path
  }
}

@Suite struct AugmentationTests {
  /// Shares of a pixel's neighbours are whole 2048ths and sums are rounded half up where torchvision's are half to even; a
  /// resize is rounded between rows and columns.
  @Test(arguments: AugmentedPicture.all.indices, AugmentedPicture.all[0].cases.indices)
  func agreesWithTorchvision(_ picture: Int, _ index: Int) throws {
    let before = AugmentedPicture.all[picture]
    let example = before.cases[index]
    let result = try before.picture.applying(example.path(width: before.width, height: before.height).steps)
    try #require(result.width == example.width && result.height == example.height, "\(example.name)")
    let differences = zip(result.pixels, example.pixels).map { abs(Double($0) - Double($1)) }
    let mean = differences.reduce(0, +) / Double(differences.count)
    #expect(mean < example.tolerance, "\(example.name): \(mean) on average")
    if !example.isFilled { #expect(differences.max() ?? 0 <= 1, "\(example.name)") }
  }

  /// A map that changes nothing, and one that is a crop, leave every level what it was, also beside the fast kernels' blocks.
  @Test(arguments: [1, 3], [(24, 18), (61, 7), (9, 33), (1, 1)])
  func aWholeShiftIsExact(channels: Int, size: (width: Int, height: Int)) throws {
    let picture = slopes(width: size.width, height: size.height, channels: channels)
    let same = Projection(AffineMap(degrees: 0), width: size.width, height: size.height, fill: 9)
    #expect(try picture.applying([.project(same)]) == picture)
    var shifted = TransformPath(width: size.width, height: size.height)
    shifted.cut(x: -2, y: -3, size: 70, fill: 9)
    shifted.cut(x: 2, y: 3, size: 66, fill: 9)
    shifted.crop(x: 0, y: 0, width: size.width, height: size.height)
    shifted.settle()
    #expect(try picture.applying(shifted.steps) == picture)
  }

  @Test func erasesWhatItSays() {
    var draws = RandomStream(seed: 4, purpose: "parts")
    for _ in 0..<1000 {
      guard
        let part = ImageTransform.erasedPart(of: (200, 160), scale: 0.1...0.3, ratio: 0.5...2, draws: &draws)
      else { continue }
      #expect(part.x >= 0 && part.y >= 0 && part.x + part.width <= 200 && part.y + part.height <= 160)
      #expect((0.095...0.305).contains(Double(part.width * part.height) / 32_000))
      #expect((0.48...2.06).contains(Double(part.height) / Double(part.width)))
    }
    #expect(ImageTransform.erasedPart(of: (20, 20), scale: 1...1, ratio: 1...1, draws: &draws) == nil)
  }

  @Test func drawsCornersInwards() {
    var draws = RandomStream(seed: 4, purpose: "corners")
    for _ in 0..<500 {
      let corners = ImageTransform.randomCorners(of: (101, 80), distortion: 0.5, draws: &draws)
      let inwards = zip(corners, [(0, 0), (100, 0), (100, 79), (0, 79)]).map { (abs($0.x - $1.0), abs($0.y - $1.1)) }
      #expect(inwards.allSatisfy { $0.0 <= 25 && $0.1 <= 20 })
    }
    let corners = ImageTransform.randomCorners(of: (101, 80), distortion: 0, draws: &draws)
    #expect(Projection(corners: corners, width: 101, height: 80, fill: 0)?.map == [1, 0, 0, 0, 1, 0, 0, 0, 1])
    let line = [0, 10, 20, 30].map { Projection.Corner(x: $0, y: $0) }
    #expect(Projection(corners: line, width: 101, height: 80, fill: 0) == nil)
  }

  static let crops: [ImageTransform] = [
    .resizeExactly(width: 40, height: 40), .randomGrayscale(probability: 0.5),
    .multiCrop(count: 3, size: 24, scale: 0.3...0.8, ratio: 0.75...1.33), .horizontalFlip(probability: 0.5),
  ]

  /// Each image of a batch becomes several, side by side, with its label; what stands before the crops is drawn once for all of
  /// an image's, and a network that is evaluated sees one.
  @Test func makesSeveralCrops() throws {
    let folder = try ScratchFolder()
    let store = try DeviceImagesTests.store(in: folder, isGrey: false)
    let evaluation = [ImageTransform.resizeExactly(width: 24, height: 24)]
    func source(_ training: [ImageTransform], threads: Int = 1) throws -> StoredImageSource {
      try store.source(
        split: .train, pipeline: ImagePipeline(training: training, evaluation: evaluation), threads: threads)
    }
    let crops = try source(Self.crops)
    let draws = RandomStream(seed: 2, purpose: "augment")
    let positions = [5, 0, 3]
    let batch = try crops.batch(positions, draws: draws)
    #expect(batch.count == 9)
    #expect(batch.labels == positions.flatMap { Array(repeating: crops.labels[$0], count: 3) })
    #expect(batch.pixels.count == 9 * 3 * 24 * 24)
    #expect(try source(Self.crops, threads: 2).batch(positions, draws: draws).pixels == batch.pixels)
    #expect(try crops.batch(positions, draws: nil).count == 3)
    for position in 0..<crops.count {
      let views = try crops.preview(position, draws: draws.child(UInt64(position)))
      #expect(views.count == 3 && Set(views).count == 3)
      func isGrey(_ picture: Picture) -> Bool {
        picture.pixels[..<576] == picture.pixels[576..<1152] && picture.pixels[..<576] == picture.pixels[1152...]
      }
      #expect(Set(views.map(isGrey)).count == 1)
    }
  }

  @Test(arguments: [
    ([ImageTransform.gaussianBlur(size: 81, sigma: 1...2, probability: 1)], "transform 1: a kernel of 81 pixels"),
    ([.gaussianBlur(size: 4, sigma: 1...2, probability: 1)], "transform 1: a kernel of 4 pixels has no middle"),
    ([.randomCrop(size: 60, padding: 4, fill: 0)], "transform 1 crops 60 x 60 pixels from an image of "),
    (crops + [.multiCrop(count: 2, size: 24, scale: 1...1, ratio: 1...1)], "transform 5: crops of crops"),
    ([.solarize(threshold: 1, probability: 2)], "transform 1: the probability 2.0"),
    (
      [.randomErasing(scale: 0...1, ratio: 1...1, levels: [0], probability: 1)],
      "transform 1: the scale 0.0...1.0 must be above 0"
    ),
  ])
  func refusesWhatCannotBe(_ transforms: [ImageTransform], _ message: String) throws {
    let folder = try ScratchFolder()
    let store = try DeviceImagesTests.store(in: folder, isGrey: true)
    let fault = #expect(throws: DataFault.self) {
      try store.source(
        split: .train, pipeline: ImagePipeline(training: transforms, evaluation: [.centerCrop(24)]), threads: 1)
    }
    let said = try #require(fault?.description)
    #expect(said.hasPrefix(message), "\(said)")
  }

  @Test func evaluatesByOneCrop() throws {
    let folder = try ScratchFolder()
    let store = try DeviceImagesTests.store(in: folder, isGrey: true)
    #expect(throws: DataFault.self) {
      try store.source(
        split: .train, pipeline: ImagePipeline(training: Self.crops, evaluation: Self.crops), threads: 1)
    }
  }
}
