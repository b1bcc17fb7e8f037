import Planner
import Report
import Store
import Testing

/// Reports of studies with mixtures of weights and statistics.
@Suite struct MixtureTests {
  static let curve =
    ["WT-ST-10", "RI", "WT", "WT-ST--1", "ST"] + (0..<10).map { "WT-ST-\($0)" } + ["WT-ST-11"]

  private func study(_ initialisations: [String]) -> PhantomStudy {
    PhantomStudy(datasets: ["derma"], fractions: [1], initialisations: initialisations, seeds: 2)
  }

  private func file(_ path: String, of study: PhantomStudy) throws -> String {
    try #require(ReportWriter.renderFiles(results: study.results).first { $0.path == path }).text
  }

  @Test func initialisationsStandFromRandomToTransferred() throws {
    let expected = ["RI", "ST"] + (-1...11).map { "WT-ST-\($0)" } + ["WT"]
    #expect(StudyAnalysis(study(Self.curve).results).initialisations == expected)
    let table = try file("tables/performance.md", of: study(Self.curve))
    let heading = try #require(table.split(separator: "\n").first { $0.contains("| RI") })
    #expect(heading.split(separator: "|").map { $0.filter { $0 != " " } }.suffix(16) == expected[...], "\(heading)")
  }

  /// A dozen marks side by side show nothing: figures leave mixtures to their CSV files, and say so.
  @Test(arguments: ["performance", "training-curves"]) func figuresLeaveOutMixturesOfALongCurve(_ name: String) throws {
    let whole = try file("figures/\(name).svg", of: study(Self.curve))
    let ends = try file("figures/\(name).svg", of: study(["RI", "ST", "WT"]))
    #expect(!whole.contains("WT-ST-3") && whole.contains("13 mixtures of weights and statistics"))
    #expect(!ends.contains("mixtures of weights"))
    let csv = try file("figures/\(name).csv", of: study(Self.curve))
    for initialisation in Self.curve { #expect(csv.contains(",\(initialisation),"), "\(initialisation)") }
  }

  @Test func figuresShowAFewMixturesAndWhatHasNoEnds() throws {
    let few = try file("figures/performance.svg", of: study(["RI", "ST", "WT-ST-1", "WT"]))
    #expect(few.contains("WT-ST-1") && !few.contains("mixtures of weights"))
    let alone = try file("figures/performance.svg", of: study(Self.curve.filter { $0.hasPrefix("WT-ST") }))
    #expect(alone.contains("WT-ST--1") && !alone.contains("mixtures of weights"))
  }

  @Test func gainsAreThoseOfTheEndsAlone() throws {
    let whole = StudyAnalysis(study(Self.curve).results).gains
    let ends = StudyAnalysis(study(["RI", "ST", "WT"]).results).gains
    #expect(whole.map(\.featureReuse) == ends.map(\.featureReuse))
    #expect(whole.count == 2 && whole.allSatisfy { $0.featureReuse != nil })
  }

  @Test func aMixtureHasAColourOfItsOwn() {
    let colours = Self.curve.map(Palette.initialisation)
    #expect(Set(colours).count == colours.count)
  }
}
