import Foundation

/// Signed distances (negative inside) of the forms that phantoms are made of, around the origin.
enum PhantomForms {
  typealias Point = PhantomCanvas.Point

  static func length(_ point: Point) -> Float { (point * point).sum().squareRoot() }

  static func turned(_ point: Point, by angle: Float) -> Point {
    let (c, s) = (cos(angle), sin(angle))
    return Point(point.x * c + point.y * s, point.y * c - point.x * s)
  }

  static func box(_ point: Point, _ half: Point) -> Float { max(abs(point.x) - half.x, abs(point.y) - half.y) }

  static func cross(_ point: Point, radius: Float) -> Float {
    min(box(point, Point(radius, radius * 0.3)), box(point, Point(radius * 0.3, radius)))
  }

  static func triangle(_ point: Point, radius: Float) -> Float {
    let side = abs(point.x) * 0.866 + point.y * 0.5
    return max(side, -point.y) - radius * 0.55
  }

  /// Spikes around a core: the radius swings between `inner` and `outer`, `spikes` times.
  static func star(_ point: Point, inner: Float, outer: Float, spikes: Float) -> Float {
    let phase = atan2(point.y, point.x) * spikes / (2 * .pi)
    let toSpike = 2 * abs(phase - phase.rounded())
    return (length(point) - (outer + (inner - outer) * toSpike)) * 0.7
  }
}

/// A curve of short straight pieces.
struct PhantomStrand {
  typealias Point = PhantomCanvas.Point

  var points: [Point]
  /// Half its width, at its beginning and at its end.
  var thickness: (Float, Float)

  /// A curve that wanders from a point.
  init(
    from start: Point, heading: Float, length: Float, bend: Float, pieces: Int, thickness: (Float, Float),
    draws: inout RandomStream
  ) {
    points = [start]
    self.thickness = thickness
    var (point, heading) = (start, heading)
    for _ in 0..<pieces {
      heading += draws.float(-bend, bend)
      point += Point(cos(heading), sin(heading)) * (length / Float(pieces))
      points.append(point)
    }
  }

  /// The distance from the curve's edge, negative inside.
  @inline(__always)
  func distance(_ point: Point) -> Float {
    var nearest = Float.infinity
    let steps = Float(points.count - 1)
    for index in 1..<points.count {
      let (from, to) = (points[index - 1], points[index])
      let along = to - from
      let share = min(max(((point - from) * along).sum() / max((along * along).sum(), 1e-9), 0), 1)
      let half = thickness.0 + (thickness.1 - thickness.0) * (Float(index - 1) + share) / steps
      let gap = point - from - along * share
      nearest = min(nearest, (gap * gap).sum().squareRoot() - half)
    }
    return nearest
  }

  /// A curve with side branches.
  static func tree(
    from start: Point, heading: Float, length: Float, thickness: Float, branches: Int, draws: inout RandomStream
  ) -> [PhantomStrand] {
    let stem = PhantomStrand(
      from: start, heading: heading, length: length, bend: 0.35, pieces: 6, thickness: (thickness, thickness * 0.5),
      draws: &draws)
    var strands = [stem]
    for branch in 0..<branches {
      let place = 1 + (branch * 4 / max(branches, 1)) + draws.below(2)
      let side: Float = branch % 2 == 0 ? 1 : -1
      let along = stem.points[place] - stem.points[place - 1]
      strands.append(
        PhantomStrand(
          from: stem.points[place], heading: atan2(along.y, along.x) + side * draws.float(0.5, 1.1),
          length: length * draws.float(0.3, 0.55), bend: 0.35, pieces: 3,
          thickness: (thickness * 0.7, thickness * 0.35),
          draws: &draws))
    }
    return strands
  }
}

extension PhantomCanvas {
  /// The mask of several curves: of each pixel, the nearest one's. Only pixels near a curve are looked at.
  func mask(of strands: [PhantomStrand], softness: Float = 0) -> [Float] {
    let width = max(pixel, softness)
    var mask = [Float](repeating: 0, count: size * size)
    for strand in strands {
      let reach = max(strand.thickness.0, strand.thickness.1) + width
      let low = strand.points.reduce(Point(repeating: .infinity)) { pointwiseMin($0, $1) }
      let high = strand.points.reduce(Point(repeating: -.infinity)) { pointwiseMax($0, $1) }
      let columns = pixels(from: low.x - reach, to: high.x + reach)
      for row in pixels(from: low.y - reach, to: high.y + reach) {
        for column in columns {
          let point = Point((Float(column) + 0.5) * pixel - 1, (Float(row) + 0.5) * pixel - 1)
          let value = min(max(0.5 - strand.distance(point) / width, 0), 1)
          mask[row * size + column] = max(mask[row * size + column], value)
        }
      }
    }
    return mask
  }

  /// The rows or columns that reach into an interval.
  private func pixels(from low: Float, to high: Float) -> Range<Int> {
    let first = min(max(Int((low + 1) / pixel), 0), size)
    return first..<min(max(Int((high + 1) / pixel) + 1, first), size)
  }
}
