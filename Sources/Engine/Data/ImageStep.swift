import CImage

/// One thing done to an image, its numbers already drawn.
package enum ImageStep: Sendable, Hashable {
  case resample(Resampling)
  /// Blends with black.
  case brightness(Float)
  /// Blends with the image's mean grey.
  case contrast(Float)
  /// Blends with the image's own grey.
  case saturation(Float)
  /// Turns the hue, by a fraction of a full turn in -0.5...0.5.
  case hue(Float)
  case grayscale
  /// Levels from the threshold on become 255 less themselves.
  case solarize(threshold: Float)
  case project(Projection)
  /// By a Gaussian kernel of `size` x `size` pixels, an odd number, and deviation `sigma` in pixels.
  case blur(size: Int, sigma: Float)
  case erase(Erasure)

  var native: cimage_step {
    var step = cimage_step()
    switch self {
    case .resample(let resampling):
      step.kind = Int32(CIMAGE_RESAMPLE)
      step.resampling = resampling.native
    case .brightness(let factor): (step.kind, step.factor) = (Int32(CIMAGE_BRIGHTNESS), factor)
    case .contrast(let factor): (step.kind, step.factor) = (Int32(CIMAGE_CONTRAST), factor)
    case .saturation(let factor): (step.kind, step.factor) = (Int32(CIMAGE_SATURATION), factor)
    case .hue(let turn): (step.kind, step.factor) = (Int32(CIMAGE_HUE), turn)
    case .grayscale: step.kind = Int32(CIMAGE_GRAYSCALE)
    case .solarize(let threshold): (step.kind, step.factor) = (Int32(CIMAGE_SOLARIZE), threshold)
    case .project(let projection):
      step.kind = Int32(CIMAGE_PROJECT)
      step.projection = projection.native
    case .blur(let size, let sigma):
      step.kind = Int32(CIMAGE_BLUR)
      step.blurring = cimage_blurring(size: Int32(clamping: size), sigma: sigma)
    case .erase(let erasure):
      step.kind = Int32(CIMAGE_ERASE)
      step.erasure = erasure.native
    }
    return step
  }

  /// The size of what it leaves; nil where that is the size before.
  var newSize: (width: Int, height: Int)? {
    switch self {
    case .resample(let resampling): (resampling.windowWidth, resampling.windowHeight)
    case .project(let projection): (projection.width, projection.height)
    default: nil
    }
  }
}

/// A rectangle that becomes even.
package struct Erasure: Sendable, Hashable {
  package var x, y, width, height: Int
  /// A level a channel, or one for all.
  package var levels: [UInt8]

  package init(x: Int, y: Int, width: Int, height: Int, levels: [UInt8]) {
    (self.x, self.y, self.width, self.height) = (x, y, width, height)
    self.levels = levels
  }

  func level(_ channel: Int) -> UInt8 { levels.count == 1 ? levels[0] : levels[channel] }

  var native: cimage_erasure {
    cimage_erasure(
      x: Int32(clamping: x), y: Int32(clamping: y), width: Int32(clamping: width), height: Int32(clamping: height),
      levels: (level(0), level(1), level(2)))
  }
}

/// A rectangle of an image, stretched to a size, of which a rectangle is taken, then mirrored: what any run of crops and
/// flips around one resize comes to, so that it is computed in one pass.
package struct Resampling: Sendable, Hashable {
  package var sourceX = 0, sourceY = 0, sourceWidth: Int, sourceHeight: Int
  package var scaledWidth: Int, scaledHeight: Int
  package var windowX = 0, windowY = 0, windowWidth: Int, windowHeight: Int
  package var mirrorsHorizontally = false, mirrorsVertically = false

  /// The whole of an image of `width` x `height`, stretched.
  package init(whole width: Int, _ height: Int, scaledTo scaledWidth: Int, _ scaledHeight: Int) {
    (sourceWidth, sourceHeight) = (width, height)
    (self.scaledWidth, self.scaledHeight) = (scaledWidth, scaledHeight)
    (windowWidth, windowHeight) = (scaledWidth, scaledHeight)
  }

  /// Whether the size is only cut, not changed.
  var keepsScale: Bool { scaledWidth == sourceWidth && scaledHeight == sourceHeight }

  /// Whether it leaves an image as it is.
  var isIdentity: Bool {
    keepsScale && windowWidth == scaledWidth && windowHeight == scaledHeight && sourceX == 0 && sourceY == 0
      && !mirrorsHorizontally && !mirrorsVertically
  }

  /// Cuts a rectangle from what comes out.
  package mutating func crop(x: Int, y: Int, width: Int, height: Int) {
    windowX += mirrorsHorizontally ? windowWidth - x - width : x
    windowY += mirrorsVertically ? windowHeight - y - height : y
    (windowWidth, windowHeight) = (width, height)
  }

  /// Stretches what comes out; only where `keepsScale`.
  package mutating func stretch(width: Int, height: Int) {
    (sourceX, sourceY) = (sourceX + windowX, sourceY + windowY)
    (sourceWidth, sourceHeight) = (windowWidth, windowHeight)
    (scaledWidth, scaledHeight) = (width, height)
    (windowX, windowY) = (0, 0)
    (windowWidth, windowHeight) = (width, height)
  }

  var native: cimage_resampling {
    cimage_resampling(
      source_x: Int32(clamping: sourceX), source_y: Int32(clamping: sourceY),
      source_width: Int32(clamping: sourceWidth), source_height: Int32(clamping: sourceHeight),
      scaled_width: Int32(clamping: scaledWidth), scaled_height: Int32(clamping: scaledHeight),
      window_x: Int32(clamping: windowX), window_y: Int32(clamping: windowY),
      window_width: Int32(clamping: windowWidth), window_height: Int32(clamping: windowHeight),
      mirror_horizontal: mirrorsHorizontally ? 1 : 0, mirror_vertical: mirrorsVertically ? 1 : 0)
  }
}
