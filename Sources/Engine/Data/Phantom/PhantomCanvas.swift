import Foundation

/// A drawing surface for phantoms: linear samples, nominally 0 to 1, in one or three planes.
///
/// Positions are in units of half the side, the middle at (0, 0), x to the right and y downwards.
struct PhantomCanvas {
  typealias Point = SIMD2<Float>

  let size: Int
  var planes: [[Float]]

  init(size: Int, colour: [Float]) {
    self.size = size
    planes = colour.map { Array(repeating: $0, count: size * size) }
  }

  /// The side of a pixel.
  var pixel: Float { 2 / Float(size) }

  /// Calls the body with each pixel's index and middle.
  @inline(__always)
  func forEachPixel(_ body: (Int, Point) -> Void) {
    for row in 0..<size {
      let y = (Float(row) + 0.5) * pixel - 1
      for column in 0..<size { body(row * size + column, Point((Float(column) + 0.5) * pixel - 1, y)) }
    }
  }

  /// A mask from a signed distance (negative inside), its edge softened over `softness` or one pixel.
  @inline(__always)
  func mask(softness: Float = 0, _ distance: (Point) -> Float) -> [Float] {
    let width = max(pixel, softness)
    return [Float](unsafeUninitializedCapacity: size * size) { buffer, count in
      forEachPixel { index, point in buffer[index] = min(max(0.5 - distance(point) / width, 0), 1) }
      count = size * size
    }
  }

  /// Moves each plane towards its level by mask x strength.
  mutating func paint(_ levels: [Float], through mask: [Float], strength: Float = 1) {
    for (plane, level) in levels.enumerated() {
      for index in mask.indices { planes[plane][index] += (level - planes[plane][index]) * mask[index] * strength }
    }
  }

  /// Adds a field to all planes, each with its gain.
  mutating func add(_ field: [Float], gains: [Float]) {
    for (plane, gain) in gains.enumerated() {
      for index in field.indices { planes[plane][index] += gain * field[index] }
    }
  }

  /// Adds independent normal noise to every sample.
  mutating func addNoise(_ deviation: Float, draws: inout RandomStream) {
    guard deviation > 0 else { return }
    for plane in planes.indices {
      let noise = [Float](unsafeUninitializedCapacity: size * size) { buffer, count in
        draws.fillNormal(UnsafeMutableBufferPointer(rebasing: buffer[..<(size * size)]), mean: 0, sd: Double(deviation))
        count = size * size
      }
      for index in noise.indices { planes[plane][index] += noise[index] }
    }
  }

  /// The canvas as 8-bit samples.
  var picture: Picture {
    Picture(
      width: size, height: size, channels: planes.count,
      pixels: planes.flatMap { plane in plane.map { UInt8((min(max($0, 0), 1) * 255).rounded()) } })
  }

  /// Smooth noise around 0 of standard deviation near 0.5: random values on a lattice of `cells` across, blended by
  /// smoothstep, with an octave of twice the cells and half the height for each further one. `stretch` above 1 draws it
  /// out along `angle`.
  func texture(
    cells: Float, octaves: Int, stretch: Float = 1, angle: Float = 0, draws: inout RandomStream
  ) -> [Float] {
    var field = [Float](repeating: 0, count: size * size)
    let (cosine, sine) = (cos(angle), sin(angle))
    var frequency = cells
    var height: Float = 1
    for _ in 0..<octaves {
      let along = frequency / stretch
      // A turned square reaches 1.5 half sides from its middle.
      let columns = Int(1.5 * along) + 3
      let rows = Int(1.5 * frequency) + 3
      var lattice = [Float](repeating: 0, count: columns * rows)
      lattice.withUnsafeMutableBufferPointer { draws.fillUniform($0, low: -1, high: 1) }
      lattice.withUnsafeBufferPointer { lattice in
        field.withUnsafeMutableBufferPointer { field in
          forEachPixel { index, point in
            let u = (point.x * cosine + point.y * sine + 1.5) * along / 2
            let v = (point.y * cosine - point.x * sine + 1.5) * frequency / 2
            let (column, row) = (min(max(Int(u), 0), columns - 2), min(max(Int(v), 0), rows - 2))
            let (a, b) = (u - Float(column), v - Float(row))
            let (s, t) = (a * a * (3 - 2 * a), b * b * (3 - 2 * b))
            let place = row * columns + column
            let top = lattice[place] + (lattice[place + 1] - lattice[place]) * s
            let below = lattice[place + columns] + (lattice[place + columns + 1] - lattice[place + columns]) * s
            field[index] += height * (top + (below - top) * t)
          }
        }
      }
      frequency *= 2
      height /= 2
    }
    return field
  }
}

extension RandomStream {
  /// A number in [low, high), in the precision that drawing needs.
  mutating func float(_ low: Float, _ high: Float) -> Float { Float(uniform(Double(low), Double(high))) }

  /// A point at most `radius` from the middle, evenly over that disc.
  mutating func point(within radius: Float) -> PhantomCanvas.Point {
    let angle = float(0, 2 * .pi)
    let distance = radius * float(0, 1).squareRoot()
    return PhantomCanvas.Point(distance * cos(angle), distance * sin(angle))
  }
}
