import Foundation
import Testing

/// What an edit, a newer version or a damaged file makes of results that are there.
@Suite(.serialized) struct ChangeTests {
  /// Stages that compute nothing: what is tested is which of them run.
  private static let hollow = [
    "GRAFT_WORKER": GraftProcess.binary.deletingLastPathComponent().appending(path: "graft-hollow-worker").path
  ]

  private func graft(
    _ arguments: [String], in folder: TemporaryFolder, environment: [String: String] = [:]
  ) throws -> GraftProcess.Result {
    try GraftProcess.run(arguments, in: folder, environment: Self.hollow.merging(environment) { $1 })
  }

  @Test(.timeLimit(.minutes(3))) func anEditIsToldBeforeItRunsAndRunsOnlyWhatIsNew() throws {
    let folder = try TemporaryFolder()
    try folder.write(Studies.small(), to: "small.yaml")
    let never = try graft(["plan", "small.yaml", "--against", "last"], in: folder)
    #expect(never.status == 66 && never.errors.contains("was never run"), "\(never.errors)")
    #expect(try graft(["run", "small.yaml"], in: folder).status == 0)
    let same = try graft(["plan", "small.yaml", "--against", "last"], in: folder)
    #expect(same.output == "small as it was last run: the same 12 cells\nnothing to run\n", "\(same.output)")

    try folder.write(Studies.small(epochs: 3, seeds: 3), to: "grown.yaml")
    let grown = try graft(["plan", "grown.yaml", "--against", "small.yaml"], in: folder)
    #expect(
      grown.output.contains("  adds    6 cells: seed: 2\n  keeps   12 cells\n12 stages to run, 12 of them"),
      "\(grown.output)")
    let run = try graft(["run", "grown.yaml"], in: folder)
    #expect(run.errors.contains("18 cells, 12 of 40 stages to run"), "\(run.errors)")

