import Engine
import Foundation
import Testing

/// Random initialisation against torchvision's and timm's own (`Fixtures/initialisations.py`).
@Suite struct LibraryDrawTests {
  /// Moments of one tensor of one network that the library drew.
  struct Moments: Decodable {
    let count: Int
    let mean: Double
    let sd: Double
    /// 3 for a normal distribution, 1.8 for a uniform one; 0 for a constant.
    let kurtosis: Double

    init(count: Int, mean: Double, sd: Double, kurtosis: Double) {
      self.count = count
      self.mean = mean
      self.sd = sd
      self.kurtosis = kurtosis
    }

    init(_ values: [Float]) {
      let n = Double(values.count)
      let mean = values.reduce(0) { $0 + Double($1) } / n
      let deviations = values.map { Double($0) - mean }
      let sd = (deviations.reduce(0) { $0 + $1 * $1 } / (n - 1)).squareRoot()
      let fourth = deviations.reduce(0) { $0 + $1 * $1 * $1 * $1 } / n
      self.init(count: values.count, mean: mean, sd: sd, kurtosis: sd > 0 ? fourth / (sd * sd * sd * sd) : 0)
    }
  }

  private static let fixture: [String: [String: Moments]] = {
    let path = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/initialisations.json")
    guard let data = try? Data(contentsOf: path),
      let whole = try? JSONSerialization.jsonObject(with: data) as? [String: Any]
    else { return [:] }
    var networks: [String: [String: Moments]] = [:]
    for (name, tensors) in whole where name != "versions" {
      guard let data = try? JSONSerialization.data(withJSONObject: tensors) else { continue }
      networks[name] = try? JSONDecoder().decode([String: Moments].self, from: data)
    }
    return networks
  }()

  /// The networks of the fixture that the engine computes.
  private static let names = fixture.keys.filter { Backbone.named($0) != nil }.sorted()

  @Test func theFixtureIsThere() {
    #expect(Self.fixture.count == 6)
  }

  @Test(arguments: names) func drawsAsTheLibraryDoes(_ name: String) throws {
    let network = try Backbone.make(name: name, classes: 1000)
    try Initialisation.random.apply(to: network, seed: 5)
    let state = try network.stateDict()
    for (tensor, expected) in try #require(Self.fixture[name]) {
      let drawn = Moments(try #require(state[tensor], "\(tensor) is missing").values)
      #expect(drawn.count == expected.count, "\(tensor)")
      let n = Double(expected.count)
      // Both sides are samples: five standard errors of a difference, of a normal distribution's at most.
      #expect((drawn.mean - expected.mean).magnitude <= 5 * expected.sd * (2 / n).squareRoot(), "mean of \(tensor)")
      #expect((drawn.sd - expected.sd).magnitude <= 5 * expected.sd * (1 / n).squareRoot(), "deviation of \(tensor)")
      #expect((drawn.kurtosis - expected.kurtosis).magnitude <= 5 * (48 / n).squareRoot(), "shape of \(tensor)")
    }
  }
}
