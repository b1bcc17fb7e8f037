import Foundation

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
}

/// An image's way through a list of transforms: its size so far, and what is to be done, crops and flips gathered into one
/// resampling as far as that changes nothing.
package struct TransformPath {
  package private(set) var width: Int
  package private(set) var height: Int
  package private(set) var steps: [ImageStep] = []
  private var geometry: Resampling?

  package init(width: Int, height: Int) {
    self.width = width
    self.height = height
  }

  package mutating func crop(x: Int, y: Int, width: Int, height: Int) {
    var resampling = geometry ?? Resampling(whole: self.width, self.height, scaledTo: self.width, self.height)
    resampling.crop(x: x, y: y, width: width, height: height)
    take(resampling)
  }

  package mutating func resize(width: Int, height: Int) {
    if width == self.width && height == self.height { return }
    if let geometry, !geometry.keepsScale { settle() }
    var resampling = geometry ?? Resampling(whole: self.width, self.height, scaledTo: self.width, self.height)
    resampling.stretch(width: width, height: height)
    take(resampling)
  }

  package mutating func flip(horizontally: Bool) {
    var resampling = geometry ?? Resampling(whole: width, height, scaledTo: width, height)
    if horizontally { resampling.mirrorsHorizontally.toggle() } else { resampling.mirrorsVertically.toggle() }
    take(resampling)
  }

  package mutating func colour(_ step: ImageStep) {
    settle()
    steps.append(step)
  }

  /// Makes what is gathered a step of its own.
  package mutating func settle() {
    if let geometry, !geometry.isIdentity { steps.append(.resample(geometry)) }
    geometry = nil
  }

  private mutating func take(_ resampling: Resampling) {
    geometry = resampling
    (width, height) = (resampling.windowWidth, resampling.windowHeight)
  }
}

extension ImageTransform {
  /// Follows the transform, drawing from the stream what it leaves to chance.
  func extend(_ path: inout TransformPath, draws: inout RandomStream) {
    switch self {
    case .resize(let side):
      let size = Picture.size(of: (path.width, path.height), shortSide: side)
      path.resize(width: size.width, height: size.height)
    case .resizeExactly(let width, let height): path.resize(width: width, height: height)
    case .centerCrop(let size):
      path.crop(
        x: Self.middle(path.width, size), y: Self.middle(path.height, size), width: size, height: size)
    case .randomResizedCrop(let size, let scale, let ratio):
      let part = Self.randomPart(of: (path.width, path.height), scale: scale, ratio: ratio, draws: &draws)
      path.crop(x: part.x, y: part.y, width: part.width, height: part.height)
      path.resize(width: size, height: size)
    case .horizontalFlip(let probability): if draws.chance(probability) { path.flip(horizontally: true) }
    case .verticalFlip(let probability): if draws.chance(probability) { path.flip(horizontally: false) }
    case .randomGrayscale(let probability): if draws.chance(probability) { path.colour(.grayscale) }
    case .colorJitter(let brightness, let contrast, let saturation, let hue, let probability):
      guard draws.chance(probability) else { return }
      for which in draws.permutation(4) {
        switch which {
        case 0 where brightness > 0: path.colour(.brightness(Self.factor(brightness, &draws)))
        case 1 where contrast > 0: path.colour(.contrast(Self.factor(contrast, &draws)))
        case 2 where saturation > 0: path.colour(.saturation(Self.factor(saturation, &draws)))
        case 3 where hue > 0: path.colour(.hue(Float(draws.uniform(-hue, hue))))
        default: break
        }
      }
    }
  }

  /// Where a middle part begins: half the rest, a half rounded to even.
  private static func middle(_ whole: Int, _ part: Int) -> Int {
    Int((Double(whole - part) / 2).rounded(.toNearestOrEven))
  }

  private static func factor(_ strength: Double, _ draws: inout RandomStream) -> Float {
    Float(draws.uniform(max(0, 1 - strength), 1 + strength))
  }

  /// torchvision's `RandomResizedCrop.get_params`.
  package static func randomPart(
    of image: (width: Int, height: Int), scale: ClosedRange<Double>, ratio: ClosedRange<Double>,
    draws: inout RandomStream
  ) -> (x: Int, y: Int, width: Int, height: Int) {
    let area = Double(image.width * image.height)
    for _ in 0..<10 {
      let target = area * draws.uniform(scale.lowerBound, scale.upperBound)
      let form = exp(draws.uniform(log(ratio.lowerBound), log(ratio.upperBound)))
      let width = Int((target * form).squareRoot().rounded(.toNearestOrEven))
      let height = Int((target / form).squareRoot().rounded(.toNearestOrEven))
      guard 0 < width, width <= image.width, 0 < height, height <= image.height else { continue }
      return (draws.below(image.width - width + 1), draws.below(image.height - height + 1), width, height)
    }
    var (width, height) = image
    let form = Double(width) / Double(height)
    if form < ratio.lowerBound {
      height = Int((Double(width) / ratio.lowerBound).rounded(.toNearestOrEven))
    } else if form > ratio.upperBound {
      width = Int((Double(height) * ratio.upperBound).rounded(.toNearestOrEven))
    }
    (width, height) = (max(1, min(width, image.width)), max(1, min(height, image.height)))
    return ((image.width - width) / 2, (image.height - height) / 2, width, height)
  }
}
