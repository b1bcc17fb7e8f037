import Report
import Testing

/// Numbers of SciPy 1.17: `scipy.stats.t`, and for Fieller's limits the roots r of `ttest_1samp(a - r * b)` at p = 0.05.
@Suite struct StatisticsTests {
  static let quantiles: [(degrees: Double, tail: Double, expected: Double)] = [
    (1, 0.4, 0.32491969623290634),
    (1, 0.1, 3.0776835371752536),
    (1, 0.025, 12.706204736174705),
    (1, 0.005, 63.65674116287158),
    (1, 1e-05, 31830.98860790709),
    (2, 0.4, 0.2886751345948128),
    (2, 0.1, 1.8856180831641267),
    (2, 0.025, 4.302652729749464),
    (2, 0.005, 9.924843200918293),
    (2, 1e-05, 223.60344363403718),
    (3, 0.4, 0.2766706623326898),
    (3, 0.1, 1.6377443536962089),
    (3, 0.025, 3.1824463052837086),
    (3, 0.005, 5.840909309733357),
    (3, 1e-05, 47.927728375933924),
    (4, 0.4, 0.2707222947075976),
    (4, 0.1, 1.5332062740589436),
    (4, 0.025, 2.7764451051977943),
    (4, 0.005, 4.604094871349993),
    (4, 1e-05, 23.332182700829275),
    (5, 0.4, 0.2671808657041451),
    (5, 0.1, 1.4758840488244813),
    (5, 0.025, 2.5705818356363155),
    (5, 0.005, 4.032142983555229),
    (5, 1e-05, 15.546854534954758),
    (9, 0.4, 0.260955336473911),
    (9, 0.1, 1.3830287383966327),
    (9, 0.025, 2.2621571627982053),
    (9, 0.005, 3.2498355415921263),
    (9, 1e-05, 8.10205787939482),
    (19, 0.4, 0.25692281979615467),
    (19, 0.1, 1.3277282090267983),
    (19, 0.025, 2.09302405440831),
    (19, 0.005, 2.86093460646498),
    (19, 1e-05, 5.626766232724045),
    (50, 0.4, 0.254699342988588),
    (50, 0.1, 1.2987136941948094),
    (50, 0.025, 2.008559112100761),
    (50, 0.005, 2.6777932709408443),
    (50, 1e-05, 4.711008112544746),
    (127, 0.4, 0.2538784855878691),
    (127, 0.1, 1.288253109039364),
    (127, 0.025, 1.9788195347028543),
    (127, 0.005, 2.6150960084298673),
    (127, 1e-05, 4.431496054888037),
    (1000, 0.4, 0.25341451583949876),
    (1000, 0.1, 1.2823987214609245),
    (1000, 0.025, 1.9623390808264085),
    (1000, 0.005, 2.580754698065951),
    (1000, 1e-05, 4.285437682652958),
    (100000, 0.4, 0.25334777715718015),
    (100000, 0.1, 1.2815600314493614),
    (100000, 0.025, 1.95998770753461),
    (100000, 0.005, 2.5758784699083757),
    (100000, 1e-05, 4.265095403181325),
  ]

  @Test(arguments: quantiles)
  func studentQuantile(degrees: Double, tail: Double, expected: Double) {
    let found = StudentT.upperQuantile(tail: tail, degrees: degrees)
    #expect((found - expected).magnitude <= 1e-9 * expected)
  }

