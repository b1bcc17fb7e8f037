extension ImagePipeline {
  /// What a list of transforms makes of images of these sizes: one size for all, found without drawing.
  static func outputSize(
    of transforms: [ImageTransform], from sizes: some Collection<ImageShape>, list: List
  ) throws -> ImageShape {
    for (step, transform) in transforms.enumerated() {
      if let reason = transform.fault ?? transform.fault(in: list, after: transforms[..<step]) {
        throw DataFault.badTransform(step: step, reason: reason)
      }
    }
    var results: Set<ImageShape> = []
    for size in sizes {
      var (width, height) = (size.width, size.height)
      for (step, transform) in transforms.enumerated() {
        switch transform {
        case .resize(let side): (width, height) = Picture.size(of: (width, height), shortSide: side)
        case .resizeExactly(let newWidth, let newHeight): (width, height) = (newWidth, newHeight)
        case .randomResizedCrop(let side, _, _), .multiCrop(_, let side, _, _): (width, height) = (side, side)
        case .centerCrop(let side):
          try checkCrop(of: side, from: (width, height), step: step)
          (width, height) = (side, side)
        case .randomCrop(let side, let padding, _):
          try checkCrop(of: side, from: (width + 2 * padding, height + 2 * padding), step: step)
          (width, height) = (side, side)
        case .gaussianBlur(let kernel, _, _):
          guard kernel / 2 < min(width, height) else {
            throw DataFault.badTransform(
              step: step, reason: "a kernel of \(kernel) pixels is too large for an image of \(width) x \(height)")
          }
        case .horizontalFlip, .verticalFlip, .colorJitter, .randomGrayscale, .randomRotation, .randomAffine,
          .randomPerspective, .solarize, .randomErasing:
          break
        }
      }
      results.insert(ImageShape(channels: size.channels, height: height, width: width))
    }
    guard results.count <= 1 else {
      throw DataFault.varyingSizes(
        shapes: results.sorted { ($0.height, $0.width) < ($1.height, $1.width) }, list: list.rawValue)
    }
    return results.first ?? ImageShape(channels: sizes.first?.channels ?? 3, height: 0, width: 0)
  }

  /// Which of a pipeline's lists.
  enum List: String {
    case training, evaluation
  }

  private static func checkCrop(of side: Int, from size: (width: Int, height: Int), step: Int) throws {
    guard side <= size.width, side <= size.height else {
      throw DataFault.cropTooLarge(size: side, width: size.width, height: size.height, step: step)
    }
  }
}

extension ImageTransform {
  /// Why its numbers make no sense; nil where they do.
  var fault: String? {
    switch self {
    case .resize(let side), .centerCrop(let side): Self.sizeFault(side)
    case .randomCrop(let side, let padding, let fill):
      Self.sizeFault(side)
        ?? ((0...16384).contains(padding) ? nil : "\(padding) pixels are no padding; give 0 to 16384")
        ?? Self.levelFault(fill)
    case .resizeExactly(let width, let height): Self.sizeFault(width) ?? Self.sizeFault(height)
    case .randomResizedCrop(let size, let scale, let ratio):
      Self.sizeFault(size) ?? Self.positiveFault(scale, "scale") ?? Self.positiveFault(ratio, "ratio")
    case .multiCrop(let count, let size, let scale, let ratio):
      count < 1
        ? "\(count) crops are none; give 1 or more"
        : Self.sizeFault(size) ?? Self.positiveFault(scale, "scale") ?? Self.positiveFault(ratio, "ratio")
    case .randomRotation(let degrees, let fill, let probability):
      Self.finiteFault(degrees, "degrees") ?? Self.levelFault(fill) ?? Self.probabilityFault(probability)
    case .randomAffine(let ranges, let fill, let probability):
      ranges.fault ?? Self.levelFault(fill) ?? Self.probabilityFault(probability)
    case .randomPerspective(let distortion, let fill, let probability):
      (0...1).contains(distortion)
        ? Self.levelFault(fill) ?? Self.probabilityFault(probability)
        : "the distortion \(distortion) must lie between 0 and 1"
    case .gaussianBlur(let size, let sigma, let probability):
      size < 1 || size % 2 == 0
        ? "a kernel of \(size) pixels has no middle; give an odd number"
        : Self.positiveFault(sigma, "sigma") ?? Self.probabilityFault(probability)
    case .solarize(let threshold, let probability):
      threshold.isFinite ? Self.probabilityFault(probability) : "the threshold \(threshold) is no level"
    case .randomErasing(let scale, let ratio, let levels, let probability):
      levels.count == 1 || levels.count == 3
        ? Self.positiveFault(scale, "scale") ?? Self.positiveFault(ratio, "ratio") ?? Self.probabilityFault(probability)
        : "\(levels.count) levels are not one a channel"
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

  /// Why it cannot stand in this list after those before it; nil where it can.
  fileprivate func fault(in list: ImagePipeline.List, after before: ArraySlice<ImageTransform>) -> String? {
    guard case .multiCrop = self else { return nil }
    if list == .evaluation { return "several crops of an image are for training; evaluate by one" }
    return before.contains { if case .multiCrop = $0 { true } else { false } } ? "crops of crops are not made" : nil
  }

  fileprivate static func positiveFault(_ range: ClosedRange<Double>, _ name: String) -> String? {
    range.lowerBound > 0 && range.upperBound.isFinite ? nil : "the \(name) \(range) must be above 0"
  }

  fileprivate static func finiteFault(_ range: ClosedRange<Double>, _ name: String) -> String? {
    range.lowerBound.isFinite && range.upperBound.isFinite ? nil : "the \(name) \(range) must be finite"
  }

  private static func levelFault(_ level: Int) -> String? {
    (0...255).contains(level) ? nil : "\(level) is no grey level; give 0 to 255"
  }

  private static func sizeFault(_ size: Int) -> String? {
    (1...16384).contains(size) ? nil : "\(size) pixels are no size; give 1 to 16384"
  }

  private static func probabilityFault(_ probability: Double) -> String? {
    (0...1).contains(probability) ? nil : "the probability \(probability) must lie between 0 and 1"
  }
}

extension ImageTransform.AffineRanges {
  fileprivate var fault: String? {
    if !(0...1).contains(translateX) || !(0...1).contains(translateY) {
      return "the shifts \(translateX) and \(translateY) must lie between 0 and 1"
    }
    for shear in [shearX, shearY] where !(shear.lowerBound > -90 && shear.upperBound < 90) {
      return "the shear \(shear) must lie between -90 and 90"
    }
    return ImageTransform.finiteFault(degrees, "degrees") ?? ImageTransform.positiveFault(scale, "scale")
  }
}
