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

  /// How many training images come of one.
  var views: Int { training.reduce(1) { $0 * $1.views } }

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
}
