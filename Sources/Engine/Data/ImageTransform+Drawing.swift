import Foundation

extension ImageTransform {
  /// Follows the transform, drawing from the stream what it leaves to chance.
  func extend(_ path: inout TransformPath, draws: inout RandomStream) {
    switch self {
    case .resize(let side): path.resize(shortSide: side)
    case .resizeExactly(let width, let height): path.resize(width: width, height: height)
    case .centerCrop(let size):
      path.crop(
        x: Self.middle(path.width, size), y: Self.middle(path.height, size), width: size, height: size)
    case .randomResizedCrop(let size, let scale, let ratio):
      let part = Self.randomPart(of: (path.width, path.height), scale: scale, ratio: ratio, draws: &draws)
      path.crop(x: part.x, y: part.y, width: part.width, height: part.height)
      path.resize(width: size, height: size)
    case .multiCrop(_, let size, let scale, let ratio):
      Self.randomResizedCrop(size: size, scale: scale, ratio: ratio).extend(&path, draws: &draws)
    case .randomCrop(let size, let padding, let fill):
      let x = draws.below(path.width + 2 * padding - size + 1) - padding
      let y = draws.below(path.height + 2 * padding - size + 1) - padding
      path.cut(x: x, y: y, size: size, fill: fill)
    case .horizontalFlip(let probability): if draws.chance(probability) { path.flip(horizontally: true) }
    case .verticalFlip(let probability): if draws.chance(probability) { path.flip(horizontally: false) }
    case .randomRotation(let degrees, let fill, let probability):
      guard draws.chance(probability) else { return }
      let turn = AffineMap(degrees: -draws.uniform(degrees))
      path.project(Projection(turn, width: path.width, height: path.height, fill: fill))
    case .randomAffine(let ranges, let fill, let probability):
      guard draws.chance(probability) else { return }
      let map = AffineMap(ranges, width: path.width, height: path.height, draws: &draws)
      path.project(Projection(map, width: path.width, height: path.height, fill: fill))
    case .randomPerspective(let distortion, let fill, let probability):
      guard draws.chance(probability) else { return }
      let corners = Self.randomCorners(of: (path.width, path.height), distortion: distortion, draws: &draws)
      guard let map = Projection(corners: corners, width: path.width, height: path.height, fill: fill) else { return }
      path.project(map)
    case .gaussianBlur(let size, let sigma, let probability):
      guard draws.chance(probability) else { return }
      path.alter(.blur(size: size, sigma: Float(draws.uniform(sigma))))
    case .solarize(let threshold, let probability):
      if draws.chance(probability) { path.alter(.solarize(threshold: Float(threshold))) }
    case .randomErasing(let scale, let ratio, let levels, let probability):
      guard draws.chance(probability),
        let part = Self.erasedPart(of: (path.width, path.height), scale: scale, ratio: ratio, draws: &draws)
      else { return }
      path.alter(.erase(Erasure(x: part.x, y: part.y, width: part.width, height: part.height, levels: levels)))
    case .randomGrayscale(let probability): if draws.chance(probability) { path.alter(.grayscale) }
    case .colorJitter(let brightness, let contrast, let saturation, let hue, let probability):
      guard draws.chance(probability) else { return }
      for which in draws.permutation(4) {
        switch which {
        case 0 where brightness > 0: path.alter(.brightness(Self.factor(brightness, &draws)))
        case 1 where contrast > 0: path.alter(.contrast(Self.factor(contrast, &draws)))
        case 2 where saturation > 0: path.alter(.saturation(Self.factor(saturation, &draws)))
        case 3 where hue > 0: path.alter(.hue(Float(draws.uniform(-hue, hue))))
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

  /// torchvision's `RandomErasing.get_params`; nil where nothing is erased.
  package static func erasedPart(
    of image: (width: Int, height: Int), scale: ClosedRange<Double>, ratio: ClosedRange<Double>,
    draws: inout RandomStream
  ) -> (x: Int, y: Int, width: Int, height: Int)? {
    let area = Double(image.width * image.height)
    for _ in 0..<10 {
      let target = area * draws.uniform(scale)
      let form = exp(draws.uniform(log(ratio.lowerBound), log(ratio.upperBound)))
      let height = Int((target * form).squareRoot().rounded(.toNearestOrEven))
      let width = Int((target / form).squareRoot().rounded(.toNearestOrEven))
      guard 0 < width, width < image.width, 0 < height, height < image.height else { continue }
      let y = draws.below(image.height - height + 1)
      return (draws.below(image.width - width + 1), y, width, height)
    }
    return nil
  }

  /// torchvision's `RandomPerspective.get_params`: where the corners go, clockwise from the upper left.
  package static func randomCorners(
    of image: (width: Int, height: Int), distortion: Double, draws: inout RandomStream
  ) -> [Projection.Corner] {
    let (width, height) = image
    let (reachX, reachY) = (Int(distortion * Double(width / 2)), Int(distortion * Double(height / 2)))
    func inwards(_ reach: Int) -> Int { draws.below(reach + 1) }
    return [(false, false), (true, false), (true, true), (false, true)].map { isRight, isLower in
      let (x, y) = (inwards(reachX), inwards(reachY))
      return Projection.Corner(x: isRight ? width - 1 - x : x, y: isLower ? height - 1 - y : y)
    }
  }
}

extension RandomStream {
  fileprivate mutating func uniform(_ range: ClosedRange<Double>) -> Double {
    uniform(range.lowerBound, range.upperBound)
  }
}