  static let cumulatives: [(t: Double, degrees: Double, expected: Double)] = [
    (-7.5, 1, 0.04219246315884136),
    (-0.3, 1, 0.4072264209222577),
    (0.0, 1, 0.5),
    (0.9, 1, 0.7332622916434258),
    (2.776, 1, 0.8899412812745013),
    (40.0, 1, 0.9920439100879742),
    (-7.5, 2.5, 0.004476028287466082),
    (-0.3, 2.5, 0.39367118574759863),
    (0.0, 2.5, 0.5),
    (0.9, 2.5, 0.7768680231435792),
    (2.776, 2.5, 0.9574784807825467),
    (40.0, 2.5, 0.9999290218285475),
    (-7.5, 4, 0.0008454357661611488),
    (-0.3, 4, 0.3895607141387299),
    (0.0, 4, 0.5),
    (0.9, 4, 0.7904972403959578),
    (2.776, 4, 0.9749886108400118),
    (40.0, 4, 0.9999988329918387),
    (-7.5, 30, 1.161462450275522e-08),
    (-0.3, 30, 0.3831230526421764),
    (0.0, 30, 0.5),
    (0.9, 30, 0.8123558566131159),
    (2.776, 30, 0.9953063729496403),
    (40.0, 30, 1.0),
    (-7.5, 500, 1.46689610130236e-13),
    (-0.3, 500, 0.3821509179754035),
    (0.0, 500, 0.5),
    (0.9, 500, 0.8157232485339329),
    (2.776, 500, 0.997145224708627),
    (40.0, 500, 1.0),
  ]

  @Test(arguments: cumulatives)
  func studentCumulative(t: Double, degrees: Double, expected: Double) {
    let found = StudentT.cumulative(t, degrees: degrees)
    #expect((found - expected).magnitude <= 1e-10)
  }

  static let first = [0.655, 0.721, 0.688, 0.702, 0.611]
  static let second = [0.701, 0.742, 0.690, 0.781, 0.655]

  struct Sample: Sendable {
    let values: [Double]
    let mean, sd, median, low, high: Double
  }

  @Test(arguments: [
    Sample(
      values: first, mean: 0.6754, sd: 0.0433278201621083, median: 0.688, low: 0.621601405584063,
      high: 0.729198594415937),
    Sample(
      values: second, mean: 0.7138, sd: 0.04873089369178449, median: 0.701, low: 0.6532926037026163,
      high: 0.7743073962973837),
    Sample(
      values: [0.5, 0.6], mean: 0.55, sd: 0.07071067811865474, median: 0.55, low: -0.08531023680873451,
      high: 1.1853102368087347),
  ])
  func summary(sample: Sample) throws {
    let summary = try #require(SampleSummary(sample.values))
    let interval = try #require(summary.interval)
    #expect((summary.mean - sample.mean).magnitude < 1e-12)
    #expect((try #require(summary.sd) - sample.sd).magnitude < 1e-12)
    #expect((summary.median - sample.median).magnitude < 1e-12)
    #expect((interval.low - sample.low).magnitude < 1e-10)
    #expect((interval.high - sample.high).magnitude < 1e-10)
    #expect(summary.n == sample.values.count)
    #expect(summary.min == sample.values.min() && summary.max == sample.values.max())
  }

  @Test func smallSamples() throws {
    #expect(SampleSummary([]) == nil)
    let one = try #require(SampleSummary([0.3]))
    #expect(one.mean == 0.3 && one.sd == nil && one.interval == nil)
    // Equal values have no deviation at all, not one of rounding.
    let equal = try #require(SampleSummary([0.1, 0.1, 0.1]))
    #expect(equal.mean == 0.1 && equal.sd == 0 && equal.interval == Interval(low: 0.1, high: 0.1))
  }

  static let flips: [(differences: [Double], expected: Double)] = [
    ([0.046, 0.021, 0.002, 0.079, 0.044], 0.0625),
    ([0.046, -0.021, 0.002, 0.079, 0.044], 0.1875),
    ([1, 1], 0.5),
    ([1, -1], 1),
    ([0, 0, 0], 1),
    ([0.3, 0.1, -0.2, 0.5, 0.4, -0.1, 0.2, 0.7], 0.0859375),
    ([0.1, 0.2, 0.3, 0.1, -0.2, 0.15, 0.4, -0.05, 0.2, 0.1, 0.3, 0.25], 0.0126953125),
  ]

  /// The expected values are from a list of all sign patterns.
  @Test(arguments: flips)
  func signFlip(differences: [Double], expected: Double) {
    #expect(SignFlipTest.twoSided(differences) == expected)
  }

  @Test func signFlipLimits() {
    #expect(SignFlipTest.twoSided([0.2]) == nil)
    #expect(SignFlipTest.twoSided(Array(repeating: 1, count: 33)) == nil)
    #expect(SignFlipTest.twoSided(Array(repeating: 1, count: 32)) == SignFlipTest.smallestReachable(n: 32))
    #expect(SignFlipTest.smallestReachable(n: 5) == 0.0625)
    #expect(SignFlipTest.smallestReachable(n: 1) == 1)
  }

