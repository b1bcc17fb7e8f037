/// How stored images become a network's input.
public struct ImagePipeline: Sendable, Hashable {
  /// In the order in which they are applied; for batches that are asked for with draws.
  public var training: [ImageTransform]
  /// For batches without draws.
  public var evaluation: [ImageTransform]
  /// 1 or 3. Stored grey images fill all channels.
  public var channels: Int
  /// A mean and a standard deviation a channel, of samples from 0 to 1: a pixel becomes (value / 255 - mean) / deviation.
  public var mean: [Float]
  public var standardDeviation: [Float]

  public init(
    training: [ImageTransform], evaluation: [ImageTransform], channels: Int = 3,
    mean: [Float] = ImagePipeline.imageNetMean, standardDeviation: [Float] = ImagePipeline.imageNetStandardDeviation
  ) {
    self.training = training
    self.evaluation = evaluation
    self.channels = channels
    self.mean = mean
    self.standardDeviation = standardDeviation
  }

  /// ImageNet's statistics, as torchvision and timm use them.
  public static let imageNetMean: [Float] = [0.485, 0.456, 0.406]
  public static let imageNetStandardDeviation: [Float] = [0.229, 0.224, 0.225]

  /// The augmentation of Matsoukas et al. (CVPR 2022, released code) for a network of `size` pixels; images are first
  /// stretched to 8/7 of it, 256 for 224.
  public static func paper(size: Int, channels: Int = 3) -> ImagePipeline {
    let larger = (size * 8 + 3) / 7
    return ImagePipeline(
      training: [
        .resizeExactly(width: larger, height: larger),
        .randomResizedCrop(size: size, scale: 0.8...1.2, ratio: 3.0 / 4...4.0 / 3),
        .verticalFlip(probability: 0.5), .horizontalFlip(probability: 0.5),
        .colorJitter(brightness: 0.2, contrast: 0.2, saturation: 0.1, hue: 0.1, probability: 0.2),
        .randomGrayscale(probability: 0.2),
      ],
      evaluation: [.resize(shortSide: larger), .centerCrop(size)], channels: channels,
      mean: channels == 3 ? imageNetMean : [0.485],
      standardDeviation: channels == 3 ? imageNetStandardDeviation : [0.229])
  }

  /// What a sample becomes: [channel][value], 256 values each.
  func normalisation() throws -> [Float] {
    guard channels == 1 || channels == 3, mean.count == channels, standardDeviation.count == channels,
      mean.allSatisfy(\.isFinite), standardDeviation.allSatisfy({ $0.isFinite && $0 > 0 })
    else {
      throw DataFault.badNormalisation(channels: channels, means: mean.count, deviations: standardDeviation.count)
    }
    return zip(mean, standardDeviation).flatMap { mean, deviation in
      (0..<256).map { (Float($0) / 255 - mean) / deviation }
    }
  }

  /// What a list of transforms makes of images of these sizes: one size for all, found without drawing.
  static func outputSize(
    of transforms: [ImageTransform], from sizes: some Collection<ImageShape>, list: String
  ) throws -> ImageShape {
    var results: Set<ImageShape> = []
    for size in sizes {
      var (width, height) = (size.width, size.height)
      for (step, transform) in transforms.enumerated() {
        if let reason = transform.fault { throw DataFault.badTransform(step: step, reason: reason) }
        switch transform {
        case .resize(let side): (width, height) = Picture.size(of: (width, height), shortSide: side)
        case .resizeExactly(let newWidth, let newHeight): (width, height) = (newWidth, newHeight)
        case .randomResizedCrop(let side, _, _): (width, height) = (side, side)
        case .centerCrop(let side):
          guard side <= width, side <= height else {
            throw DataFault.cropTooLarge(size: side, width: width, height: height, step: step)
          }
          (width, height) = (side, side)
        case .horizontalFlip, .verticalFlip, .colorJitter, .randomGrayscale: break
        }
      }
      results.insert(ImageShape(channels: size.channels, height: height, width: width))
    }
    guard results.count <= 1 else {
      throw DataFault.varyingSizes(
        shapes: results.sorted { ($0.height, $0.width) < ($1.height, $1.width) }, list: list)
    }
    return results.first ?? ImageShape(channels: channels(of: sizes), height: 0, width: 0)
  }

  private static func channels(of sizes: some Collection<ImageShape>) -> Int { sizes.first?.channels ?? 3 }
}

extension ImageTransform {
  /// Why its numbers make no sense; nil where they do.
  var fault: String? {
    switch self {
    case .resize(let side), .centerCrop(let side): Self.sizeFault(side)
    case .resizeExactly(let width, let height): Self.sizeFault(width) ?? Self.sizeFault(height)
    case .randomResizedCrop(let size, let scale, let ratio):
      if let fault = Self.sizeFault(size) {
        fault
      } else if !(scale.lowerBound > 0 && scale.upperBound.isFinite) {
        "the scale \(scale) must be above 0"
      } else if !(ratio.lowerBound > 0 && ratio.upperBound.isFinite) {
        "the ratio \(ratio) must be above 0"
      } else {
        nil
      }
    case .horizontalFlip(let probability), .verticalFlip(let probability), .randomGrayscale(let probability):
      Self.probabilityFault(probability)
    case .colorJitter(let brightness, let contrast, let saturation, let hue, let probability):
      if let strength = [brightness, contrast, saturation].first(where: { !($0 >= 0 && $0.isFinite) }) {
        "the strength \(strength) must be 0 or more"
      } else if !(0...0.5).contains(hue) {
        "the hue \(hue) must lie between 0 and 0.5"
      } else {
        Self.probabilityFault(probability)
      }
    }
  }

  private static func sizeFault(_ size: Int) -> String? {
    (1...16384).contains(size) ? nil : "\(size) pixels are no size; give 1 to 16384"
  }

  private static func probabilityFault(_ probability: Double) -> String? {
    (0...1).contains(probability) ? nil : "the probability \(probability) must lie between 0 and 1"
  }
}
