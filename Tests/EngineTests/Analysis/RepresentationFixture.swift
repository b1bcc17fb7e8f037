/// What `Fixtures/representations.py` wrote, and the inputs that it wrote it of.
struct RepresentationFixture: Decodable, Sendable {
  struct Vote: Decodable, Sendable {
    let part: String
    let k: Int
    let queries: Int
    let labels: [Double]
    let targets: [Double]
  }
  struct Alignment: Decodable, Sendable {
    let unbiased: [Double]
    let released: [Double]
  }
  struct Distances: Decodable, Sendable {
    let names: [String]
    let roles: [String: String]
    let shapes: [String: [Int]]
    let asked: [String]
    let tensors: [String: Double]
    let modules: [String: Double?]
    let total: Double
  }

  let votes: [Vote]
  let alignment: [String: Alignment]
  let distances: Distances

  static let content: RepresentationFixture = FixtureFile.decode("representations.json")

  static func floats(_ name: String, count: Int) -> [Float] { Fixture.formula(name, count: count).map { Float($0) } }
}

/// The greatest difference of two lists of one length.
func largestDifference(_ values: [Float], _ reference: [Double]) -> Double {
  guard values.count == reference.count else { return .infinity }
  return zip(values, reference).map { (Double($0) - $1).magnitude }.max() ?? 0
}
