import Foundation
import Planner
import Store
import Testing

import Report

/// Statistics of comparisons against SciPy's and statsmodels' numbers, which `Fixtures/statistics.py` makes.
@Suite struct ComparisonTests {
  private struct Fixtures: Decodable {
    struct Comparison: Decodable {
      let first, second: [Double]
      let tP: Double
      let bcaDifference, bcaRatio: [Double]
    }
    struct Correction: Decodable {
      let p, holm, benjaminiHochberg: [Double]
    }
    struct Correlation: Decodable {
      let x, y: [Double]
      let rho, p: Double
    }
    struct Quantile: Decodable {
      let p, z: Double
    }

    let comparisons: [Comparison]
    let corrections: [Correction]
    let correlations: [Correlation]
    let normalQuantiles: [Quantile]

    static func read() throws -> Fixtures {
      let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/statistics.json")
      let decoder = JSONDecoder()
      decoder.keyDecodingStrategy = .convertFromSnakeCase
      return try decoder.decode(Fixtures.self, from: Data(contentsOf: file))
    }
  }

  @Test func pairedComparisonsAreSciPys() throws {
    for expected in try Fixtures.read().comparisons {
      let found = try #require(PairedComparison(first: expected.first, second: expected.second))
      if let p = found.tP { #expect((p - expected.tP).magnitude <= 1e-9) }
      let bootstrap = try #require(found.bootstrap)
      #expect((bootstrap.low - expected.bcaDifference[0]).magnitude <= 1e-9)
      #expect((bootstrap.high - expected.bcaDifference[1]).magnitude <= 1e-9)
      let ratio = try #require(BootstrapInterval.ofRatio(expected.first, expected.second))
      #expect((ratio.low - expected.bcaRatio[0]).magnitude <= 1e-9)
      #expect((ratio.high - expected.bcaRatio[1]).magnitude <= 1e-9)
    }
  }

  @Test func correctionsAreStatsmodels() throws {
    for expected in try Fixtures.read().corrections {
      for (one, other) in zip(Reporting.Correction.holm.corrected(expected.p), expected.holm) {
        #expect((one - other).magnitude <= 1e-12)
      }
      for (one, other) in zip(Reporting.Correction.benjaminiHochberg.corrected(expected.p), expected.benjaminiHochberg)
      {
        #expect((one - other).magnitude <= 1e-12)
      }
    }
  }

  @Test func rankCorrelationsAreSciPys() throws {
    for expected in try Fixtures.read().correlations {
      let found = try #require(RankCorrelation(expected.x, expected.y))
      #expect((found.rho - expected.rho).magnitude <= 1e-12)
      #expect((found.p - expected.p).magnitude <= 1e-9)
    }
    #expect(RankCorrelation([1, 2], [2, 1]) == nil)
    #expect(RankCorrelation([1, 1, 1], [2, 1, 3]) == nil)
  }

  @Test func normalQuantilesAreSciPys() throws {
    for expected in try Fixtures.read().normalQuantiles {
      #expect((NormalDistribution.quantile(expected.p) - expected.z).magnitude <= 1e-9 * max(1, expected.z.magnitude))
      #expect((NormalDistribution.cumulative(expected.z) - expected.p).magnitude <= 1e-12)
    }
  }

  @Test func nothingIsSaidOfWhatDoesNotVary() {
    #expect(BootstrapInterval.ofMean([0.5]) == nil)
    #expect(BootstrapInterval.ofMean([0.5, 0.5, 0.5]) == nil)
    #expect(BootstrapInterval.ofRatio([0.5, 0.6], [0, 0]) == nil)
    #expect(PairedComparison(first: [1, 2, 3], second: [0, 1, 2])?.tP == nil)
    // The same values have the same interval, in whatever study they stand.
    let values = (0..<20).map { Double($0 * $0 % 13) }
    #expect(BootstrapInterval.ofMean(values) == BootstrapInterval.ofMean(values))
  }

  @Test func everyInitialisationIsComparedWithEachBaselineOnce() throws {
    var study = PhantomStudy(datasets: ["derma"], backbones: ["net"], fractions: [1], seeds: 5)
    study.initialisations = ["RI", "ST", "WT-ST-0", "WT"]
    var results = study.results
    results.reporting.baselines = ["RI", "WT"]
    let analysis = StudyAnalysis(results)
    #expect(
      analysis.comparisons.map { "\($0.initialisation) \($0.baseline)" } == [
        "ST RI", "WT-ST-0 RI", "WT RI", "ST WT", "WT-ST-0 WT",
      ])
    let gain = try #require(analysis.gains.first)
    let comparison = try #require(analysis.comparisons.first { $0.initialisation == "WT" })
    #expect(comparison.paired == gain.differences[.wtRI])
    #expect(comparison.ratio == gain.relativeGain)
    let rows = CSV.rows(StudyTables.comparisons(analysis))
    #expect(rows.count == 6)
    let smallest = try #require(rows[0].firstIndex(of: "p_smallest"))
    #expect(rows.dropFirst().allSatisfy { $0[smallest] == "0.0625" })
  }
}
