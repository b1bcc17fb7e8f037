import Engine
import Foundation
import Testing

private struct MetricCase: Decodable, Sendable, CustomTestStringConvertible {
  let name: String
  let classes: Int
  let probabilities: [Float]
  let labels: [Int]
  /// nil where scikit-learn gives none.
  let values: [String: Double?]
  var testDescription: String { name }

  static let all: [MetricCase] = FixtureFile.decode("metrics.json")
}

@Suite struct MetricTests {
  /// scikit-learn's value on the same predictions, to 1e-9: both sum the same counts in float64.
  @Test(arguments: MetricCase.all, Metric.allCases)
  private func equalsScikitLearn(_ example: MetricCase, metric: Metric) throws {
    let value = metric.value(probabilities: example.probabilities, labels: example.labels, classes: example.classes)
    let expected = try #require(example.values[metric.rawValue])
    if let expected {
      #expect(abs(value - expected) <= 1e-9)
    } else {
      #expect(value.isNaN)
    }
  }

  @Test(arguments: Metric.allCases)
  func isUndefinedWithoutImagesOrWithNaN(metric: Metric) {
    #expect(metric.value(probabilities: [], labels: [], classes: 2).isNaN)
    #expect(metric.value(probabilities: [0.2, 0.8, .nan, 0.5], labels: [0, 1], classes: 2).isNaN)
  }

  @Test func predictsTheFirstOfEquals() {
    #expect(Metric.accuracy.value(probabilities: [0.4, 0.4, 0.2], labels: [0], classes: 3) == 1)
    #expect(Metric.accuracy.value(probabilities: [0.2, 0.4, 0.4], labels: [2], classes: 3) == 0)
  }
}
