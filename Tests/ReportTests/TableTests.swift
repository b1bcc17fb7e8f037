import Files
import Planner
import Report
import Store
import Testing
import WorkerProtocol

@Suite struct TableTests {
  @Test func theSameBytesInAnyOrderOfCells() {
    var shuffled = PhantomStudy().results
    // A fixed permutation: every 7th cell, round and round, of a number that 7 does not divide.
    let count = shuffled.cells.count
    shuffled.cells = (0..<count).map { shuffled.cells[$0 * 7 % count] }
    #expect(Set(shuffled.cells.map(\.cell.id)).count == count)
    let files = ReportWriter.renderFiles(results: PhantomStudy().results)
    #expect(ReportWriter.renderFiles(results: shuffled) == files)
  }

  @Test(arguments: [PhantomStudy(), SnapshotTests.broken])
  func everyPlannedCellHasItsRow(study: PhantomStudy) {
    let rows = CSV.rows(StudyTables.cells(StudyAnalysis(study.results)))
    let ids = Set(rows.dropFirst().map { $0[1] })
    #expect(ids == Set(study.results.cells.map(\.cell.id.text)))
    #expect(rows.allSatisfy { $0.count == rows[0].count })
  }

  /// The vote of the nearest neighbours has a column where some cell asked for it, and none where none did.
  @Test func neighboursHaveAColumnWhereTheyWereAskedFor() {
    var results = PhantomStudy().results
    #expect(!CSV.rows(StudyTables.history(StudyAnalysis(results)))[0].contains("validation_knn"))
    var history = results.cells[0].history
    history[0].validationNeighbours = 0.375
    results.cells[0] = results.cells[0].with(history: history)
    let rows = CSV.rows(StudyTables.history(StudyAnalysis(results)))
    #expect(rows[0].suffix(3) == ["validation_metric", "validation_knn", "train_key"])
    #expect(rows.dropFirst().count { $0[rows[0].count - 2] == "0.375" } == 1)
    #expect(rows.dropFirst().count { $0[rows[0].count - 2] == "" } == rows.count - 2)
  }

