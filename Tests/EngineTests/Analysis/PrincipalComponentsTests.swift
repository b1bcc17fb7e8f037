import Engine
import Testing

@Suite struct PrincipalComponentsTests {
  /// scikit-learn's, each turned so that its greatest loading is positive.
  @Test(arguments: ["full_a", "few_a", "constant_b"])
  func equalsScikitLearn(name: String) throws {
    let (values, n, d) = try AnalysisFixture.features(name)
    let expected = try #require(AnalysisFixture.shared.components[name])
    let components = try PrincipalComponents(values, n: n, d: d)
    #expect(relativeError(components.places, expected.places) <= 1e-11)
    #expect(relativeError(components.explainedVarianceRatio, expected.ratios) <= 1e-11)
    for index in 0..<2 {
      let loadings = components.loadings[index * d..<(index + 1) * d]
      #expect(abs(loadings.reduce(0) { $0 + $1 * $1 } - 1) <= 1e-12)
      #expect(loadings.max() == loadings.map(\.magnitude).max())
    }
  }

  @Test(arguments: [
    (features: [Float]([]), n: 0, d: 3), ([1, 2, 3], 1, 3), ([], 3, 0),
    // Of 0.1 the mean is rounded.
    ([Float](repeating: 0.1, count: 30), 10, 3), ([Float](repeating: 0.1, count: 30), 3, 10),
  ])
  func isZeroWhereNothingVaries(features: [Float], n: Int, d: Int) throws {
    let components = try PrincipalComponents(features, n: n, d: d)
    #expect(components.places == [Double](repeating: 0, count: 2 * n))
    #expect(components.loadings == [Double](repeating: 0, count: 2 * d))
    #expect(components.explainedVarianceRatio == [0, 0])
  }

  @Test(arguments: [1, 2, 5])
  func hasOneComponentWhereOneIsAll(d: Int) throws {
    // Images along a line, in as many features.
    let features = [3, 1, 2].flatMap { [Float](repeating: $0, count: d) }
    let components = try PrincipalComponents(features, n: 3, d: d)
    let length = Double(d).squareRoot()
    #expect(relativeError(components.places, [length, 0, -length, 0, 0, 0]) <= 1e-14)
    #expect(abs(components.explainedVarianceRatio[0] - 1) <= 1e-14)
    #expect(components.explainedVarianceRatio[1] == 0)
  }

  @Test func refusesWhatAreNoFeatures() throws {
    let shape = #expect(throws: EngineError.self) { try PrincipalComponents([1, 2, 3], n: 2, d: 2) }
    #expect(shape?.message == "3 numbers cannot be the features of 2 images, 2 each")
    let number = #expect(throws: EngineError.self) { try PrincipalComponents([1, 2, .nan, 4], n: 2, d: 2) }
    #expect(number?.message.hasPrefix("feature 1 of image 2 is nan") == true)
  }
}
