import Files
import Foundation
import Planner
import Stages
import Testing
import WorkerProtocol

/// Test sets drawn anew from kept predictions.
@Suite struct TestBootstrapTests {
  /// A folder with a `test` stage's predictions, removed at the end.
  private final class Folder {
    let path: String

    init(_ predictions: String) throws {
      path = NSTemporaryDirectory() + "graft-bootstrap-" + UUID().uuidString
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      try DurableFiles.write(Array(predictions.utf8), to: "\(path)/predictions.csv")
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func outcome(_ metrics: [Planner.Metric], draws: Int, threads: Int = 1) throws -> StageOutcome {
      let spec = try #require(
        try StudyReader.read(
          text: """
            study: s
            axes: {dataset: [grading], backbone: [resnet_micro], init: [RI]}
            seeds: 1
            analyses: [{name: test_bootstrap, draws: \(draws)}]
            datasets: {grading: {format: phantom, domain: grading, images: {train: 100, val: 20, test: 20}}}
            """, fileName: "study.yaml"
        ).plan(contents: [:]).stages.first { $0.kind == .testBootstrap })
      var parameters = try MeasureParameters(spec.parameters, of: spec.kind)
      parameters.metrics = metrics
      let request = StageRequest(
        attempt: 1, key: spec.key, kind: spec.kind, label: spec.label, parameters: parameters.canonical,
        inputs: [ResolvedInput(role: "test", key: spec.key, folder: path)], locations: [:], outputFolder: path,
        checkpointFolder: path, threads: threads, device: "cpu")
      return try TestBootstrapStage(request: request).run(StageContext())
    }
  }

  private func value(_ name: String, _ outcome: StageOutcome) throws -> Double {
    try #require(outcome.metrics.first { $0.name == name }?.value)
  }

  /// Of 400 images of which 300 are right, the accuracy is binomial: its deviation is that of 0.75 over 400.
  @Test func accuracyIsBinomial() throws {
    var text = "image,class,p(a),p(b)\n"
    for image in 0..<400 {
      let (isFirst, isRight) = (image % 2 == 0, image % 4 != 0)
      text += "\(image),\(isFirst ? "a" : "b"),\(isFirst == isRight ? "0.8,0.2" : "0.2,0.8")\n"
    }
    let folder = try Folder(text)
    let outcome = try folder.outcome([.accuracy], draws: 4000)
    let expected = (0.75 * 0.25 / 400).squareRoot()
    #expect(abs(try value("accuracy.sd", outcome) / expected - 1) < 0.05)
    #expect(abs(try value("accuracy.low", outcome) - (0.75 - 1.96 * expected)) < 0.005)
    #expect(abs(try value("accuracy.high", outcome) - (0.75 + 1.96 * expected)) < 0.005)
    // Draws do not follow from who makes them.
    #expect(try folder.outcome([.accuracy], draws: 4000, threads: 3) == outcome)
  }

  /// Of images that show several classes, some of which nobody knows; a set without an image of a class has no area.
  @Test func severalClassesAndSetsOnWhichNothingIsDefined() throws {
    let folder = try Folder(
      """
      image,a,b,p(a),p(b)
      1,1,0,0.9,0.2
      2,0,,0.3,0.7
      3,0,0,0.4,0.1
      4,0,1,0.1,0.6

      """)
    let outcome = try folder.outcome([.rocAUC], draws: 500)
    #expect(try value("roc_auc.high", outcome) == 1)
    let undefined = try #require(outcome.facts["undefined"]?["roc_auc"]?.intValue)
    #expect(undefined > 0 && undefined < 250)
  }

  @Test func aModelThatDivergedHasNoTest() throws {
    let folder = try Folder("")
    try FileManager.default.removeItem(atPath: "\(folder.path)/predictions.csv")
    #expect(try folder.outcome([.accuracy], draws: 100).diverged)
  }

  @Test(arguments: ["image,class,p(a),p(b)\n1,c,0.5,0.5\n", "image,x\n1,2\n", "image,class,p(a),p(b)\n1,a,0.5\n", ""])
  func whatIsNoTableOfPredictionsIsRefused(text: String) throws {
    let folder = try Folder(text)
    #expect(throws: StageFailure.self) { try folder.outcome([.accuracy], draws: 100) }
  }

  /// As NumPy's `percentile` and `std(ddof=1)` have it for 1, 2, 4, 8, 16.
  @Test func percentilesAreNumPys() throws {
    let spread = try #require(BootstrapSpread(sorted: [1, 2, 4, 8, 16]))
    #expect(abs(spread.sd - 6.099180272790763) < 1e-12)
    #expect(abs(spread.low - 1.1) < 1e-12 && abs(spread.high - 15.2) < 1e-12)
    #expect(BootstrapSpread(sorted: [1]) == nil)
  }
}
