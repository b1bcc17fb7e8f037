/// What is done to an image before a network sees it. Names and meanings are torchvision's; sizes are in pixels.
public enum ImageTransform: Sendable, Hashable {
  /// To this shorter side, keeping the form.
  case resize(shortSide: Int)
  /// To this size, whatever the form.
  case resizeExactly(width: Int, height: Int)
  /// The middle square of this side.
  case centerCrop(Int)
  /// A rectangle of random area (a share of the image's, drawn from `scale`) and form (width over height, drawn from
  /// `ratio` on a log scale) at a random place, resized to a square. Where ten draws do not fit in the image, the largest
  /// middle rectangle whose form is within `ratio`.
  case randomResizedCrop(size: Int, scale: ClosedRange<Double>, ratio: ClosedRange<Double>)
  /// Left becomes right with this probability.
  case horizontalFlip(probability: Double)
  /// Top becomes bottom with this probability.
  case verticalFlip(probability: Double)
  /// In random order, with this probability for all of them: blends with black, with the mean grey and with its own grey,
  /// each by a factor from 1 - strength (at least 0) to 1 + strength, and turns the hue by up to `hue` of a full turn.
  case colorJitter(brightness: Double, contrast: Double, saturation: Double, hue: Double, probability: Double)
  /// Grey with this probability; the number of channels stays.
  case randomGrayscale(probability: Double)
  /// A square of this side at a random place of the image with `padding` pixels of level `fill` on every side.
  case randomCrop(size: Int, padding: Int, fill: Int)
  /// Turned about the middle, against the clock, by degrees drawn from `degrees`; the size stays, what comes in from beyond
  /// the edges has level `fill`. Likewise below.
  case randomRotation(degrees: ClosedRange<Double>, fill: Int, probability: Double)
  /// Turned clockwise, sheared, scaled and moved, about the middle. Shifts are drawn up to the shares `translate` of width and
  /// height, in whole pixels; shears are in degrees.
  case randomAffine(AffineRanges, fill: Int, probability: Double)
  /// The four corners drawn inwards, each by up to the share `distortion` of half the width and half the height.
  case randomPerspective(distortion: Double, fill: Int, probability: Double)
  /// Blurred by a Gaussian kernel of `size` x `size` pixels whose deviation, in pixels, is drawn from `sigma`.
  case gaussianBlur(size: Int, sigma: ClosedRange<Double>, probability: Double)
  /// Levels from `threshold` on, of 0 to 255, become 255 less themselves.
  case solarize(threshold: Double, probability: Double)
  /// A rectangle of random area (a share of the image's, drawn from `scale`) and form (height over width, drawn from `ratio`
  /// on a log scale) at a random place becomes even: a level a channel, the first for images of one channel. Where ten draws
  /// do not fit in the image, nothing is erased.
  case randomErasing(scale: ClosedRange<Double>, ratio: ClosedRange<Double>, levels: [UInt8], probability: Double)
  /// `count` images of one, each by a random resized crop of its own and by draws of its own for what follows; what stands
  /// before is drawn once. For training only, and once in a list.
  case multiCrop(count: Int, size: Int, scale: ClosedRange<Double>, ratio: ClosedRange<Double>)

  /// What a random affine map is drawn from.
  public struct AffineRanges: Sendable, Hashable {
    public var degrees: ClosedRange<Double>
    /// Shares of width and of height.
    public var translateX, translateY: Double
    public var scale: ClosedRange<Double>
    /// Degrees along x and along y.
    public var shearX, shearY: ClosedRange<Double>

    public init(
      degrees: ClosedRange<Double> = 0...0, translate: (x: Double, y: Double) = (0, 0),
      scale: ClosedRange<Double> = 1...1, shearX: ClosedRange<Double> = 0...0, shearY: ClosedRange<Double> = 0...0
    ) {
      self.degrees = degrees
      (translateX, translateY) = translate
      self.scale = scale
      (self.shearX, self.shearY) = (shearX, shearY)
    }
  }

  /// How many images come of one.
  var views: Int { if case .multiCrop(let count, _, _, _) = self { count } else { 1 } }
}
