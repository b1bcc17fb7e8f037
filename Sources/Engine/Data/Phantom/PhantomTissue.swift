import Foundation

/// The screening domain: grey tissue of strands and fat with one mass in it. A malignant mass has a jagged outline with
/// strands that radiate from it; a benign one is smooth, and the same number of strands lies beside it instead.
enum PhantomTissue {
  private typealias Point = PhantomCanvas.Point

  static func picture(_ label: Int, size: Int, difficulty: Float, draws: inout RandomStream) -> Picture {
    let level = draws.float(0.25, 0.4)
    var canvas = PhantomCanvas(size: size, colour: [level])
    let grain = draws.float(0, .pi)
    let coarse = canvas.texture(cells: 3, octaves: 2, draws: &draws)
    canvas.add(coarse, gains: [0.08 + 0.05 * difficulty])
    let fibres = canvas.texture(cells: 16, octaves: 2, stretch: 4, angle: grain, draws: &draws)
    canvas.add(fibres, gains: [0.05 + 0.05 * difficulty])
    paintStrands(4 + draws.below(4), on: &canvas, heading: grain, level: level, draws: &draws)

    let radius = draws.float(0.2, 0.34)
    let middle = draws.point(within: 0.5)
    let contrast = draws.float(0.28, 0.42) - 0.2 * difficulty
    let mass = level + contrast
    let outline = (0..<4).map { order in
      (height: draws.float(-1, 1) * 0.11 / Float(order + 1), order: Float(order + 2), phase: draws.float(0, 2 * .pi))
    }
    let spikes = Float(9 + draws.below(5))
    let jag: Float = label == 1 ? draws.float(0.22, 0.34) - 0.2 * difficulty : 0
    let phase = draws.float(0, 2 * .pi)
    canvas.paint(
      [mass],
      through: canvas.mask(softness: 0.07) { point in
        let place = point - middle
        let angle = atan2(place.y, place.x)
        var reach = outline.reduce(Float(1)) { $0 + $1.height * sin($1.order * angle + $1.phase) }
        reach += jag * (abs(sin(spikes / 2 * angle + phase)) - 0.6)
        return PhantomForms.length(place) - radius * reach
      }, strength: 0.9)
    let number = 6 + draws.below(4)
    if label == 1 {
      paintSpicules(
        number, on: &canvas, around: middle, radius: radius, level: mass, difficulty: difficulty, draws: &draws)
    } else {
      paintScattered(
        number, on: &canvas, around: middle, radius: radius, level: mass, difficulty: difficulty, draws: &draws)
    }
    canvas.addNoise(0.015 + 0.05 * difficulty, draws: &draws)
    return canvas.picture
  }

  private static func paintStrands(
    _ count: Int, on canvas: inout PhantomCanvas, heading: Float, level: Float, draws: inout RandomStream
  ) {
    for _ in 0..<count {
      let strand = PhantomStrand(
        from: draws.point(within: 1.2), heading: heading + draws.float(-0.6, 0.6), length: draws.float(0.6, 1.6),
        bend: 0.3, pieces: 4, thickness: (0.03, 0.015), draws: &draws)
      canvas.paint(
        [level + draws.float(0.08, 0.22)], through: canvas.mask(of: [strand], softness: 0.06), strength: 0.7)
    }
  }

  private static func paintSpicules(
    _ count: Int, on canvas: inout PhantomCanvas, around middle: Point, radius: Float, level: Float, difficulty: Float,
    draws: inout RandomStream
  ) {
    let turn = draws.float(0, 2 * .pi)
    let strands = (0..<count).map { number in
      let angle = turn + (Float(number) + draws.float(-0.3, 0.3)) * 2 * .pi / Float(count)
      return spicule(
        from: middle + Point(cos(angle), sin(angle)) * radius * 0.8, heading: angle, radius: radius, draws: &draws)
    }
    canvas.paint([level], through: canvas.mask(of: strands, softness: 0.05), strength: 0.65 - 0.3 * difficulty)
  }

  /// The same strands as spicules, anywhere outside the mass and headed anywhere.
  private static func paintScattered(
    _ count: Int, on canvas: inout PhantomCanvas, around middle: Point, radius: Float, level: Float, difficulty: Float,
    draws: inout RandomStream
  ) {
    var strands: [PhantomStrand] = []
    for _ in 0..<200 where strands.count < count {
      let start = draws.point(within: 1.2)
      let strand = spicule(from: start, heading: draws.float(0, 2 * .pi), radius: radius, draws: &draws)
      if strand.points.contains(where: { PhantomForms.length($0 - middle) < radius * 1.25 }) { continue }
      strands.append(strand)
    }
    canvas.paint([level], through: canvas.mask(of: strands, softness: 0.05), strength: 0.65 - 0.3 * difficulty)
  }

  private static func spicule(
    from start: Point, heading: Float, radius: Float, draws: inout RandomStream
  ) -> PhantomStrand {
    PhantomStrand(
      from: start, heading: heading, length: radius * draws.float(0.7, 1.2), bend: 0.15, pieces: 3,
      thickness: (0.03, 0.012), draws: &draws)
  }
}
