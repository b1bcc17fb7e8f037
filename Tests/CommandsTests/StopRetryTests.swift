import Foundation
import Testing

/// Telling a run from another terminal what to do, and running again what failed.
@Suite(.serialized) struct StopRetryTests {
  func awaitRun(_ run: GraftProcess.Running, in folder: TemporaryFolder) {
    // Made when the first worker is started for a stage.
    while run.isRunning, !folder.exists(".graft/logs/worker-0.log") { Thread.sleep(forTimeInterval: 0.02) }
  }

  @Test(.timeLimit(.minutes(3)), arguments: [[], ["--now"], ["--no-wait"]])
  func anotherTerminalStopsARun(options: [String]) throws {
    let folder = try TemporaryFolder()
    try folder.write(Studies.small(epochs: 200), to: "small.yaml")
    let none = try GraftProcess.run(["stop", "small.yaml"], in: folder)
    #expect(none.status == 0 && none.errors.contains("there is no run in"), "\(none.errors)")

    let run = try GraftProcess.start(["run", "small.yaml"], in: folder)
    awaitRun(run, in: folder)
    let stop = try GraftProcess.run(["stop", "small.yaml"] + options, in: folder)
    #expect(stop.status == 0, "\(stop.errors)")
    #expect(stop.errors.contains(": process \(run.process.processIdentifier) on"), "\(stop.errors)")
    if options != ["--no-wait"] {
      #expect(stop.errors.hasSuffix("it has ended; `graft run` goes on\n"), "\(stop.errors)")
    }
    let ended = try run.finish()
    #expect(ended.status == 130, "\(ended.errors)")
    #expect(ended.errors.contains(options == ["--now"] ? "stopping at once" : "stopping: running stages"))
    #expect(!folder.exists(".graft/stop"))
  }

  /// One data set is missing its images: what needs it fails. With the images there, `retry` runs that and nothing else.
  @Test(.timeLimit(.minutes(3))) func whatFailedIsRunAgain() throws {
    let folder = try TemporaryFolder()
    let study = Studies.small(epochs: 1, seeds: 1)
      .replacing(
        "resnet_micro: {pretrain: {dataset: shapes, epochs: 1}}", with: "resnet_micro: {file: none.safetensors}")
    try folder.write(study, to: "small.yaml")
    let first = try GraftProcess.run(["run", "small.yaml"], in: folder)
    #expect(first.status == 1, "\(first.errors)")
    #expect(first.errors.contains("failed: "))
    func attempts() throws -> [Substring] {
      try GraftProcess.run(["export", "small.yaml", "--table", "attempts"], in: folder).output.split(separator: "\n")
    }
    let before = try attempts().count

    // Left alone, nothing is tried.
    let left = try GraftProcess.run(["run", "small.yaml", "--no-retry-failed"], in: folder)
    #expect(left.status == 1, "\(left.errors)")
    #expect(try attempts().count == before)
    // The file is still not there, and the filter takes the cells that need it.
    let second = try GraftProcess.run(["retry", "small.yaml", "backbone=resnet_micro"], in: folder)
    #expect(second.status == 1, "\(second.errors)")
    #expect(try attempts().count == before + 1)
    let none = try GraftProcess.run(["retry", "small.yaml", "backbone=vit_micro"], in: folder)
    #expect(none.status == 0 && none.errors.contains("nothing failed of what 'backbone=vit_micro' matches"))
    let wrong = try GraftProcess.run(["retry", "small.yaml", "colour=red"], in: folder)
    #expect(wrong.status == 64, "\(wrong.errors)")
  }

  @Test(.timeLimit(.minutes(2))) func whatIsToComeFirstDoes() throws {
    let folder = try TemporaryFolder()
    try folder.write(Studies.small(epochs: 1), to: "small.yaml")
    let run = try GraftProcess.run(
      ["run", "small.yaml", "--jobs", "1", "--first", "backbone=vit_micro,init=WT,seed=1"], in: folder)
    try #require(run.status == 0, "\(run.errors)")
    let done = run.errors.split(separator: "\n").filter { $0.contains("]: ") || $0.hasPrefix("[") }
    let first = try #require(done.firstIndex { $0.contains("train grading/vit_micro") && $0.contains("/WT/1") })
    // What it needs, and nothing else, came before it: two data sets and the source's training.
    #expect(first == 3, "\(done.prefix(6))")
    let wrong = try GraftProcess.run(["run", "small.yaml", "--first", "colour=red"], in: folder)
    #expect(wrong.status == 64 && wrong.errors.contains("--first: "), "\(wrong.errors)")
  }
}
