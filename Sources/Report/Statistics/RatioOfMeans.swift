/// The ratio of two paired means with Fieller's interval.
///
/// The interval holds every ratio r that the paired t test of `first - r * second` does not reject at 5 %. So it agrees
/// with the paired t interval of the difference: the one excludes 1 exactly where the other excludes 0. It needs no
/// approximation for small n, which is why it is preferred here to the delta method and to a bootstrap of five pairs.
/// Source: E. C. Fieller, Some problems in interval estimation, Journal of the Royal Statistical Society B 16, 1954.
package struct RatioOfMeans: Sendable, Hashable {
  package let n: Int
  package let ratio: Double
  /// Nil for one pair, and where the second mean does not differ from zero at 5 %: the interval is then unbounded.
  package let interval: Interval?

  /// Nil without pairs, and where the mean of `second` is not above zero: there a ratio has no meaning.
  package init?(first: [Double], second: [Double]) {
    let n = Swift.min(first.count, second.count)
    guard let above = SampleSummary(Array(first.prefix(n))), let below = SampleSummary(Array(second.prefix(n))),
      below.mean > 0, (above.mean / below.mean).isFinite
    else { return nil }
    self.n = n
    ratio = above.mean / below.mean
    guard n > 1 else {
      interval = nil
      return
    }
    let count = Double(n)
    func covariance(_ left: [Double], _ leftMean: Double, _ right: [Double], _ rightMean: Double) -> Double {
      zip(left, right).reduce(0) { $0 + ($1.0 - leftMean) * ($1.1 - rightMean) } / (count - 1)
    }
    let critical = SampleSummary.criticalValue(n: n)
    let weight = critical * critical / count
    // The limits are the roots of a r^2 - 2 b r + c = 0.
    let a = below.mean * below.mean - weight * covariance(second, below.mean, second, below.mean)
    let b = above.mean * below.mean - weight * covariance(first, above.mean, second, below.mean)
    let c = above.mean * above.mean - weight * covariance(first, above.mean, first, above.mean)
    guard a > 0 else {
      interval = nil
      return
    }
    let root = Swift.max(0, b * b - a * c).squareRoot()
    interval = Interval(low: (b - root) / a, high: (b + root) / a)
  }
}
