/// Two settings compared run by run: the differences of the runs that share a seed.
package struct PairedComparison: Sendable, Hashable {
  /// The differences, the first minus the second: n pairs, their mean, and the paired t interval.
  package let differences: SampleSummary
  /// The exact two-sided p value of the sign-flip test; nil for fewer than 2 pairs or more than `SignFlipTest.limit`.
  package let p: Double?
  /// `p` corrected over all comparisons of the same two initialisations in the study.
  package var correctedP: Double?
  /// Of the mean difference, by the bootstrap of pairs; nil for one pair, and where the differences do not vary.
  package let bootstrap: Interval?
  /// The two-sided p value of the paired t test; nil for one pair, and where the differences do not vary.
  package let tP: Double?

  /// The smallest `p` that so many pairs can reach.
  package var smallestP: Double { SignFlipTest.smallestReachable(n: differences.n) }

  /// Nil where no seed is shared.
  package init?(first: [Double], second: [Double]) {
    let differences = zip(first, second).map { $0 - $1 }
    guard let summary = SampleSummary(differences) else { return nil }
    self.differences = summary
    p = SignFlipTest.twoSided(differences)
    bootstrap = BootstrapInterval.ofMean(differences)
    tP = summary.sd.flatMap { sd in
      guard sd > 0 else { return nil }
      let t = summary.mean / (sd / Double(summary.n).squareRoot())
      return 2 * StudentT.cumulative(-t.magnitude, degrees: Double(summary.n - 1))
    }
  }
}

/// The exact sign-flip (one-sample permutation) test: if neither side is better, each difference is as likely to be
/// positive as negative. Nothing else is assumed of the differences.
package enum SignFlipTest {
  /// The most pairs for which all sign patterns are counted.
  package static let limit = 32

  /// The smallest p value that n pairs can reach, 2 / 2^n: 0.0625 for five.
  package static func smallestReachable(n: Int) -> Double {
    Swift.min(1, Double(sign: .plus, exponent: 1 - n, significand: 1))
  }

  /// The share of the 2^n sign patterns whose sum is at least as far from zero as the sum observed.
  ///
  /// The patterns of each half of the differences are listed and sorted, and pairs of halves counted with two fingers:
  /// 2^(n/2) numbers in memory where a plain list needs 2^n. Sums that differ by rounding alone count as equal.
  /// Nil for fewer than 2 differences or more than `limit`.
  package static func twoSided(_ differences: [Double]) -> Double? {
    guard (2...limit).contains(differences.count) else { return nil }
    let half = differences.count / 2
    let left = signedSums(differences[..<half])
    let right = signedSums(differences[half...])
    let observed = differences.reduce(0, +).magnitude
    let threshold = observed - 1e-12 * differences.reduce(0) { $0 + $1.magnitude }
    // By symmetry as many sums are at most -threshold as at least threshold.
    if threshold <= 0 { return 1 }
    var above = 0
    var from = right.count
    for sum in left {
      while from > 0, sum + right[from - 1] >= threshold { from -= 1 }
      above += right.count - from
    }
    return Double(above) / (Double(left.count) * Double(right.count)) * 2
  }

  /// Every sum of the values with signs, ascending.
  private static func signedSums(_ values: ArraySlice<Double>) -> [Double] {
    var sums = [0.0]
    for value in values { sums = sums.map { $0 - value } + sums.map { $0 + value } }
    return sums.sorted()
  }
}
