import Files
import Foundation
import Planner
import Report
import Store
import Testing
import WorkerProtocol

/// What measures leave, in tables and figures.
@Suite struct MeasureTests {
  private static let small = PhantomStudy(
    datasets: ["derma"], backbones: ["net"], fractions: [1], seeds: 2,
    measures: PhantomMeasures(layers: { _ in ["a", "b", "fc"] }, images: 6))

  private func rows(_ csv: BytePieces) throws -> [[String: String]] {
    let rows = CSV.rows(csv)
    let names = try #require(rows.first)
    return rows.dropFirst().map { Dictionary(uniqueKeysWithValues: zip(names, $0)) }
  }

  private func file(_ path: String, of study: PhantomStudy) throws -> String {
    try #require(ReportWriter.renderFiles(results: study.results).first { $0.path == path }).text
  }

  @Test func theSameBytesInAnyOrderOfCells() {
    var shuffled = Self.small.results
    shuffled.cells.reverse()
    #expect(ReportWriter.renderFiles(results: shuffled) == ReportWriter.renderFiles(results: Self.small.results))
  }

  @Test func everyLayerOfEveryRunHasItsRow() throws {
    let results = Self.small.results
    let found = try rows(StudyTables.layers(StudyAnalysis(results)))
    let expected = results.cells.flatMap(\.measures).reduce(0) { count, measure in
      count + measure.layers.series.reduce(0) { $0 + $1.values.count }
        + measure.layers.matrices.reduce(0) { $0 + $1.values.count }
    }
    #expect(found.count == expected && expected > 100)
    let cell = try #require(results.cells.first { $0.cell.id.text == "derma/net/1.0/WT/1" })
    let cross = try #require(cell.measures.first { $0.measure.kind == .crossCKA })
    let row = try #require(
      found.first {
        $0["cell"] == "derma/net/1.0/WT/1" && $0["analysis"] == "cross_cka" && $0["layer"] == "b"
          && $0["other_layer"] == "a"
      })
    #expect(row["other_init"] == "ST" && row["other_state"] == "trained" && row["state"] == "trained")
    #expect(row["position"] == "1" && row["metric"] == "cka" && row["key"] == cross.measure.key.hex)
    let value = try #require(cross.layers.matrices[0].values[2])
    #expect(row["value"].flatMap(Double.init) == value)
    let own = try #require(found.first { $0["analysis"] == "cka" && $0["init"] == "RI" })
    #expect(own["other_init"] == "RI" && own["state"] == "initial" && own["other_state"] == "initial")
    #expect(found.contains { $0["metric"] == "l2_tensor" && $0["layer"] == "a.weight" && $0["state"] == "" })
  }

  /// Nearest neighbours judge the test images by metrics of the same names: no row of theirs looks like a test's.
  @Test func numbersOfMeasuresAreNotTakenForTheTests() throws {
    var plain = Self.small
    plain.measures = nil
    let tested = try rows(StudyTables.cells(StudyAnalysis(plain.results)))
    let all = try rows(StudyTables.cells(StudyAnalysis(Self.small.results)))
    #expect(all.filter { $0["split"] == "test" }.map { $0.filter { $0.key != "measure_key" } } == tested)
    let neighbours = all.filter { $0["split"] == "knn" && $0["metric"] == "quadratic_kappa" }
    #expect(neighbours.count == 6 && neighbours.allSatisfy { $0["value"] != "" && $0["test_key"] == "" })
    let kinds = Set(all.compactMap { $0["split"] })
    #expect(kinds == Set(["test"] + PhantomMeasures.allKinds.map(\.rawValue)))

    let settings = try rows(StudyTables.settings(StudyAnalysis(Self.small.results)))
    let summary = try #require(settings.first { $0["init"] == "WT" && $0["split"] == "knn" })
    let values = neighbours.filter { $0["init"] == "WT" }.compactMap { $0["value"].flatMap(Double.init) }
    #expect(summary["n"] == "2" && summary["judged_by"] == "no")
    #expect(try #require(summary["mean"].flatMap(Double.init)).isNear((values[0] + values[1]) / 2))
  }

  @Test func whatIsNotMeasuredIsCountedAndSaid() throws {
    let analysis = StudyAnalysis(SnapshotTests.brokenMeasures.results)
    let tally = analysis.tally(.cka)
    #expect((tally.planned, tally.done, tally.absences) == (12, 8, "2 failed, 2 missing"))
    #expect(tally.unmeasured.map(\.initialisation) == ["RI"])
    #expect(
      tally.reasons.lines == [
        "2 missing: not yet run", "2 failed: cka failed: the device has too little memory for a batch of 64 images",
      ])
    let note = try #require(tally.note)
    #expect(note.hasPrefix("Measured on 8 of 12 models (2 failed, 2 missing); the report names the reasons."))
    #expect(note.hasSuffix("No run of: derma, deit_small_patch16_224_in21k, fraction 1, RI."))
    #expect(try file("figures/cka.svg", of: SnapshotTests.brokenMeasures).contains("Measured on 8 of 12 models"))
    let page = try file("report.html", of: SnapshotTests.brokenMeasures)
    #expect(page.contains("2 failed: knn failed: &lt;no&gt; &quot;images&quot;"))
    #expect(page.contains("Computed with k = 200, temperature = 0.1."))
    // A setting none of whose runs is measured has its row all the same.
    let lost = try #require(
      rows(StudyTables.settings(analysis)).first {
        $0["dataset"] == "derma" && $0["init"] == "ST" && $0["split"] == "knn"
      })
    #expect(lost["planned"] == "2" && lost["failed"] == "2" && lost["mean"] == "")
  }

  /// A distance is one stage, which all cells of a data set share.
  @Test func sharedStagesAreCountedOnce() {
    let tally = StudyAnalysis(SnapshotTests.measures.results).tally(.distance)
    #expect(tally.planned == 2 && tally.done == 2 && tally.note == nil)
  }

  @Test func profilesAndMatricesAreMeansOfTheRunsThatHaveAValue() throws {
    var results = PhantomStudy(
      datasets: ["derma"], backbones: ["net"], fractions: [1], initialisations: ["WT"], seeds: 3
    ).results
    let values: [[Double?]] = [[1, nil], [2, nil], [6, .nan]]
    for (index, values) in values.enumerated() {
      let side = LayerMatrix.Side(state: .trained, layers: ["a"])
      let layers = LayerMeasures(
        series: [LayerSeries(state: nil, metric: "l2", layers: ["a", "b"], values: values)],
        matrices: [
          LayerMatrix(
            metric: "cka", rows: side, columns: .init(state: .initial, layers: ["a", "b"]), values: values)
        ])
      let measures = [StageKind.l2, .cka].map { kind in
        MeasureResult(measure: CellMeasure(kind: kind, key: PhantomStudy.key("\(kind) \(index)")), layers: layers)
      }
      results.cells[index] = results.cells[index].with(measures: measures)
    }
    let analysis = StudyAnalysis(results)
    let profile = try #require(LayerProfile.all(.l2, analysis) { _, _ in true }.first)
    #expect(profile.layers.map(\.name) == ["a", "b"] && profile.n == 3)
    let summary = try #require(profile.layers[0].summary)
    #expect(summary.mean == 3 && summary.min == 1 && summary.max == 6)
    #expect(profile.layers[1].summary == nil)
    let matrix = try #require(MeanMatrix.all(.cka, analysis).first)
    #expect(matrix.values.map { $0?.mean } == [3, nil])
  }

  /// Labels of turned type need as much room along the axis as the height of their type asks.
  @Test(arguments: ["layerwise-knn", "layer-importance", "l2", "cka", "cross-cka"])
  func labelsOfSixtyLayersDoNotOverlap(name: String) throws {
    let svg = try file("figures/\(name).svg", of: SnapshotTests.deepMeasures)
    let label = /<text x="([0-9.]+)" y="([0-9.]+)"[^>]*rotate\(-45 [^>]*>([^<]*)</
    var byRow: [String: [Double]] = [:]
    for match in svg.matches(of: label) { byRow[String(match.2), default: []].append(Double(match.1) ?? 0) }
    #expect(!byRow.isEmpty)
    for places in byRow.values {
      for (left, right) in zip(places, places.dropFirst()) where right > left { #expect(right - left > 15) }
    }
    // Both ends of the network are named.
    #expect(svg.contains(">conv1<") && (svg.contains(">fc<") || svg.contains(">layer4.2<")))
  }

  /// Every place of a map is drawn once: the lengths of the strokes add up.
  @Test func rastersCoverTheirPanel() throws {
    let values: [Double?] = [0, 0, 1, nil, 0.5, 0.501, 2, -1, .some(0.25)]
    let panel = Panel(
      title: "m", x: Axis("", .band(["a", "b", "c"])), y: Axis("", .band(["z", "y", "x"])),
      marks: [.raster(Raster(rows: 3, columns: 3, values: values, range: Interval(low: 0, high: 1)))])
    let svg = Figure(name: "m", title: "m", description: "m", panels: [panel], isSquare: true).svg
    let strokes = svg.matches(of: /M([0-2]) ([0-2])h([0-9.]+)/)
    let covered = strokes.reduce(0) { $0 + Int(Double($1.3) ?? 0) }
    // 0.5 and 0.501 are one colour, and one stroke with it; the value beyond the range has the range's end.
    #expect(covered == 8 && strokes.count == 6)
    // The first row is the lowest: of three lines, the last.
    #expect(svg.contains("M0 2h2.05") && svg.contains("M2 2h1M"))
    #expect(svg.contains(Palette.sequential(1)) && svg.contains(Palette.sequential(0)))
  }

  @Test func embeddingsOfManyImagesAreDrawnFromEvenlySpacedOnes() throws {
    var study = Self.small
    study.measures = PhantomMeasures(kinds: [.embedding], images: 5000, classes: 12)
    study.initialisations = ["WT"]
    let svg = try file("figures/embedding.svg", of: study)
    #expect(svg.contains("Of panels with more than 2000 images, 2000 evenly spaced ones are drawn"))
    #expect(svg.matches(of: /M[0-9.]+ [0-9.]+(h\.01|l|h)/).count <= 2 * 2000 + 20)
    #expect(svg.contains(">class 0<") && svg.contains(">3 others<"))
    #expect(svg.utf8.count < 120_000)
    // All points of all seeds are in the table.
    #expect(try rows(BytePieces(file("figures/embedding.csv", of: study))).count == 2 * 2 * 5000)
  }

  @Test func filesOfMeasuresGoWithThem() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("graft-measures-\(UUID().uuidString)")
      .path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var plain = Self.small
    plain.measures = nil
    let paths = try ReportWriter.write(results: Self.small.results, to: folder)
    let left = try ReportWriter.write(results: plain.results, to: folder)
    let gone = Set(paths).subtracting(left)
    #expect(gone.count == 15 && gone.contains("\(folder)/layers.csv") && gone.contains("\(folder)/figures/cka.svg"))
    #expect(!gone.contains { FileManager.default.fileExists(atPath: $0) })
    let settings = ReportWriter.renderFiles(results: plain.results).first { $0.path == "cells.csv" }
    #expect(settings?.text.contains("measure_key") == false)
  }
}

