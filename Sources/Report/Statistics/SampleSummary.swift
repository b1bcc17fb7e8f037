/// A closed interval of the real line.
package struct Interval: Sendable, Hashable {
  package let low: Double
  package let high: Double

  package init(low: Double, high: Double) {
    self.low = low
    self.high = high
  }

  package func contains(_ value: Double) -> Bool { low <= value && value <= high }
}

/// What is said of one sample: the runs of a setting.
package struct SampleSummary: Sendable, Hashable {
  /// The confidence level of every interval in a report.
  package static let level = 0.95

  package let n: Int
  package let mean: Double
  /// The standard deviation with n - 1 in the denominator; nil for one value.
  package let sd: Double?
  package let median: Double
  package let min: Double
  package let max: Double
  /// The 95 % interval of the mean by Student's t with n - 1 degrees of freedom; nil for one value.
  package let interval: Interval?

  /// Nil for an empty sample. The values must be finite.
  package init?(_ values: [Double]) {
    guard let first = values.first else { return nil }
    let count = Double(values.count)
    // Sums of differences from the first value: equal values then have exactly their own mean and no deviation.
    let mean = first + values.reduce(0) { $0 + ($1 - first) } / count
    let sorted = values.sorted()
    let half = sorted.count / 2
    self.n = values.count
    self.mean = mean
    self.median = sorted.count.isMultiple(of: 2) ? sorted[half - 1] / 2 + sorted[half] / 2 : sorted[half]
    self.min = sorted[0]
    self.max = sorted[sorted.count - 1]
    guard values.count > 1 else {
      sd = nil
      interval = nil
      return
    }
    let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)).squareRoot()
    let reach = Self.criticalValue(n: values.count) * deviation / count.squareRoot()
    sd = deviation
    interval = Interval(low: mean - reach, high: mean + reach)
  }

  /// The two-sided 5 % point of Student's t for n values, n > 1.
  package static func criticalValue(n: Int) -> Double {
    if n - 2 < tabulated.count { return tabulated[n - 2] }
    return StudentT.upperQuantile(tail: (1 - level) / 2, degrees: Double(n - 1))
  }

  private static let tabulated = (1...64).map { StudentT.upperQuantile(tail: (1 - level) / 2, degrees: Double($0)) }
}
