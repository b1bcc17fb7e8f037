import Engine
import Foundation
import Testing

@Suite struct FrechetDistanceTests {
  private static func statistics(_ name: String, block: Int = .max) throws -> FeatureStatistics {
    let (values, n, d) = try AnalysisFixture.features(name)
    return try statistics(values, d, block: min(block, n))
  }

  private static func statistics(_ values: [Float], _ d: Int, block: Int) throws -> FeatureStatistics {
    var accumulator = FeatureStatistics.Accumulator(width: d)
    for start in stride(from: 0, to: values.count, by: block * d) {
      try accumulator.add(Array(values[start..<min(values.count, start + block * d)]))
    }
    return try accumulator.statistics()
  }

  private static func trace(_ statistics: FeatureStatistics) -> Double {
    (0..<statistics.width).reduce(0) { $0 + statistics.covariance[$1 * statistics.width + $1] }
  }

  /// numpy.cov's numbers on the same features in float64; of `far`, whose deviations are a 100,000th of the mean,
  /// float64 itself has some 11 digits.
  @Test(arguments: ["full_a", "far_a", "few_a"], [1, 3, 7, 1000])
  func equalsNumPy(name: String, block: Int) throws {
    let statistics = try Self.statistics(name, block: block)
    let expected = try #require(AnalysisFixture.shared.statistics[name])
    #expect(relativeError(statistics.mean, expected.mean) <= 1e-14)
    #expect(relativeError(statistics.covariance, expected.covariance) <= (name == "far_a" ? 1e-9 : 1e-13))
  }

  /// The value in 50 digits, and SciPy's by sqrtm, which is good to 1e-8 where covariances are singular.
  @Test(arguments: ["full", "far", "few", "constant"])
  func equalsSciPy(name: String) throws {
    let expected = try #require(AnalysisFixture.shared.frechet.first { $0.name == name })
    let (a, b) = (try Self.statistics("\(name)_a"), try Self.statistics("\(name)_b"))
    let distance = try FrechetDistance.between(a, b)
    #expect(abs(distance - expected.exact) <= 1e-9 * expected.exact)
    #expect(abs(distance - expected.sqrtm) <= 1e-6 * expected.sqrtm)
    #expect(abs(try FrechetDistance.between(b, a) - distance) <= 1e-12 * distance)
  }

  @Test(arguments: ["full_a", "far_a", "few_a", "constant_a"])
  func isZeroForTheSame(name: String) throws {
    let statistics = try Self.statistics(name)
    #expect(try FrechetDistance.between(statistics, statistics) <= 1e-9 * Self.trace(statistics))
  }

  /// Variances over 16 decades: the root of an eigenvalue of their product would be off by 1e-8 of the greatest.
  @Test func isZeroForTheSameWithALongTail() throws {
    let width = 64
    var covariance = [Double](repeating: 0, count: width * width)
    for index in 0..<width { covariance[index * width + index] = pow(10, -Double(index) / 4) }
    // Mixed by a reflection, so that the matrix is full.
    let axis = Fixture.formula("axis", count: width)
    let length = axis.reduce(0) { $0 + $1 * $1 }
    var mixed = [Double](repeating: 0, count: width * width)
    for row in 0..<width {
      for column in 0..<width {
        for index in 0..<width {
          let left = (row == index ? 1 : 0) - 2 * axis[row] * axis[index] / length
          let right = (column == index ? 1 : 0) - 2 * axis[column] * axis[index] / length
          mixed[row * width + column] += left * covariance[index * width + index] * right
        }
      }
    }
    let statistics = try FeatureStatistics(mean: axis, covariance: mixed)
    #expect(try FrechetDistance.between(statistics, statistics) <= 1e-12 * Self.trace(statistics))
  }

  @Test func ofConstantFeaturesIsThatOfTheirMeans() throws {
    let still = try Self.statistics([1, 2, 1, 2, 1, 2], 2, block: 2)
    let other = try Self.statistics([1, 5, 1, 5], 2, block: 2)
    #expect(try FrechetDistance.between(still, other) == 9)
    let moving = try Self.statistics([0, 2, 2, 2], 2, block: 2)
    #expect(abs(try FrechetDistance.between(still, moving) - 2) <= 1e-12)
  }

  @Test func refusesWhatHasNoDistance() throws {
    let (narrow, wide) = (try Self.statistics([1, 2, 3], 1, block: 3), try Self.statistics([1, 2, 3, 4], 2, block: 2))
    let widths = #expect(throws: EngineError.self) { try FrechetDistance.between(narrow, wide) }
    #expect(widths?.message.contains("1 and of 2 features") == true)
    let single = #expect(throws: EngineError.self) { try Self.statistics([1, 2], 2, block: 1) }
    #expect(single?.message == "the covariance of features needs at least 2 images, and there is 1")
    let none = #expect(throws: EngineError.self) { try FeatureStatistics.Accumulator(width: 2).statistics() }
    #expect(none?.message.contains("there are 0") == true)
    let infinite = #expect(throws: EngineError.self) { try Self.statistics([1, 2, 3, .infinity], 2, block: 1) }
    #expect(infinite?.message.hasPrefix("feature 2 of image 2 is inf") == true)
    let ragged = #expect(throws: EngineError.self) { try Self.statistics([1, 2, 3], 2, block: 2) }
    #expect(ragged?.message == "3 numbers are no whole rows of 2 features")
    let negative = try FeatureStatistics(mean: [0, 0], covariance: [1, 2, 2, 1])
    let none2 = #expect(throws: EngineError.self) { try FrechetDistance.between(negative, negative) }
    #expect(none2?.message.contains("eigenvalue -") == true)
  }
}
