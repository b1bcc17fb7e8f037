import Files
import Foundation
import Testing

/// `graft run --executor slurm` on a real, tiny study.
@Suite("A study on a cluster", .serialized, .enabled(if: Cluster.isInstalled, "needs slurm-wlm, munge and root"))
struct SlurmStudyTests {
  static let study = """
    study: tiny
    axes: {dataset: [grading], backbone: [vit_micro], init: [RI, WT]}
    seeds: 1
    training: {epochs: 2, batch_size: 32, image_size: 32}
    analyses: [test, knn, l2]
    datasets:
      shapes: {format: phantom, domain: source, images: {train: 64, val: 32, test: 32}, size: 40, seed: 7}
      grading: {format: phantom, domain: grading, images: {train: 64, val: 32, test: 32}, size: 40, seed: 8}
    weights: {vit_micro: {pretrain: {dataset: shapes, epochs: 1}}}
    resources: {jobs: 1, threads_per_job: 1}
    slurm: {memory: 1000M, idle: 3}

    """

  struct Folder {
    let path: String

    init() throws {
      var template = Array("/tmp/graft-study-XXXXXX".utf8CString)
      path = String(cString: try #require(mkdtemp(&template)))
      try DurableFiles.write(Array(SlurmStudyTests.study.utf8), to: "\(path)/tiny.yaml")
    }

    func graft(_ arguments: [String], environment: [String: String]) throws -> Command.Result {
      try Command.run(
        try Command.product("graft"), arguments, environment: environment.merging(["HOME": path]) { $1 }, in: path)
    }

    func remove() { try? DurableFiles.remove(path) }
  }

  @Test(.timeLimit(.minutes(6))) func itsTablesAreThoseOfARunOnOneMachine() throws {
    let cluster = try Cluster()
    let (near, far) = (try Folder(), try Folder())
    defer {
      near.remove()
      far.remove()
    }
    let local = try near.graft(["run", "tiny.yaml"], environment: [:])
    try #require(local.status == 0, "\(local.output)")
    // What the study does not say, the user's own file does.
    try DurableFiles.makeFolder("\(far.path)/.config/graft")
    try DurableFiles.write(
      Array("partition: main\nmax_jobs: 3\nidle: 600\nkinds: {train: {time: 20}}\n".utf8),
      to: "\(far.path)/.config/graft/slurm.yaml")
    let remote = try far.graft(
      ["run", "tiny.yaml", "--executor", "slurm", "--set", "slurm.poll=1"], environment: cluster.environment)
    try #require(remote.status == 0, "\(remote.output)")
    #expect(remote.output.contains("in Slurm jobs, at most 3 at once"), "\(remote.output)")
    #expect(remote.output.contains("job(s) ran, by "), "\(remote.output)")
    for folder in [near, far] {
      let report = try folder.graft(["report", "tiny.yaml"], environment: [:])
      try #require(report.status == 0, "\(report.output)")
    }
    for table in ["cells", "settings", "gains", "history", "layers"] {
      let name = "results/tiny/\(table).csv"
      #expect(
        try DurableFiles.read("\(near.path)/\(name)") == DurableFiles.read("\(far.path)/\(name)"), "\(table) differs")
    }
    #expect(try cluster.active().isEmpty)
    // Nothing of the profile is part of a key: on one machine there is nothing left to do.
    let again = try far.graft(["run", "tiny.yaml"], environment: [:])
    #expect(again.output.contains("nothing to run"), "\(again.output)")
  }

  @Test func whatMakesNoSenseThereIsRefused() throws {
    let folder = try Folder()
    defer { folder.remove() }
    let threads = try folder.graft(
      ["run", "tiny.yaml", "--executor", "slurm", "--threads", "2"], environment: [:])
    #expect(threads.status == 64)
    #expect(threads.output.contains("--set slurm.cpus=4"), "\(threads.output)")
    let nowhere = try folder.graft(["run", "tiny.yaml", "--executor", "slurm"], environment: ["PATH": "/nowhere"])
    #expect(nowhere.status == 69)
    #expect(nowhere.output.contains("there is no `sbatch` here"), "\(nowhere.output)")
    try DurableFiles.makeFolder("\(folder.path)/.config/graft")
    try DurableFiles.write(
      Array("time: soon\npartitoin: main\n".utf8), to: "\(folder.path)/.config/graft/slurm.yaml")
    let wrong = try folder.graft(["run", "tiny.yaml", "--executor", "slurm"], environment: [:])
    #expect(wrong.status == 65)
    #expect(wrong.output.contains("slurm.yaml:1:7: error: "), "\(wrong.output)")
    #expect(wrong.output.contains("slurm.yaml:2:1: error: "), "\(wrong.output)")
  }
}
