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

  /// To this shorter side, keeping the form.
  package mutating func resize(shortSide side: Int) {
    let size = Picture.size(of: (width, height), shortSide: side)
    resize(width: size.width, height: size.height)
  }

  /// A square that may reach beyond the image, where everything has level `fill`.
  package mutating func cut(x: Int, y: Int, size: Int, fill: Int) {
    if x >= 0, y >= 0, x + size <= width, y + size <= height {
      crop(x: x, y: y, width: size, height: size)
    } else {
      project(Projection(shiftedBy: x, y, width: size, height: size, fill: fill))
    }
  }

  package mutating func flip(horizontally: Bool) {
    var resampling = geometry ?? Resampling(whole: width, height, scaledTo: width, height)
    if horizontally { resampling.mirrorsHorizontally.toggle() } else { resampling.mirrorsVertically.toggle() }
    take(resampling)
  }

  /// Anything that leaves the size as it is.
  package mutating func alter(_ step: ImageStep) {
    settle()
    steps.append(step)
  }

  package mutating func project(_ projection: Projection) {
    settle()
    steps.append(.project(projection))
    (width, height) = (projection.width, projection.height)
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
