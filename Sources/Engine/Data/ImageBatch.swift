/// Images ready for a network, with their labels.
public struct ImageBatch: Sendable {
  /// float32, normalised, in the order [image][channel][row][column].
  public var pixels: [Float]
  public var shape: ImageShape
  public var count: Int
  /// A class index an image.
  public var labels: [Int]
  /// Where an image may show several classes: 1 for each that it shows, 0 for each that it does not, below 0 where nobody
  /// can say, [image][class]; `labels` is then empty.
  public var targets: [Float]?
  /// The images on a device already; `pixels` is then empty.
  var prepared: PreparedImages?

  public init(pixels: [Float], shape: ImageShape, count: Int, labels: [Int], targets: [Float]? = nil) {
    self.targets = targets
    self.pixels = pixels
    self.shape = shape
    self.count = count
    self.labels = labels
  }
}

/// A batch's images on a device: [count, channels, height, width], normalised.
///
/// Unchecked: the thread that asks a source for a batch is the one that shows it to the network.
final class PreparedImages: @unchecked Sendable {
  let tensor: Tensor

  init(_ tensor: Tensor) { self.tensor = tensor }
}

/// Channels, height and width in pixels.
public struct ImageShape: Sendable, Hashable, Codable {
  public var channels: Int
  public var height: Int
  public var width: Int

  public init(channels: Int, height: Int, width: Int) {
    self.channels = channels
    self.height = height
    self.width = width
  }
}

/// A list of images that a network can train on or be judged by: one split of a data set, or a part of one.
public protocol ImageSource: Sendable {
  /// How many images there are; positions run from 0.
  var count: Int { get }
  /// What a batch's images measure.
  var shape: ImageShape { get }
  /// How many classes the labels have.
  var classes: Int { get }
  /// The class of each position.
  var labels: [Int] { get }
  /// Where an image may show several classes: 1, 0 or, where nobody can say, a number below 0 for each class of each
  /// position, [position][class]; `labels` is then empty. Nil where every image is of one class.
  var targets: [Float]? { get }
  /// Whether a network is to learn unknown classes as a third answer: its outputs are then [class][absent, present, unknown].
  var learnsUnknown: Bool { get }

  /// The images at the positions, in that order. With draws a source may make several images of each position; they lie side
  /// by side, each with its position's label.
  ///
  /// - Parameter draws: Where an augmentation draws its numbers: one stream an image, `draws.child(n)` for the n-th
  ///   position of the batch. Nil means no augmentation: the evaluation transforms.
  func batch(_ positions: [Int], draws: RandomStream?) throws -> ImageBatch

  /// The same for a network on the device: a source may make its images ready there, with the same draws.
  func batch(_ positions: [Int], draws: RandomStream?, on device: Device) throws -> ImageBatch
}

extension ImageSource {
  public func batch(_ positions: [Int], draws: RandomStream?, on device: Device) throws -> ImageBatch {
    try batch(positions, draws: draws)
  }

  public var targets: [Float]? { nil }

  public var learnsUnknown: Bool { false }

  /// How many outputs a network for it has.
  public var outputs: Int { learnsUnknown ? 3 * classes : classes }
}
