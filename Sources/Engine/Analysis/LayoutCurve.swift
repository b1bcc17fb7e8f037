import Foundation

/// How surely two places in the plane are neighbours by their distance x: 1 / (1 + a x^(2 b)), fitted by least squares
/// to 1 up to `minDistance` and exp(-(x - minDistance) / spread) beyond, at 300 distances up to 3 spreads (McInnes,
/// Healy & Melville, arXiv 1802.03426, definition 11; the distances are umap-learn's).
package struct LayoutCurve: Sendable, Hashable {
  package let a: Double
  package let b: Double

  private static let samples = 300
  private static let iterations = 500

  /// By Levenberg's and Marquardt's method from a = b = 1.
  package init(minDistance: Double, spread: Double) {
    let points = (0..<Self.samples).map { index -> (x: Double, y: Double) in
      let x = 3 * spread * Double(index) / Double(Self.samples - 1)
      return (x, x < minDistance ? 1 : exp(-(x - minDistance) / spread))
    }
    var (a, b, damping) = (1.0, 1.0, 1e-3)
    var error = Self.error(a, b, points)
    for _ in 0..<Self.iterations {
      // The normal equations' sums.
      var (aa, ab, bb, ar, br) = (0.0, 0.0, 0.0, 0.0, 0.0)
      for (x, y) in points where x > 0 {
        let power = pow(x, 2 * b)
        let value = 1 / (1 + a * power)
        let (byA, byB) = (-power * value * value, -2 * a * log(x) * power * value * value)
        (aa, ab, bb) = (aa + byA * byA, ab + byA * byB, bb + byB * byB)
        (ar, br) = (ar + byA * (value - y), br + byB * (value - y))
      }
      let (left, right) = (aa * (1 + damping), bb * (1 + damping))
      let determinant = left * right - ab * ab
      let (da, db) = ((ab * br - right * ar) / determinant, (ab * ar - left * br) / determinant)
      let next = a + da > 0 ? Self.error(a + da, b + db, points) : .infinity
      if next <= error {
        (a, b, error) = (a + da, b + db, next)
        damping /= 10
        if da.magnitude <= 1e-12 * a, db.magnitude <= 1e-12 * b { break }
      } else {
        damping *= 10
        if damping > 1e16 { break }
      }
    }
    (self.a, self.b) = (a, b)
  }

  private static func error(_ a: Double, _ b: Double, _ points: [(x: Double, y: Double)]) -> Double {
    points.reduce(0) { sum, point in
      let difference = 1 / (1 + a * pow(point.x, 2 * b)) - point.y
      return sum + difference * difference
    }
  }
}
