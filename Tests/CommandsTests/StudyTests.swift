import Foundation
import Testing

/// The whole way on a small study, as its user sees it.
@Suite(.serialized) struct StudyTests {
  @Test(.timeLimit(.minutes(3))) func fromStudyFileToReport() throws {
    let folder = try TemporaryFolder()
    try folder.write(Studies.small(), to: "small.yaml")

    let plan = try GraftProcess.run(["plan", "small.yaml"], in: folder)
    #expect(plan.status == 0)
    #expect(plan.output.contains("12 cells"), "\(plan.output)")

    let run = try GraftProcess.run(["run", "small.yaml"], in: folder)
    try #require(run.status == 0, "\(run.errors)")

    let report = try GraftProcess.run(["report", "small.yaml"], in: folder)
    #expect(report.status == 0, "\(report.errors)")
    let expected = [
      "cells.csv", "settings.csv", "gains.csv", "history.csv", "figures/figure-1.svg", "tables/performance.md",
      "tables/performance.tex", "report.html", "provenance.json",
    ]
    for file in expected { #expect(folder.exists("results/small/\(file)"), "\(file) is missing") }
    let cells = try folder.text("results/small/cells.csv")
    #expect(cells.contains("quadratic_kappa"))
    #expect(cells.contains("grading/vit_micro/1.0/WT/1"), "\(cells.prefix(500))")

    // Its trainings are drawn by how soon they converge; nothing of it measures layers.
    #expect(try folder.text("results/small/figures/convergence.csv").split(separator: "\n").count == 13)
    let layers = try GraftProcess.run(["export", "small.yaml", "--table", "layers"], in: folder)
    #expect(layers.status == 64 && layers.errors.contains("none of its analyses measures layers"), "\(layers.errors)")

    // The same database gives the same bytes.
    let before = try expected.map { try folder.data("results/small/\($0)") }
    #expect(try GraftProcess.run(["report", "small.yaml"], in: folder).status == 0)
    #expect(try expected.map { try folder.data("results/small/\($0)") } == before)

    let explained = try GraftProcess.run(["explain", "small.yaml", "grading/resnet_micro/1.0/WT/0"], in: folder)
    #expect(explained.status == 0)
    #expect(explained.output.contains("pretrain"), "\(explained.output)")
    let log = try GraftProcess.run(["logs", "small.yaml", "grading/resnet_micro/1.0/WT/0"], in: folder)
    #expect(log.status == 0)
    #expect(log.output.contains("resnet_micro"), "\(log.output)")
    let status = try GraftProcess.run(["status", "small.yaml", "--format", "json"], in: folder)
    #expect(status.status == 0)
    #expect(status.output.contains("\"done\""), "\(status.output)")
  }

  /// Growing the grid runs only what is new.
  @Test(.timeLimit(.minutes(3))) func aSeedAddedRunsOnlyThatSeed() throws {
    let folder = try TemporaryFolder()
    try folder.write(Studies.small(epochs: 1, seeds: 1), to: "small.yaml")
    #expect(try GraftProcess.run(["run", "small.yaml"], in: folder).status == 0)
    try folder.write(Studies.small(epochs: 1, seeds: 2), to: "small.yaml")
    let plan = try GraftProcess.run(["plan", "small.yaml", "--format", "json"], in: folder)
    #expect(plan.output.contains("\"stages_to_run\":12"), "\(plan.output)")
  }

  /// The machine as it is: libtorch with its place, and room on the disk.
  @Test func doctorSaysWhatTheMachineHas() throws {
    let folder = try TemporaryFolder()
    try folder.write(Studies.small(), to: "small.yaml")
    let result = try GraftProcess.run(["doctor", "small.yaml", "--format", "csv"], in: folder)
    #expect(result.status == 0, "\(result.output)")
    let rows = result.output.split(separator: "\n").map(String.init)
    #expect(rows.contains { $0.hasPrefix("libtorch,") && $0.contains("/libtorch_cpu") }, "\(result.output)")
    let disk = try #require(rows.first { $0.hasPrefix("disk,") })
    #expect(try #require(disk.split(separator: ",")[1].split(separator: " ").first.flatMap { Int($0) }) > 0)
  }

  /// Weights that are not there, with the command that fetches them.
  @Test func doctorSaysHowToFetchWeights() throws {
    let folder = try TemporaryFolder()
    let study = Studies.small().replacing("backbone: [resnet_micro, vit_micro]", with: "backbone: [deit_tiny]")
      .replacing("resnet_micro: {pretrain: {dataset: shapes, epochs: 1}}", with: "deit_tiny: {file: weights/t.pth}")
    try folder.write(study, to: "small.yaml")
    let result = try GraftProcess.run(["doctor", "small.yaml", "--format", "csv"], in: folder)
    #expect(result.status == 69, "\(result.output)")
    #expect(result.output.contains("weights/t.pth; graft fetch weights deit_tiny,NO"), "\(result.output)")
  }

  /// What cannot work is seen before anything is trained, as far as it can be.
  @Test(.timeLimit(.minutes(2))) func planSaysWhatWouldFail() throws {
    let folder = try TemporaryFolder()
    let study = Studies.small(epochs: 1, seeds: 1)
      .replacing("backbone: [resnet_micro, vit_micro]", with: "backbone: [deit_tiny]")
      .replacing("resnet_micro: {pretrain: {dataset: shapes, epochs: 1}}", with: "deit_tiny: {file: weights/t.pth}")
    try folder.write(study, to: "small.yaml")
    let absent = try GraftProcess.run(["plan", "small.yaml", "--set", "training.batch_size=30"], in: folder)
    #expect(absent.status == 0)
    #expect(
      absent.errors.contains("would fail: weights/deit_tiny: not there: \(folder.url.path)/weights/t.pth"),
      "\(absent.errors)")

    try folder.write(Studies.small(epochs: 1, seeds: 1), to: "small.yaml")
    let large = ["small.yaml", "--set", "training.batch_size=5000"]
    let before = try GraftProcess.run(["plan"] + large + ["--format", "json"], in: folder)
    #expect(before.output.contains("batch_size 5000 is more than the"), "\(before.output)")
    let run = try GraftProcess.run(["run"] + large, in: folder)
    #expect(run.status == 1)
    #expect(run.errors.contains("batch_size 5000 is more than the"), "\(run.errors)")
    let fine = try GraftProcess.run(["plan", "small.yaml"], in: folder)
    #expect(!fine.errors.contains("would fail"), "\(fine.errors)")
  }
}
