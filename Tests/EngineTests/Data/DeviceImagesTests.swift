import Engine
import Foundation
import Testing

/// Images made ready by tensor operations, as on a GPU, against the CPU's own kernels with the same draws.
@Suite struct DeviceImagesTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let transforms: [ImageTransform]
    var isGrey = false
    /// The greatest difference of any sample and the mean one, in grey levels.
    var greatest: Float = 1
    var mean: Float = 0.05
  }

  private static let crop = ImageTransform.randomResizedCrop(size: 32, scale: 0.3...1, ratio: 0.75...1.33)
  private static func jitter(_ brightness: Double, _ contrast: Double, _ saturation: Double, _ hue: Double)
    -> ImageTransform
  {
    .colorJitter(brightness: brightness, contrast: contrast, saturation: saturation, hue: hue, probability: 1)
  }

  static let cases = [
    Case(testDescription: "shrunk", transforms: [.resizeExactly(width: 32, height: 32)]),
    Case(testDescription: "grown", transforms: [.resize(shortSide: 90), .centerCrop(80)]),
    Case(testDescription: "cut", transforms: [.centerCrop(32)], greatest: 0, mean: 0),
    Case(
      testDescription: "cropped and mirrored",
      transforms: [crop, .horizontalFlip(probability: 0.5), .verticalFlip(probability: 0.5)]),
    Case(testDescription: "brighter", transforms: [.centerCrop(32), jitter(0.6, 0, 0, 0)]),
    Case(testDescription: "of other contrast", transforms: [.centerCrop(32), jitter(0, 0.6, 0, 0)]),
    Case(testDescription: "contrast before the crop", transforms: [jitter(0, 0.6, 0, 0), .centerCrop(32)]),
    Case(testDescription: "more or less coloured", transforms: [.centerCrop(32), jitter(0, 0, 0.6, 0)]),
    Case(testDescription: "of turned hue", transforms: [.centerCrop(32), jitter(0, 0, 0, 0.4)]),
    Case(testDescription: "some grey", transforms: [.centerCrop(32), .randomGrayscale(probability: 0.5)]),
    Case(
      testDescription: "turned",
      transforms: [.centerCrop(32), .randomRotation(degrees: -40...40, fill: 0, probability: 0.8)], mean: 0.01),
    Case(
      testDescription: "turned before the crop, light around it",
      transforms: [.randomRotation(degrees: -180...180, fill: 230, probability: 1), .centerCrop(32)], mean: 0.01),
    Case(
      testDescription: "mapped",
      transforms: [
        .randomAffine(
          ImageTransform.AffineRanges(
            degrees: -20...20, translate: (0.1, 0.2), scale: 0.7...1.4, shearX: -10...10, shearY: 0...5), fill: 60,
          probability: 0.9), .centerCrop(32),
      ], mean: 0.01),
    Case(
      testDescription: "in perspective",
      transforms: [.randomPerspective(distortion: 0.6, fill: 0, probability: 0.9), crop], mean: 0.06),
    Case(
      testDescription: "cut from a frame",
      transforms: [.centerCrop(32), .randomCrop(size: 32, padding: 6, fill: 100)], greatest: 0, mean: 0),
    Case(
      testDescription: "blurred",
      transforms: [.gaussianBlur(size: 13, sigma: 0.1...2, probability: 0.8), .centerCrop(32)], mean: 0.01),
    Case(
      testDescription: "solarized", transforms: [.centerCrop(32), .solarize(threshold: 128, probability: 0.5)],
      greatest: 0, mean: 0),
    Case(
      testDescription: "erased",
      transforms: [
        .centerCrop(32), .randomErasing(scale: 0.1...0.4, ratio: 0.3...3.3, levels: [20, 90, 200], probability: 0.7),
      ], greatest: 0, mean: 0),
    // Two roundings, a level each.
    Case(
      testDescription: "in several crops",
      transforms: [
        .randomRotation(degrees: -40...40, fill: 0, probability: 1),
        .multiCrop(count: 3, size: 32, scale: 0.3...1, ratio: 0.75...1.33), .horizontalFlip(probability: 0.5),
      ], greatest: 2, mean: 0.06),
    // The threshold's own level and the next lie far apart once they are exchanged, so a level's difference before it may be
    // all of 255 after it; that is rare.
    Case(
      testDescription: "everything at once",
      transforms: [
        .resize(shortSide: 50), .randomRotation(degrees: -10...10, fill: 0, probability: 0.5),
        .gaussianBlur(size: 5, sigma: 0.5...1, probability: 0.5), .solarize(threshold: 200, probability: 0.3),
        .randomPerspective(distortion: 0.3, fill: 0, probability: 0.5), crop,
        .randomErasing(scale: 0.1...0.2, ratio: 0.5...2, levels: [0], probability: 0.5),
      ], greatest: 255, mean: 0.3),
    // A level's difference before a turn of the hue is several after it.
    Case(
      testDescription: "as in the study", transforms: ImagePipeline.paper(size: 32).training, greatest: 6, mean: 0.15),
    Case(
      testDescription: "grey, as in the study", transforms: ImagePipeline.paper(size: 32).training, isGrey: true,
      greatest: 2),
  ]

  /// Images of many forms in two classes, smooth with a little noise.
  static func store(in folder: ScratchFolder, isGrey: Bool) throws -> StoredImages {
    var draws = RandomStream(seed: 3, purpose: "pictures")
    for label in ["one", "two"] {
      try FileManager.default.createDirectory(
        atPath: "\(folder.path)/images/\(label)", withIntermediateDirectories: true)
      for number in 0..<12 {
        let (width, height) = (40 + draws.below(50), 40 + draws.below(50))
        var pixels: [UInt8] = []
        for channel in 0..<(isGrey ? 1 : 3) {
          for row in 0..<height {
            for column in 0..<width {
              let wave = 120 + 90 * sin(Double(row * (channel + 1) + column * (number % 4)) / 9)
              pixels.append(UInt8(wave + draws.uniform(0, 40)))
            }
          }
        }
        let picture = Picture(width: width, height: height, channels: isGrey ? 1 : 3, pixels: pixels)
        try Data(picture.encoded(as: .png)).write(
          to: URL(fileURLWithPath: "\(folder.path)/images/\(label)/\(number).png"))
      }
    }
    let listing = try FolderReader(root: "\(folder.path)/images").listing()
    try ImageStoreWriter(
      listing: listing, splits: listing.splits(SplitOptions()), options: ImageStoreOptions(size: .shortSide(40))
    ).write(to: "\(folder.path)/store")
    return try StoredImages(path: "\(folder.path)/store")
  }

  @Test(arguments: cases)
  func agreeWithTheCPUsKernels(_ example: Case) throws {
    let folder = try ScratchFolder()
    let store = try Self.store(in: folder, isGrey: example.isGrey)
    let source = try store.source(
      split: .train,
      pipeline: ImagePipeline(training: example.transforms, evaluation: Self.evaluation(like: example.transforms)),
      threads: 1)
    let draws = RandomStream(seed: 9, purpose: "augment")
    let positions = Array(0..<source.count)
    let whole = try source.batch(positions, draws: draws)
    let expected = whole.pixels
    for resident in [true, false] {
      let batch = try source.batchByTensors(positions, draws: draws, on: .cpu, resident: resident)
      #expect(batch.labels == whole.labels)
      let values = try batch.tensor(on: .cpu).values()
      try #require(values.count == expected.count)
      let plane = source.shape.height * source.shape.width
      let differences = values.indices.map {
        abs(values[$0] - expected[$0]) * ImagePipeline.imageNetStandardDeviation[$0 / plane % 3] * 255
      }
      let greatest = differences.max() ?? 0
      let mean = differences.reduce(0, +) / Float(differences.count)
      #expect(greatest <= example.greatest + 0.01 && mean <= example.mean, "at most \(greatest), on average \(mean)")
    }
  }

  /// A list that leaves images of the same size and draws nothing.
  private static func evaluation(like transforms: [ImageTransform]) -> [ImageTransform] {
    let side = transforms.contains(.centerCrop(80)) ? 80 : 32
    return [.resizeExactly(width: side, height: side)]
  }
}