    let changed = try graft(
      ["plan", "grown.yaml", "--against", "last", "--set", "training.epochs=4", "--format", "json"], in: folder)
    #expect(changed.output.contains("{\"cells\":18,\"reason\":\"training.epochs: 3 -> 4\"}"), "\(changed.output)")
    let listed = try graft(["plan", "small.yaml", "--against", "grown.yaml", "--format", "csv"], in: folder)
    #expect(listed.output.split(separator: "\n").count { $0.hasPrefix("removed,grading/") } == 6, "\(listed.output)")
  }

  @Test(.timeLimit(.minutes(3))) func resultsOfAnOlderVersionAreStaleUntilTheyAreAccepted() throws {
    let folder = try TemporaryFolder()
    try folder.write(Studies.small(), to: "small.yaml")
    let later = ["GRAFT_REHEARSE_VERSIONS": "train=2"]
    let early = try graft(["accept", "train", "small.yaml"], in: folder)
    #expect(early.status == 66, "\(early.errors)")
    #expect(try graft(["run", "small.yaml"], in: folder).status == 0)
    let nothing = try graft(["accept", "train", "small.yaml"], in: folder)
    #expect(nothing.status == 64 && nothing.errors.contains("12 by version 1"), "\(nothing.errors)")
    let unknown = try graft(["accept", "trian", "small.yaml"], in: folder)
    #expect(unknown.status == 64 && unknown.errors.contains("did you mean train?"), "\(unknown.errors)")

    let stale = try graft(["plan", "small.yaml"], in: folder, environment: later)
    #expect(stale.output.contains(/train +12 +yes +stale/), "\(stale.output)")
    #expect(stale.output.contains("24 stages to run"), "\(stale.output)")
    let why = try graft(["explain", "small.yaml", "grading/vit_micro/1.0/WT/1"], in: folder, environment: later)
    #expect(why.output.contains("It is stale: version 1 of train made it, and version 2 makes it otherwise"))

    let reported = try graft(["report", "small.yaml", "--output", "stale"], in: folder, environment: later)
    #expect(reported.status == 0 && reported.output.contains("0 of 12 cells"), "\(reported.errors)")
    #expect(try folder.text("stale/settings.csv").contains("stale"))
    #expect(try folder.text("stale/cells.csv").contains(/,stale,.*version 1 of train made it/))
    #expect(try folder.text("stale/report.html").contains("12 stale: version 1 of train made it"))

    let accepted = try graft(
      ["accept", "train", "small.yaml", "--note", "only the log differs"], in: folder, environment: later)
    #expect(accepted.status == 0 && accepted.output.hasPrefix("12 results of train, made by version 1, stand"))
    let run = try graft(["run", "small.yaml"], in: folder, environment: later)
    #expect(run.status == 0 && run.errors.contains("nothing to run"), "\(run.errors)")
    let explained = try graft(["explain", "small.yaml", "grading/vit_micro/1.0/WT/1"], in: folder, environment: later)
    #expect(explained.output.contains("accepted made by version 1 of train, accepted as version 2's by "))
    #expect(try graft(["report", "small.yaml"], in: folder, environment: later).status == 0)
    let cells = try folder.text("results/small/cells.csv")
    #expect(cells.contains("accepted as version 2's by") && cells.contains("only the log differs"))

    let withdrawn = try graft(["accept", "train", "small.yaml", "--withdraw"], in: folder, environment: later)
    #expect(withdrawn.status == 0)
    #expect(try graft(["plan", "small.yaml"], in: folder, environment: later).output.contains("24 stages to run"))
    let wrong = try graft(["plan", "small.yaml"], in: folder, environment: ["GRAFT_REHEARSE_VERSIONS": "train"])
    #expect(wrong.status == 64 && wrong.errors.contains("write it like train=2,test=3"), "\(wrong.errors)")
  }

  /// What a run has counted is said as long as it holds, and no longer.
  @Test(.timeLimit(.minutes(3))) func aStatusIsTrueWhateverHappenedSinceTheRun() throws {
    let folder = try TemporaryFolder()
    try folder.write(Studies.small(epochs: 1, seeds: 1), to: "small.yaml")
    #expect(try GraftProcess.run(["run", "small.yaml"], in: folder).status == 0)
    let done = try GraftProcess.run(["status", "small.yaml"], in: folder)
    #expect(done.output.contains("small: 6 of 6 cells done"), "\(done.output)")
    // Another study of the workspace, other values, a part of the cells, an artifact that is gone.
    let other = try GraftProcess.run(["status", "small.yaml", "--set", "training.epochs=2"], in: folder)
    #expect(other.output.contains("small: 0 of 6 cells done"), "\(other.output)")
    let part = try GraftProcess.run(["status", "small.yaml", "--only", "init=RI"], in: folder)
    #expect(part.output.contains("small: 2 of 2 cells done"), "\(part.output)")
    let train = try #require(folder.files(under: ".graft/artifacts/train").first { !$0.contains("/") })
    try FileManager.default.removeItem(at: folder.url.appending(path: ".graft/artifacts/train/\(train)"))
    let gone = try GraftProcess.run(["status", "small.yaml"], in: folder)
    #expect(gone.output.contains("small: 5 of 6 cells done"), "\(gone.output)")
    #expect(try GraftProcess.run(["run", "small.yaml"], in: folder).errors.contains("1 of 16 stages to run"))
    try folder.write(Studies.small(epochs: 1, seeds: 2), to: "small.yaml")
    let grown = try GraftProcess.run(["status", "small.yaml"], in: folder)
    #expect(grown.output.contains("small: 6 of 12 cells done"), "\(grown.output)")
  }

  @Test(.timeLimit(.minutes(3))) func damagedArtifactsAreFoundAndMadeAgain() throws {
    let folder = try TemporaryFolder()
    try folder.write(Studies.small(epochs: 1, seeds: 1), to: "small.yaml")
    #expect(try GraftProcess.run(["run", "small.yaml"], in: folder).status == 0)
    let fine = try GraftProcess.run(["doctor", "--verify", "small.yaml"], in: folder)
    #expect(fine.status == 0 && fine.output.contains("all as recorded"), "\(fine.output)\(fine.errors)")
    let models = folder.files(under: ".graft/artifacts/train").filter { $0.hasSuffix(".safetensors") }.sorted()
    try #require(models.count == 6)
    // One byte of one model, another model as a whole.
    let path = ".graft/artifacts/train/\(models[0])"
    var bytes = try folder.data(path)
    bytes[bytes.count - 1] ^= 1
    try folder.write(bytes, to: path)
    try FileManager.default.removeItem(at: folder.url.appending(path: ".graft/artifacts/train/\(models[1])"))
    let found = try GraftProcess.run(["doctor", "--verify", "small.yaml"], in: folder)
    #expect(found.status == 1 && found.output.contains("is altered") && found.output.contains("is gone"))
    #expect(found.errors.contains("2 damaged") && found.errors.contains("--set-aside"), "\(found.errors)")
    #expect(try GraftProcess.run(["doctor", "--set-aside", "small.yaml"], in: folder).status == 64)
    let aside = try GraftProcess.run(["doctor", "--verify", "--set-aside", "small.yaml"], in: folder)
    #expect(aside.status == 1 && folder.exists(".graft/damaged/train"), "\(aside.errors)")
    let again = try GraftProcess.run(["run", "small.yaml"], in: folder)
    #expect(again.status == 0 && again.errors.contains("2 of 16 stages to run"), "\(again.errors)")
    #expect(try GraftProcess.run(["doctor", "--verify", "small.yaml"], in: folder).status == 0)
  }
}
