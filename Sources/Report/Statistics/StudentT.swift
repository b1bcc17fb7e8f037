import Foundation

/// Student's t distribution, from the regularised incomplete beta function.
///
/// Results are rounded to twelve significant digits, far below any difference that matters and above what the last bits
/// of two C libraries disagree about: a report has the same bytes wherever it is written.
package enum StudentT {
  /// The probability of a value of at most `t`, with `degrees` > 0 degrees of freedom.
  package static func cumulative(_ t: Double, degrees: Double) -> Double {
    let tail = 0.5 * IncompleteBeta.regularised(degrees / (degrees + t * t), degrees / 2, 0.5)
    return t < 0 ? tail : 1 - tail
  }

  /// The value that a variable with `degrees` > 0 degrees of freedom exceeds with probability `tail`, 0 < `tail` < 0.5.
  ///
  /// Newton's method on the tail, kept inside a bracket: a step that leaves it becomes a bisection.
  package static func upperQuantile(tail: Double, degrees: Double) -> Double {
    func probabilityAbove(_ t: Double) -> Double {
      0.5 * IncompleteBeta.regularised(degrees / (degrees + t * t), degrees / 2, 0.5)
    }
    let logScale =
      logGamma((degrees + 1) / 2) - logGamma(degrees / 2) - 0.5 * log(degrees * Double.pi)
    func density(_ t: Double) -> Double { exp(logScale - (degrees + 1) / 2 * log1p(t * t / degrees)) }

    var low = 0.0
    var high = 2.0
    while probabilityAbove(high) > tail { high *= 2 }
    var t = high / 2
    for _ in 0..<200 {
      let error = probabilityAbove(t) - tail
      if error > 0 { low = t } else { high = t }
      var next = t + error / density(t)
      if !(next > low && next < high) { next = (low + high) / 2 }
      if (next - t).magnitude <= 1e-15 * next { break }
      t = next
    }
    return roundedToTwelveDigits(t)
  }

  static func roundedToTwelveDigits(_ value: Double) -> Double {
    guard value != 0, value.isFinite else { return value }
    let scale = pow(10, 11 - floor(log10(value.magnitude)))
    return (value * scale).rounded() / scale
  }
}

/// The regularised incomplete beta function I_x(a, b).
package enum IncompleteBeta {
  /// I_x(a, b) for 0 <= x <= 1 and a, b > 0, by its continued fraction (DLMF 8.17.22) with the modified Lentz method.
  package static func regularised(_ x: Double, _ a: Double, _ b: Double) -> Double {
    if x <= 0 { return 0 }
    if x >= 1 { return 1 }
    let front = exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * log(x) + b * log1p(-x))
    // The fraction converges fast below the mean; above it the symmetry I_x(a, b) = 1 - I_{1-x}(b, a) is used.
    if x < (a + 1) / (a + b + 2) { return front * continuedFraction(x, a, b) / a }
    return 1 - front * continuedFraction(1 - x, b, a) / b
  }

  private static func continuedFraction(_ x: Double, _ a: Double, _ b: Double) -> Double {
    let tiny = 1e-300
    func awayFromZero(_ value: Double) -> Double { value.magnitude < tiny ? tiny : value }
    var c = 1.0
    var d = 1 / awayFromZero(1 - (a + b) * x / (a + 1))
    var result = d
    for step in 1...500 {
      let m = Double(step)
      let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
      d = 1 / awayFromZero(1 + even * d)
      c = awayFromZero(1 + even / c)
      result *= d * c
      let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
      d = 1 / awayFromZero(1 + odd * d)
      c = awayFromZero(1 + odd / c)
      let change = d * c
      result *= change
      if (change - 1).magnitude < 1e-16 { break }
    }
    return result
  }
}

/// log(Gamma(x)) for x > 0, in the form of the C library that writes no global variable.
private func logGamma(_ x: Double) -> Double {
  var sign: Int32 = 0
  return lgamma_r(x, &sign)
}
