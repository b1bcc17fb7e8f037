import Engine
import Testing

@Suite struct NeighboursTests {
  private static func distance(_ left: ArraySlice<Float>, _ right: ArraySlice<Float>, _ metric: ExactNeighbours.Metric)
    -> Double
  {
    func product(_ left: ArraySlice<Float>, _ right: ArraySlice<Float>) -> Double {
      zip(left, right).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    switch metric {
    case .euclidean:
      return zip(left, right).reduce(0.0) { $0 + (Double($1.0) - Double($1.1)) * (Double($1.0) - Double($1.1)) }
        .squareRoot()
    case .cosine:
      let norms = product(left, left) * product(right, right)
      return norms > 0 ? 1 - product(left, right) / norms.squareRoot() : left.elementsEqual(right) ? 0 : 1
    }
  }

  /// Comparing one by one; with images twice and thrice, some of zeros, and far from the origin.
  @Test(arguments: ExactNeighbours.Metric.allCases, [1, 7, 39, 80])
  func areThoseOfAllPairs(metric: ExactNeighbours.Metric, k: Int) throws {
    let (n, d) = (40, 6)
    var features = Fixture.formula("neighbours", count: n * d).map { Float($0 + 30) }
    for (copy, of) in [(7, 3), (30, 3), (12, 11)] {
      for column in 0..<d { features[copy * d + column] = features[of * d + column] }
    }
    for zero in [5, 25] { for column in 0..<d { features[zero * d + column] = 0 } }
    let found = try ExactNeighbours.find(features, n: n, d: d, k: k, metric: metric)
    #expect(found.k == min(k, n - 1))
    for row in 0..<n {
      let all = (0..<n).filter { $0 != row }.map { other in
        (
          Self.distance(features[row * d..<(row + 1) * d], features[other * d..<(other + 1) * d], metric), other
        )
      }
      let places = row * found.k..<(row + 1) * found.k
      // Cosines near 1 have lost digits in the sum above.
      for (mine, expected) in zip(found.distances[places], all.map(\.0).sorted()) {
        #expect(abs(mine - expected) <= 1e-13 * max(1, expected))
      }
      #expect(Set(found.indices[places]).count == found.k && !found.indices[places].contains(Int32(row)))
    }
    #expect(found.distances[3 * found.k] == 0 && found.indices[3 * found.k] == 7)
    #expect(found.distances[25 * found.k] == 0 && found.indices[25 * found.k] == 5)
  }

  @Test func ofNoneAreNone() throws {
    #expect(try ExactNeighbours.find([], n: 0, d: 4, k: 3).indices.isEmpty)
    #expect(try ExactNeighbours.find([1, 2], n: 1, d: 2, k: 3).indices.isEmpty)
    #expect(try ExactNeighbours.find([], n: 3, d: 0, k: 1).indices == [1, 0, 0])
  }

  /// scikit-learn's value on features and places without ties.
  @Test func trustworthinessEqualsScikitLearn() throws {
    let (features, n, d) = try AnalysisFixture.features("full_a")
    let plane = try AnalysisFixture.numbers("plane").values
    for expected in AnalysisFixture.shared.trustworthiness {
      let value = try Trustworthiness.of(high: features, low: plane, n: n, d: d, k: expected.k)
      #expect(abs(value - expected.value) <= 1e-12)
    }
    let wide = #expect(throws: EngineError.self) {
      try Trustworthiness.of(high: features, low: plane, n: n, d: d, k: 30)
    }
    #expect(wide?.message.contains("below half of 60 images") == true)
    #expect(throws: EngineError.self) { try Trustworthiness.of(high: features, low: [0, 1], n: n, d: d, k: 3) }
  }

  @Test func trustworthinessOfAFaithfulPlaneIsOne() throws {
    let plane = Fixture.formula("plane", count: 100).map { Double(Float($0)) }
    #expect(try Trustworthiness.of(high: plane.map { Float($0) }, low: plane, n: 50, d: 2, k: 7) == 1)
  }
}
