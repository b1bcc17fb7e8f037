import CImage
import Foundation

/// Where each pixel of a new image is taken from: a rotation, an affine or a perspective map, in one bilinear pass.
///
/// Pixel (x, y) shows the old image at ((m0 x + m1 y + m2) / w, (m3 x + m4 y + m5) / w), w = m6 x + m7 y + m8, in pixels, the
/// middles of pixels at whole places. Around the old image lies an even surface.
package struct Projection: Sendable, Hashable {
  /// m0 to m8.
  package let map: [Float]
  package let width: Int
  package let height: Int
  /// The level of what lies around, 0 to 255.
  package let fill: Int

  /// A corner's pixel.
  package struct Corner: Sendable, Hashable {
    package var x, y: Int

    package init(x: Int, y: Int) {
      (self.x, self.y) = (x, y)
    }
  }

  /// The rectangle at (x, y), which may reach beyond the image.
  init(shiftedBy x: Int, _ y: Int, width: Int, height: Int, fill: Int) {
    map = [1, 0, Float(x), 0, 1, Float(y), 0, 0, 1]
    (self.width, self.height, self.fill) = (width, height, fill)
  }

  /// An affine map about the image's middle; the size stays.
  package init(_ affine: AffineMap, width: Int, height: Int, fill: Int) {
    let (middleX, middleY) = (Double(width - 1) / 2, Double(height - 1) / 2)
    let (across, down) = (affine.across, affine.down)
    map = [
      across.0, across.1, across.2 - across.0 * middleX - across.1 * middleY + middleX,
      down.0, down.1, down.2 - down.0 * middleX - down.1 * middleY + middleY, 0, 0, 1,
    ].map { Float($0) }
    (self.width, self.height, self.fill) = (width, height, fill)
  }

  /// The image's corners moved to these, clockwise from the upper left; the size stays. Nil where three of them lie on a line.
  ///
  /// As torchvision, a corner's whole place is taken for a place on the axis whose zero is the image's edge.
  package init?(corners: [Corner], width: Int, height: Int, fill: Int) {
    let own = [(0, 0), (width - 1, 0), (width - 1, height - 1), (0, height - 1)]
    var rows: [[Double]] = []
    for (new, old) in zip(corners, own) {
      let (x, y, oldX, oldY) = (Double(new.x), Double(new.y), Double(old.0), Double(old.1))
      rows.append([x, y, 1, 0, 0, 0, -oldX * x, -oldX * y, oldX])
      rows.append([0, 0, 0, x, y, 1, -oldY * x, -oldY * y, oldY])
    }
    guard corners.count == 4, let c = Self.solution(of: rows) else { return nil }
    // From places whose zero is the edge to places whose zero is the first pixel's middle.
    let w = (c[6], c[7], 1 + (c[6] + c[7]) / 2)
    func row(_ a: Double, _ b: Double, _ constant: Double) -> [Double] {
      [a - w.0 / 2, b - w.1 / 2, constant + (a + b) / 2 - w.2 / 2]
    }
    map = (row(c[0], c[1], c[2]) + row(c[3], c[4], c[5]) + [w.0, w.1, w.2]).map { Float($0) }
    (self.width, self.height, self.fill) = (width, height, fill)
  }

  /// Solves linear equations, each row its factors and then its right side; nil where they have no single solution.
  private static func solution(of equations: [[Double]]) -> [Double]? {
    var rows = equations
    let count = rows.count
    for column in 0..<count {
      let best = (column..<count).max { rows[$0][column].magnitude < rows[$1][column].magnitude } ?? column
      guard rows[best][column].magnitude > 1e-9 else { return nil }
      rows.swapAt(column, best)
      for row in 0..<count where row != column {
        let factor = rows[row][column] / rows[column][column]
        for place in column...count { rows[row][place] -= factor * rows[column][place] }
      }
    }
    return (0..<count).map { rows[$0][count] / rows[$0][$0] }
  }

  var native: cimage_projection {
    cimage_projection(
      map: (map[0], map[1], map[2], map[3], map[4], map[5], map[6], map[7], map[8]), width: Int32(clamping: width),
      height: Int32(clamping: height), fill: Int32(clamping: fill))
  }
}

/// The inverse of an affine map about a middle: where a place of the new image, counted from its middle, lies in the old one.
/// torchvision's `_get_inverse_affine_matrix`.
package struct AffineMap: Sendable {
  /// Factors of x and y, and what is added: the old x, and the old y.
  let across: (Double, Double, Double)
  let down: (Double, Double, Double)

  /// - Parameters:
  ///   - degrees: The turn, clockwise.
  ///   - shift: In pixels, to the right and down.
  ///   - shear: In degrees, along x and along y.
  package init(
    degrees: Double, shift: (x: Double, y: Double) = (0, 0), scale: Double = 1, shear: (x: Double, y: Double) = (0, 0)
  ) {
    let (turn, x, y) = (degrees * .pi / 180, shear.x * .pi / 180, shear.y * .pi / 180)
    let a = cos(turn - y) / cos(y)
    let b = -cos(turn - y) * tan(x) / cos(y) - sin(turn)
    let c = sin(turn - y) / cos(y)
    let d = -sin(turn - y) * tan(x) / cos(y) + cos(turn)
    across = (d / scale, -b / scale, (-d * shift.x + b * shift.y) / scale)
    down = (-c / scale, a / scale, (c * shift.x - a * shift.y) / scale)
  }

  /// Drawn, for an image of `width` x `height`.
  init(_ ranges: ImageTransform.AffineRanges, width: Int, height: Int, draws: inout RandomStream) {
    func draw(_ range: ClosedRange<Double>) -> Double { draws.uniform(range.lowerBound, range.upperBound) }
    func shift(_ most: Double) -> Double { draw(-most...most).rounded(.toNearestOrEven) }
    let degrees = draw(ranges.degrees)
    let x = shift(ranges.translateX * Double(width))
    let y = shift(ranges.translateY * Double(height))
    let scale = draw(ranges.scale)
    let shearX = draw(ranges.shearX)
    self.init(degrees: degrees, shift: (x, y), scale: scale, shear: (shearX, draw(ranges.shearY)))
  }
}