@Suite struct ConvergenceTests {
  private func result(_ metrics: [Double], state: CellState = .done) throws -> CellResult {
    let result = try #require(
      PhantomStudy(datasets: ["derma"], backbones: ["a"], fractions: [1], initialisations: ["RI"], seeds: 1)
        .results.cells.first)
    let history = metrics.enumerated().map { index, metric in
      HistoryEntry(
        step: 10 * (index + 1), epoch: Double(index + 1) / 2, learningRate: 0.1, trainingLoss: 1, validationLoss: 1,
        validationMetric: metric)
    }
    return result.with(state: state, history: history)
  }

  @Test(
    arguments: [
      ([0.2, 0.75, 0.7, 0.8], 0.9, 20, nil), ([0.2, 0.75, 0.7, 0.8], 1, 40, nil), ([0.5], 0.95, 10, nil),
      // The first to reach it counts, though later ones fall below; what is no number is passed over.
      ([.nan, 0.8, 0.1, 0.8], 0.5, 20, nil),
      ([-0.2, -0.1], 0.95, nil, .bestNotPositive), ([0, 0], 0.95, nil, .bestNotPositive),
      ([], 0.95, nil, .withoutHistory), ([.nan], 0.95, nil, .withoutHistory),
    ] as [([Double], Double, Int?, Convergence.Absence?)])
  func firstValidationAtAShareOfTheBest(
    metrics: [Double], share: Double, step: Int?, absence: Convergence.Absence?
  ) throws {
    let found = Convergence(try result(metrics), share: share)
    #expect(found.step == step && found.absence == absence)
    #expect(found.epoch == step.map { Double($0) / 20 })
    #expect((found.threshold == nil) == (absence != nil))
  }

  @Test func aDivergedTrainingNeverConverges() throws {
    let found = Convergence(try result([0.1, 0.5], state: .diverged), share: 0.95)
    #expect(found.step == nil && found.best == 0.5 && found.absence == .diverged)
  }

  @Test func theStudysShareIsTheFigures() throws {
    var results = PhantomStudy(datasets: ["derma"], backbones: ["a"], fractions: [1], seeds: 1).results
    results.reporting.convergence = 0.7
    let files = ReportWriter.renderFiles(results: results)
    let figure = try #require(files.first { $0.path == "figures/convergence.svg" }).text
    #expect(figure.contains("Steps to reach 70 % of the best validation performance"))
    // 0.6 + 0.4 / 4 of the value at the first of four validations.
    let table = CSV.rows(try #require(files.first { $0.path == "figures/convergence.csv" }).text)
    #expect(table.dropFirst().allSatisfy { $0[table[0].firstIndex(of: "step") ?? 0] == "50" })
  }
}
