import Foundation

/// The source domain: one shape or texture of ten kinds, anywhere, at any turn, light on dark or dark on light, on a
/// textured ground with lines and specks that mean nothing.
enum PhantomShapes {
  private typealias Point = PhantomCanvas.Point

  static func picture(_ label: Int, size: Int, difficulty: Float, draws: inout RandomStream) -> Picture {
    let level = draws.float(0.3, 0.7)
    let ground = (0..<3).map { _ in level + draws.float(-0.15, 0.15) }
    var canvas = PhantomCanvas(size: size, colour: ground)
    let texture = canvas.texture(cells: draws.float(2, 7), octaves: 2, draws: &draws)
    let roughness = draws.float(0.03, 0.07 + 0.10 * difficulty)
    canvas.add(texture, gains: (0..<3).map { _ in roughness * draws.float(0.6, 1.4) })

    let contrast = draws.float(0.42 - 0.22 * difficulty, 0.6 - 0.2 * difficulty)
    let sign: Float = draws.chance(0.5) ? 1 : -1
    let ink = ground.map { $0 + sign * contrast * draws.float(0.7, 1.3) }
    paintDistractions(on: &canvas, ground: ground, strength: contrast, draws: &draws)
    let radius = draws.float(0.36, 0.7)
    let middle = draws.point(within: 0.9 - radius)
    let form = mask(of: label, on: canvas, at: middle, radius: radius, draws: &draws)
    canvas.paint(ink, through: form, strength: draws.float(0.85, 1))
    canvas.addNoise(0.02 + 0.07 * difficulty, draws: &draws)
    return canvas.picture
  }

  private static func paintDistractions(
    on canvas: inout PhantomCanvas, ground: [Float], strength: Float, draws: inout RandomStream
  ) {
    for _ in 0..<draws.below(3) {
      let line = PhantomStrand(
        from: draws.point(within: 1.1), heading: draws.float(0, 2 * .pi), length: draws.float(0.4, 1.2), bend: 0.2,
        pieces: 3, thickness: (0.02, 0.02), draws: &draws)
      let shade = draws.float(-0.7, 0.7) * strength
      canvas.paint(ground.map { $0 + shade }, through: canvas.mask(of: [line]))
    }
    for _ in 0..<draws.below(4) {
      let (place, radius) = (draws.point(within: 1.2), draws.float(0.03, 0.09))
      let shade = draws.float(-0.8, 0.8) * strength
      canvas.paint(
        ground.map { $0 + shade }, through: canvas.mask { PhantomForms.length($0 - place) - radius })
    }
  }

  private static func mask(
    of label: Int, on canvas: PhantomCanvas, at middle: Point, radius: Float, draws: inout RandomStream
  ) -> [Float] {
    let turn = draws.float(0, 2 * .pi)
    func place(_ point: Point) -> Point { PhantomForms.turned(point - middle, by: turn) }
    switch label {
    case 0:
      // Not quite round, so that it is no mere blob.
      let squash = draws.float(0.75, 1)
      return canvas.mask { PhantomForms.length(place($0) / Point(1, squash)) - radius * 0.85 }
    case 1:
      let width = radius * draws.float(0.12, 0.25)
      return canvas.mask { abs(PhantomForms.length(place($0)) - radius * 0.75) - width }
    case 2:
      let form = draws.float(0.65, 1)
      return canvas.mask { PhantomForms.box(place($0), Point(radius * 0.78, radius * 0.78 * form)) }
    case 3: return canvas.mask { PhantomForms.triangle(place($0), radius: radius) }
    case 4: return canvas.mask { PhantomForms.cross(place($0), radius: radius) }
    case 5:
      let (spikes, inner) = (Float(5 + draws.below(4)), radius * draws.float(0.3, 0.45))
      return canvas.mask { PhantomForms.star(place($0), inner: inner, outer: radius * 1.15, spikes: spikes) }
    case 6:
      let period = draws.float(0.22, 0.4)
      return window(canvas, middle, radius) { sin(place($0).x * 2 * .pi / period) * period / 6 }
    case 7:
      let period = draws.float(0.34, 0.56)
      return window(canvas, middle, radius) { point in
        let turned = place(point) * (2 * .pi / period)
        return sin(turned.x) * sin(turned.y) * period / 6
      }
    case 8:
      let dots = (0..<5 + draws.below(5)).map { _ in
        (place: middle + draws.point(within: radius), radius: draws.float(0.07, 0.13))
      }
      return canvas.mask { point in
        dots.reduce(Float.infinity) { min($0, PhantomForms.length(point - $1.place) - $1.radius) }
      }
    default:
      let heading = Point(cos(turn), sin(turn))
      return canvas.mask(
        of: PhantomStrand.tree(
          from: middle - heading * radius, heading: turn, length: radius * 2.1, thickness: 0.055,
          branches: 3 + draws.below(3), draws: &draws))
    }
  }

  /// A pattern seen through a round opening.
  private static func window(
    _ canvas: PhantomCanvas, _ middle: Point, _ radius: Float, _ pattern: (Point) -> Float
  ) -> [Float] {
    canvas.mask { max(pattern($0), PhantomForms.length($0 - middle) - radius) }
  }
}