  /// Images of each class are a table where they are counted, and on the page beside what a data set lacks.
  @Test func imagesOfEachClassAreShownWhereTheyAreCounted() throws {
    var results = PhantomStudy().results
    #expect(!ReportWriter.renderFiles(results: results).contains { $0.path == "classes.csv" })
    results.datasets[0].classes = ["Edema", "Brust, korb"]
    results.datasets[0].classCounts = [
      ClassCount(images: [70, 15, 15], unknown: [3, 2, 1]), ClassCount(images: [9, 2, 1], unknown: [0, 0, 0]),
    ]
    results.datasets[0].missing = 4
    results.datasets[0].sharedGroups = 31
    let files = ReportWriter.renderFiles(results: results)
    let name = results.datasets[0].name
    #expect(
      files.first { $0.path == "classes.csv" }?.text == """
        dataset,class,train,val,test,train_unknown,val_unknown,test_unknown
        \(name),Edema,70,15,15,3,2,1
        \(name),"Brust, korb",9,2,1,0,0,0

        """)
    let page = try #require(files.first { $0.path == "report.html" }).text
    #expect(page.contains("\(name): 4 images that its labels name were not there and are left out."))
    #expect(page.contains("\(name): 31 patients or lesions have images in several splits."))
    #expect(page.contains("<td>Edema</td>") && page.contains("Unknown, all splits"))
  }

  @Test func absentRunsAreCountedAndNeverAveraged() throws {
    let analysis = StudyAnalysis(SnapshotTests.broken.results)
    let settings = Dictionary(
      uniqueKeysWithValues: analysis.settings.map { ($0.key.title(showsFraction: false), $0) })
    let diverged = try #require(settings["derma, vit_micro, RI"])
    #expect((diverged.planned, diverged.n, diverged.diverged, diverged.failed, diverged.missing) == (5, 4, 1, 0, 0))
    let failed = try #require(settings["derma, vit_micro, WT"])
    #expect(failed.n == 0 && failed.failed == 5 && failed.summary == nil)
    let missing = try #require(settings["nodules, resnet_micro, ST"])
    #expect((missing.n, missing.missing) == (2, 3))
    for setting in analysis.settings {
      #expect(setting.n + setting.diverged + setting.failed + setting.missing == setting.planned)
    }
  }

  @Test func aValueThatIsNoNumberIsMissing() throws {
    var results = PhantomStudy(datasets: ["derma"], backbones: ["resnet_micro"], fractions: [1]).results
    results.cells[0] = results.cells[0].with(firstMetric: .nan)
    let analysis = StudyAnalysis(results)
    #expect(analysis.settings[0].n == 4 && analysis.settings[0].missing == 1)
    #expect(analysis.gains[0].differences[.wtRI]?.differences.n == 4)
    for file in ReportWriter.renderFiles(results: results) { #expect(!file.text.contains("nan,")) }
  }

  /// Worked by hand: one seed, RI 0.5, ST 0.6, WT 0.8, and a second case where WT loses.
  @Test func gainsByHand() throws {
    var results = PhantomStudy(datasets: ["derma"], backbones: ["a", "b"], fractions: [1], seeds: 1).results
    for (index, value) in [0.5, 0.6, 0.8, 0.8, 0.5, 0.4].enumerated() {
      results.cells[index] = results.cells[index].with(firstMetric: value)
    }
    let gains = StudyAnalysis(results).gains
    let first = try #require(gains.first)
    #expect(first.relativeGain?.ratio == 1.6)
    #expect(try #require(first.featureReuse).isNear(0.25))
    #expect(try #require(first.reuseShareOfGain).isNear(2.0 / 3))
    #expect(first.featureReuseNormalised == 1)
    #expect(gains[1].relativeGain?.ratio == 0.5)
    #expect(try #require(gains[1].featureReuse).isNear(-0.25))
    #expect(gains[1].featureReuseNormalised == 0)
  }

  @Test func comparisonsPairBySeed() throws {
    var study = PhantomStudy(datasets: ["derma"], backbones: ["a"], fractions: [1], initialisations: ["RI", "WT"])
    study.fate = { cell in
      let isLost = cell.initialisation == "RI" && cell.seed == 0 || cell.initialisation == "WT" && cell.seed > 2
      return isLost ? (.failed, "lost") : nil
    }
    let results = study.results
    let scores = Dictionary(uniqueKeysWithValues: results.cells.map { ($0.cell.id.text, $0.score) })
    let expected = try [1, 2].map { seed in
      let wt = try #require(scores["derma/a/1.0/WT/\(seed)"] ?? nil)
      let ri = try #require(scores["derma/a/1.0/RI/\(seed)"] ?? nil)
      return wt - ri
    }
    let comparison = try #require(StudyAnalysis(results).gains.first?.differences[.wtRI])
    #expect(comparison.differences == SampleSummary(expected))
    #expect(comparison.p == 0.5 && comparison.correctedP == 0.5)
  }

  @Test func furtherAxesAreColumnsAndPartOfTheSetting() {
    var results = PhantomStudy(datasets: ["derma"], backbones: ["a"], fractions: [1]).results
    for rate in ["0.1", "0.01"] {
      let study = PhantomStudy(
        datasets: ["derma"], backbones: ["a"], fractions: [1],
        furtherAxes: [AxisValue(name: "training.lr", value: rate), AxisValue(name: "value", value: "x, \"y\"")])
      results.cells = (rate == "0.1" ? [] : results.cells) + study.results.cells
    }
    let analysis = StudyAnalysis(results)
    #expect(analysis.furtherAxes == ["training.lr", "value"])
    #expect(analysis.cases.map { $0.furtherAxes[0].value } == ["0.01", "0.1"])
    let rows = CSV.rows(StudyTables.gains(analysis))
    #expect(rows[0].prefix(6) == ["dataset", "backbone", "fraction", "training.lr", "axis.value", "metric"])
    #expect(rows[1].prefix(5) == ["derma", "a", "1", "0.01", "x, \"y\""])
    #expect(rows.count == 3)
  }

  @Test(arguments: ["plain", "a,b", "say \"so\"", "two\nlines", "return\rhere", ""])
  func fieldsSurviveCSV(reason: String) {
    let study = PhantomStudy(
      datasets: ["derma"], backbones: ["a"], fractions: [1], initialisations: ["RI"], seeds: 1,
      fate: { _ in (.failed, reason) })
    let rows = CSV.rows(StudyTables.cells(StudyAnalysis(study.results)))
    #expect(rows.count == 2)
    #expect(rows[0].firstIndex(of: "reason").map { rows[1][$0] } == reason)
  }

  @Test func latexEscapesWhatItWouldRead() {
    var study = PhantomStudy(datasets: ["50%_&_[all]#~^\\{x}$"], backbones: ["a"], fractions: [1], seeds: 1)
    study.initialisations = ["RI"]
    let latex = PerformanceTable(StudyAnalysis(study.results)).latex
    #expect(
      latex.contains(
        "50\\%\\_\\&\\_{[}all{]}\\#\\textasciitilde{}\\textasciicircum{}\\textbackslash{}\\{x\\}\\$ & quadratic kappa"))
  }

  @Test func anEmptyStudyStillReports() {
    let results = StudyResults(study: "empty", datasets: [], backbones: [], cells: [], provenance: [:])
    let files = Dictionary(
      uniqueKeysWithValues: ReportWriter.renderFiles(results: results).map { ($0.path, $0.text) })
    #expect(files["cells.csv"]?.split(separator: "\n").count == 1)
    #expect(files["report.html"]?.contains("0 of 0") == true)
    #expect(files["figures/figure-1.svg"]?.contains("Nothing to draw") == true)
    #expect(files["provenance.json"] == "{}\n")
  }
}

extension Double {
  func isNear(_ other: Double) -> Bool { (self - other).magnitude < 1e-12 }
}

/// A reader of RFC 4180, apart from the writer it checks.
enum CSV {
  static func rows(_ bytes: BytePieces) -> [[String]] { rows(String(decoding: bytes.joined, as: UTF8.self)) }

  static func rows(_ text: String) -> [[String]] {
    var rows: [[String]] = []
    var row: [String] = []
    var field = ""
    var isQuoted = false
    var scalars = Array(text.unicodeScalars)[...]
    while let scalar = scalars.popFirst() {
      switch (scalar, isQuoted) {
      case ("\"", true) where scalars.first == "\"":
        field += "\""
        scalars.removeFirst()
      case ("\"", _): isQuoted.toggle()
      case (",", false):
        row.append(field)
        field = ""
      case ("\n", false):
        rows.append(row + [field])
        row = []
        field = ""
      default: field.unicodeScalars.append(scalar)
      }
    }
    return rows
  }
}
