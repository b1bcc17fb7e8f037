import Engine
import Foundation
import Testing

@Suite struct UMAPTests {
  /// umap-learn's graph of the same features, which it keeps in float32.
  @Test(arguments: ExactNeighbours.Metric.allCases)
  func hasTheGraphOfUMAPLearn(metric: ExactNeighbours.Metric) throws {
    let (features, n, d) = try AnalysisFixture.features("full_a")
    let expected = try AnalysisFixture.numbers("graph_\(metric.rawValue)").values
    let nearest = try ExactNeighbours.find(features, n: n, d: d, k: 14, metric: metric)
    let graph = FuzzyGraph(nearest, n: n)
    var dense = [Double](repeating: 0, count: n * n)
    for row in 0..<n {
      for edge in graph.starts[row]..<graph.starts[row + 1] {
        dense[row * n + Int(graph.columns[edge])] = graph.weights[edge]
      }
    }
    #expect(zip(dense, expected).allSatisfy { ($0 > 0) == ($1 > 0) })
    #expect(zip(dense, expected).map { abs($0 - $1) }.max() ?? 1 <= 1e-4)
    #expect(nearest.k == 14 && graph.weights.count > 14 * n)
  }

  /// SciPy's fit, which ends where the error no longer falls by 1e-8 of itself.
  @Test func fitsTheCurveAsSciPy() {
    for expected in AnalysisFixture.shared.curves {
      let curve = LayoutCurve(minDistance: expected.least, spread: expected.spread)
      #expect(relativeError([curve.a], [expected.ab[0]]) <= 1e-5)
      #expect(relativeError([curve.b], [expected.ab[1]]) <= 1e-5)
    }
  }

  /// Of umap-learn's five seeds the mean; on these digits the principal components come to 0.83 and 0.84.
  @Test(arguments: ExactNeighbours.Metric.allCases, [UInt64(0), 1])
  func keepsNeighboursAsUMAPLearn(metric: ExactNeighbours.Metric, seed: UInt64) throws {
    let (digits, n, d) = try AnalysisFixture.features("digits")
    let places = try UMAP(metric: metric, seed: seed).embed(digits, n: n, d: d)
    let runs = AnalysisFixture.shared.umap.runs.filter { $0.metric == metric.rawValue }
    #expect(runs.count == 5)
    for k in [5, 15] {
      let expected = runs.compactMap { $0.trustworthiness["\(k)"] }.reduce(0, +) / Double(runs.count)
      let value = try Trustworthiness.of(high: digits, low: places, n: n, d: d, k: k)
      #expect(abs(value - expected) <= 0.02, "\(value), umap-learn \(expected)")
    }
  }

  @Test func givesTheSameBytes() throws {
    let (digits, _, d) = try AnalysisFixture.features("digits")
    let some = Array(digits.prefix(300 * d))
    func places(_ seed: UInt64) throws -> [Double] { try UMAP(epochs: 20, seed: seed).embed(some, n: 300, d: d) }
    let first = try places(3)
    #expect(try places(3) == first)
    #expect(try places(4) != first)
    #expect(try UMAP(metric: .cosine, epochs: 20, seed: 3).embed(some, n: 300, d: d) != first)
  }

  /// Images that are the same, few, or without features.
  @Test(arguments: [
    (n: 0, d: 3), (1, 3), (2, 3), (3, 3), (4, 3), (5, 3), (16, 3), (20, 0), (60, 1), (300, 2), (600, 2),
  ])
  func standsWhatIsDegenerate(n: Int, d: Int) throws {
    for features in [[Float](repeating: 0.1, count: n * d), (0..<n * d).map { Float($0 / max(d, 1) / 7) }] {
      for metric in ExactNeighbours.Metric.allCases {
        let places = try UMAP(metric: metric, epochs: 30).embed(features, n: n, d: d)
        #expect(places.count == 2 * n && places.allSatisfy(\.isFinite))
        #expect(n < 2 || Set(places).count > 2)
      }
    }
  }

  /// Groups so far apart that no neighbours join them, up to those on the axes and beyond.
  @Test(arguments: [2, 3, 4, 5, 9])
  func keepsComponentsApart(count: Int) throws {
    let (size, d) = (40, 5)
    let noise = Fixture.formula("noise", count: count * size * d)
    let centres = Fixture.formula("centres", count: count * d).map { $0 * 1000 }
    let features = noise.indices.map { Float(centres[$0 / (size * d) * d + $0 % d] + noise[$0]) }
    let places = try UMAP().embed(features, n: count * size, d: d)
    // Every image's nearest in the plane are of its own group.
    let nearest = try ExactNeighbours.find(places.map { Float($0) }, n: count * size, d: 2, k: 5)
    let strangers = nearest.indices.indices.count { Int(nearest.indices[$0]) / size != $0 / 5 / size }
    #expect(strangers == 0)
  }

  @Test func stopsWhenTold() throws {
    let (digits, n, d) = try AnalysisFixture.features("digits")
    var shares: [Double] = []
    #expect(throws: CancellationError.self) {
      try UMAP().embed(digits, n: n, d: d) {
        shares.append($0)
        return shares.count < 3
      }
    }
    #expect(shares == [0, 0.002, 0.004])
  }

  @Test func refusesWhatCannotBe() throws {
    let few = #expect(throws: EngineError.self) { try UMAP(neighbours: 1) }
    #expect(few?.message.hasPrefix("UMAP with 1 neighbours") == true)
    #expect(throws: EngineError.self) { try UMAP(minDistance: 2, spread: 1) }
    #expect(throws: EngineError.self) { try UMAP(minDistance: -0.1) }
    #expect(throws: EngineError.self) { try UMAP(spread: .nan) }
    #expect(throws: EngineError.self) { try UMAP(epochs: 0) }
    let number = #expect(throws: EngineError.self) { try UMAP().embed([1, .infinity], n: 1, d: 2) }
    #expect(number?.message.hasPrefix("feature 2 of image 1 is inf") == true)
  }
}
