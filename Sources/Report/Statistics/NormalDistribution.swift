import Foundation

/// The standard normal distribution.
package enum NormalDistribution {
  /// The probability of a value of at most `z`.
  package static func cumulative(_ z: Double) -> Double { 0.5 * erfc(-z * 0.5.squareRoot()) }

  /// The value that is exceeded with probability `1 - p`, 0 < p < 1; infinite at 0 and 1.
  ///
  /// Newton's method on the tail that `p` lies in, begun from the rational approximation 26.2.23 of Abramowitz and Stegun.
  package static func quantile(_ p: Double) -> Double {
    if p <= 0 { return -.infinity }
    if p >= 1 { return .infinity }
    if p == 0.5 { return 0 }
    let tail = min(p, 1 - p)
    let t = (-2 * log(tail)).squareRoot()
    var z = t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)))
    for _ in 0..<20 {
      let error = 0.5 * erfc(z * 0.5.squareRoot()) - tail
      let density = exp(-0.5 * z * z) / (2 * Double.pi).squareRoot()
      let step = error / density
      z += step
      if step.magnitude <= 1e-15 * z.magnitude { break }
    }
    return p < 0.5 ? -z : z
  }
}
