import Foundation

/// The grading domain: a round reddish field with a bright disc and vessels that leave it. The grade is the number of
/// lesions (0; 2 or 3; 5 to 8; 11 to 16), small dark dots and small bright ones; smudges larger than any lesion mean
/// nothing.
enum PhantomFundus {
  private typealias Point = PhantomCanvas.Point

  static func picture(_ grade: Int, size: Int, difficulty: Float, draws: inout RandomStream) -> Picture {
    let exposure = draws.float(0.85, 1.15)
    let ground: [Float] = [0.68, 0.38, 0.22].map { $0 * exposure * draws.float(0.85, 1.15) }
    var canvas = PhantomCanvas(size: size, colour: ground)
    let shade = canvas.texture(cells: 3, octaves: 2, draws: &draws)
    canvas.add(shade, gains: [0.06, 0.05, 0.04])
    let middle = draws.point(within: 0.08)
    let radius = draws.float(0.82, 0.94)

    paintSmudges(on: &canvas, ground: ground, draws: &draws)
    let side: Float = draws.chance(0.5) ? 1 : -1
    let disc = middle + Point(side * draws.float(0.35, 0.5), draws.float(-0.15, 0.15))
    paintVessels(on: &canvas, from: disc, side: side, ground: ground, draws: &draws)
    let discRadius = draws.float(0.13, 0.18)
    canvas.paint(
      [ground[0] * 1.3, ground[1] * 1.75, ground[2] * 1.9],
      through: canvas.mask(softness: 0.08) { PhantomForms.length($0 - disc) - discRadius }, strength: 0.85)
    paintLesions(
      grade, on: &canvas, ground: ground, disc: disc, middle: middle, reach: radius * 0.85, difficulty: difficulty,
      draws: &draws)

    let vignette = draws.float(0.15, 0.4)
    darkenRim(of: &canvas, middle: middle, radius: radius, vignette: vignette)
    canvas.addNoise(0.014 + 0.045 * difficulty, draws: &draws)
    return canvas.picture
  }

  private static func paintSmudges(on canvas: inout PhantomCanvas, ground: [Float], draws: inout RandomStream) {
    for _ in 0..<draws.below(4) {
      let (place, radius, gain) = (draws.point(within: 0.8), draws.float(0.14, 0.3), draws.float(0.72, 1.25))
      canvas.paint(
        ground.map { $0 * gain }, through: canvas.mask(softness: 0.25) { PhantomForms.length($0 - place) - radius },
        strength: 0.7)
    }
  }

  private static func paintVessels(
    on canvas: inout PhantomCanvas, from disc: Point, side: Float, ground: [Float], draws: inout RandomStream
  ) {
    var strands: [PhantomStrand] = []
    let inwards: Float = side > 0 ? .pi : 0
    for turn: Float in [-0.8, -0.3, 0.35, 0.85] {
      strands += PhantomStrand.tree(
        from: disc, heading: inwards + turn + draws.float(-0.2, 0.2), length: draws.float(0.9, 1.4),
        thickness: draws.float(0.022, 0.04), branches: 1 + draws.below(2), draws: &draws)
    }
    let ink = [ground[0] * 0.68, ground[1] * 0.5, ground[2] * 0.6]
    canvas.paint(ink, through: canvas.mask(of: strands), strength: draws.float(0.6, 0.9))
  }

  private static func paintLesions(
    _ grade: Int, on canvas: inout PhantomCanvas, ground: [Float], disc: Point, middle: Point, reach: Float,
    difficulty: Float, draws: inout RandomStream
  ) {
    let counts = [0...0, 2...3, 5...8, 11...16]
    let range = counts[min(max(grade, 0), 3)]
    let strength = 0.95 - 0.55 * difficulty
    var places: [Point] = []
    let count = range.lowerBound + draws.below(range.count)
    // Apart from each other and from the disc, so that the number can be seen; crowded fields give up in the end.
    for _ in 0..<400 where places.count < count {
      let place = middle + draws.point(within: reach)
      if PhantomForms.length(place - disc) < 0.24 { continue }
      if places.contains(where: { PhantomForms.length($0 - place) < 0.15 }) { continue }
      places.append(place)
    }
    for place in places {
      let isBright = draws.chance(0.4)
      let gains: [Float] = isBright ? [1.35, 1.75, 1.5] : [0.5, 0.3, 0.4]
      let radius = draws.float(0.038, 0.065)
      canvas.paint(
        zip(ground, gains).map { $0 * (1 + ($1 - 1) * strength) },
        through: canvas.mask { PhantomForms.length($0 - place) - radius })
    }
  }

  private static func darkenRim(of canvas: inout PhantomCanvas, middle: Point, radius: Float, vignette: Float) {
    let field = canvas.mask { PhantomForms.length($0 - middle) - radius }
    let distances = canvas.mask(softness: 2 * radius) { PhantomForms.length($0 - middle) - radius }
    for plane in canvas.planes.indices {
      for index in field.indices {
        let light = 1 - vignette + vignette * min(2 * distances[index], 1)
        canvas.planes[plane][index] = 0.02 + (canvas.planes[plane][index] * light - 0.02) * field[index]
      }
    }
  }
}
