import Engine
import Foundation

/// What `Fixtures/make-analysis-fixtures.py` wrote: features, and what other programs make of them.
struct AnalysisFixture: Decodable {
  struct Frechet: Decodable {
    let name: String
    let exact: Double
    let sqrtm: Double
  }
  struct Statistics: Decodable {
    let mean: [Double]
    let covariance: [Double]
  }
  struct Components: Decodable {
    let places: [Double]
    let ratios: [Double]
  }
  struct Trust: Decodable {
    let k: Int
    let value: Double
  }
  struct Curve: Decodable {
    let least: Double
    let spread: Double
    let ab: [Double]

    enum CodingKeys: String, CodingKey {
      case least = "min_dist"
      case spread, ab
    }
  }
  struct Runs: Decodable {
    struct Run: Decodable {
      let metric: String
      let trustworthiness: [String: Double]
    }
    let runs: [Run]
  }

  let frechet: [Frechet]
  let statistics: [String: Statistics]
  let components: [String: Components]
  let trustworthiness: [Trust]
  let curves: [Curve]
  let umap: Runs

  static let shared: AnalysisFixture = FixtureFile.decode("analysis.json")

  /// Features [n, d] of the archive beside it.
  static func features(_ name: String) throws -> (values: [Float], n: Int, d: Int) {
    let (values, shape) = try numbers(name)
    return (values.map { Float($0) }, shape[0], shape[1])
  }

  static func numbers(_ name: String) throws -> (values: [Double], shape: [Int]) {
    let scratch = try ScratchFolder()
    let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Fixtures/analysis.npz").path
    let array = try NumPyArchive(file, scratch: scratch.path).array(name)
    return (try array.numbers(0..<array.shape[0]), array.shape)
  }
}