  static let families: [(values: [Double], expected: [Double])] = [
    ([0.01, 0.04, 0.03, 0.005], [0.03, 0.06, 0.06, 0.02]),
    ([0.5, 0.9], [1, 1]),
    ([0.0625], [0.0625]),
    ([], []),
  ]

  @Test(arguments: families)
  func holm(values: [Double], expected: [Double]) {
    let found = HolmCorrection.corrected(values)
    #expect(found.count == expected.count)
    for (one, other) in zip(found, expected) { #expect(one.isNear(other)) }
  }

  struct Ratio: Sendable {
    let above, below: [Double]
    let ratio, low, high: Double
  }

  @Test(arguments: [
    Ratio(
      above: second, below: first, ratio: 1.0568551969203435, low: 1.0034929380231332, high: 1.1121132570682837),
    Ratio(
      above: first, below: second, ratio: 0.9462034183244606, low: 0.8991889932471149, high: 0.9965192201252415),
    Ratio(
      above: [0.3, 0.5, 0.45, 0.38], below: [0.2, 0.22, 0.19, 0.27], ratio: 1.8522727272727268,
      low: 1.1437308776397508, high: 2.842389748039729),
  ])
  func fieller(expected: Ratio) throws {
    let found = try #require(RatioOfMeans(first: expected.above, second: expected.below))
    let interval = try #require(found.interval)
    #expect(found.ratio.isNear(expected.ratio))
    #expect((interval.low - expected.low).magnitude < 1e-8)
    #expect((interval.high - expected.high).magnitude < 1e-8)
  }

  @Test func ratiosWithoutMeaning() {
    #expect(RatioOfMeans(first: [], second: []) == nil)
    #expect(RatioOfMeans(first: [0.5, 0.6], second: [-0.1, 0.05]) == nil)
    #expect(RatioOfMeans(first: [1e200], second: [1e-200]) == nil)
    #expect(RatioOfMeans(first: [0.5], second: [0.4])?.interval == nil)
    // A second mean that zero is not excluded from bounds no ratio.
    #expect(RatioOfMeans(first: [0.5, 0.6, 0.7], second: [0.2, -0.1, 0.1])?.interval == nil)
  }

  static let exactTexts: [(value: Double, expected: String)] = [
    (0.1, "0.1"), (1, "1"), (-0.0, "0"), (1e-7, "1e-07"), (2.0 / 3, "0.6666666666666666"), (.nan, ""), (.infinity, ""),
  ]

  @Test(arguments: exactTexts)
  func exactText(value: Double, expected: String) {
    #expect(NumberText.exact(value) == expected)
    if value.isFinite { #expect(Double(NumberText.exact(value)) == value) }
  }

  static let fixedTexts: [(value: Double, digits: Int, expected: String)] = [
    (0.0625, 4, "0.0625"), (-0.0004, 3, "0.000"), (1.9996, 3, "2.000"), (-1.25, 1, "-1.3"), (12, 0, "12"),
    (0.05, 2, "0.05"), (.nan, 3, ""),
  ]

  @Test(arguments: fixedTexts)
  func fixedText(value: Double, digits: Int, expected: String) {
    #expect(NumberText.fixed(value, digits) == expected)
  }

  static let trimmedTexts: [(value: Double, digits: Int, expected: String)] = [
    (0, 2, "0"), (-0.001, 2, "0"), (1.5, 2, "1.5"), (1.999, 2, "2"), (-12.3, 2, "-12.3"), (1200, 0, "1200"),
    (100.004, 2, "100"), (0.000_000_001, 9, "0.000000001"), (9_007_199_254_740_991, 0, "9007199254740991"),
    (1.2e20, 2, "1.2e+20"), (.infinity, 1, ""),
  ]

  @Test(arguments: trimmedTexts)
  func trimmedText(value: Double, digits: Int, expected: String) {
    #expect(NumberText.trimmed(value, digits) == expected)
  }
}
