import Files
import Foundation
import Planner
import Testing
import WorkerProtocol

/// What a run that was killed leaves on a cluster, and who clears it up.
@Suite("Left on a cluster", .serialized, .enabled(if: Cluster.isInstalled, "needs slurm-wlm, munge and root"))
struct SlurmLeftoverTests {
  typealias Scripted = ScriptedStudy.Scripted

  /// `graft stop` in the workspace of a study.
  private func stop(_ study: ScriptedStudy, _ options: [String] = [], path: String? = nil) throws -> Command.Result {
    var environment = study.cluster.environment
    environment["HOME"] = study.root
    if let path { environment["PATH"] = path }
    return try Command.run(
      try Command.product("graft"), ["stop", "--workspace", study.workspace] + options, environment: environment)
  }

  @Test(.timeLimit(.minutes(4)), arguments: [[], ["--now"], ["--no-wait"]])
  func aStopEndsTheJobsOfARunThatWasKilled(options: [String]) async throws {
    let study = try ScriptedStudy(on: try Cluster(), profile: "idle: 60")
    // More than can run at once, so that some wait in the queue.
    let stages = SlurmClusterTests.stages(trainings: 8, steps: options == [] ? 40 : 600)
    try study.write(stages)
    try study.cluster.ask("sbatch", "--job-name=foreign", "--mem=100M", "--output=/dev/null", "--wrap", "sleep 300")
    let coordinator = try study.start()
    try await wait("trainings run") { try study.count("begin") >= 5 }
    kill(coordinator.processIdentifier, SIGKILL)
    _ = try await study.end(coordinator)

    // Where Slurm's commands are not, nobody can say; `--now` is tried there by itself, below: what it tells to end may have ended
    // before the next stop looks.
    if options != ["--now"] {
      let elsewhere = try stop(study, options, path: "/nowhere")
      #expect(elsewhere.status == 69, "\(elsewhere.output)")
      #expect(elsewhere.output.contains("and Slurm does not say: squeue cannot be started"), "\(elsewhere.output)")
    }

    let stopped = try stop(study, options)
    #expect(stopped.status == 0, "\(stopped.output)")
    #expect(stopped.output.contains("there is no run in \(study.workspace)"), "\(stopped.output)")
    if options == ["--no-wait"] {
      #expect(stopped.output.contains("job(s) of an earlier run on Slurm to end"), "\(stopped.output)")
      try await wait("they end") { try study.cluster.active().map(\.name) == ["foreign"] }
      return
    }
    #expect(stopped.output.contains("job(s) of an earlier run on Slurm have ended"), "\(stopped.output)")
    #expect(try study.cluster.active().map(\.name) == ["foreign"])
    #expect(access("\(study.workspace)/slurm", F_OK) != 0)
    let again = try stop(study)
    #expect(again.status == 0 && !again.output.contains("job(s)"), "\(again.output)")
    guard options == [] else { return }
    #expect(try await study.end(study.start()) == 0, "\(study.said)")
    try study.expectEachOnce(stages.map(\.label), begunOnce: false)
    try study.expectNothingLeft()
  }

  /// Where Slurm's commands are not, `--now` still tells what runs to end, and it does, though nobody can say so there.
  @Test(.timeLimit(.minutes(3))) func aStopAtOnceNeedsNoCommandOfSlurms() async throws {
    let study = try ScriptedStudy(on: try Cluster(), profile: "idle: 60")
    try study.write(SlurmClusterTests.stages(trainings: 2, steps: 600))
    let coordinator = try study.start()
    try await wait("trainings run") { try study.count("begin") >= 3 }
    kill(coordinator.processIdentifier, SIGKILL)
    _ = try await study.end(coordinator)
    let elsewhere = try stop(study, ["--now"], path: "/nowhere")
    #expect(elsewhere.status == 69, "\(elsewhere.output)")
    #expect(elsewhere.output.contains("and Slurm does not say: squeue cannot be started"), "\(elsewhere.output)")
    try await wait("they end") { try study.cluster.active().isEmpty }
  }

  /// Stages without files, whose answers alone say what they found: a stop that finds their jobs ended leaves the answers to the
  /// next run.
  @Test(.timeLimit(.minutes(3))) func aStopLosesNoAnswer() async throws {
    let study = try ScriptedStudy(on: try Cluster())
    let stages = (0..<3).map { Scripted(label: "noop-\($0)", kind: .noop, script: ["steps": 10, "pause": 0.1]) }
    try study.write(stages)
    let coordinator = try study.start()
    try await wait("all have begun") { try study.count("begin") == 3 }
    kill(coordinator.processIdentifier, SIGKILL)
    _ = try await study.end(coordinator)
    try await wait("no job is left") { try study.cluster.active().isEmpty }
    let stopped = try stop(study)
    #expect(stopped.status == 0 && !stopped.output.contains("job(s)"), "\(stopped.output)")
    #expect(access("\(study.workspace)/slurm", F_OK) == 0)
    // The next run has nothing to do but to read.
    #expect(try await study.end(study.start()) == 0, "\(study.said)")
    try study.expectEachOnce(stages.map(\.label))
    try study.expectNothingLeft()

    // As it lies there where a run is killed when all is recorded, before it could clear up.
    try leave(in: study.workspace, [.said(.hello(version: ProtocolVersion.current, processID: 1)), .closed(.idle)])
    #expect(try stop(study).status == 0)
    #expect(access("\(study.workspace)/slurm", F_OK) != 0)
  }

  /// A study whose run was killed when all was recorded: the same command, which has nothing to run, clears up; but not what
  /// another study's jobs have found in this workspace and nobody has read.
  @Test(.timeLimit(.minutes(3))) func aRunWithNothingToRunClearsUp() throws {
    let folder = try SlurmStudyTests.Folder()
    defer { folder.remove() }
    let workspace = "\(folder.path)/.graft"
    let first = try folder.graft(["run", "tiny.yaml"], environment: [:])
    try #require(first.status == 0, "\(first.output)")
    let slurm = "\(workspace)/slurm"
    func runAgain() throws {
      let again = try folder.graft(["run", "tiny.yaml"], environment: ["PATH": "/nowhere"])
      #expect(again.status == 0 && again.output.contains("nothing to run"), "\(again.output)")
    }

    try leave(in: workspace, [.said(.hello(version: ProtocolVersion.current, processID: 1)), .closed(.idle)])
    try runAgain()
    #expect(access(slurm, F_OK) != 0)
    // A job that may live: nobody here can ask.
    try leave(in: workspace, [.said(.hello(version: ProtocolVersion.current, processID: 1))])
    try runAgain()
    #expect(access(slurm, F_OK) == 0)
    try DurableFiles.remove(slurm)
    try leave(in: workspace, [.said(.done(attempt: 1, StageOutcome(), StageCost())), .closed(.idle)])
    try runAgain()
    #expect(access(slurm, F_OK) == 0)
  }

  /// What a run with one job of one stage leaves.
  private func leave(in workspace: String, _ events: [PilotEvent]) throws {
    let batch = "\(workspace)/slurm/0f0f/1"
    let pilot = PilotFolder("\(batch)/0")
    try DurableFiles.makeFolder(pilot.path)
    try DurableFiles.write(Array("{\"count\":1,\"needs\":{\"cpus\":1}}".utf8), to: "\(batch)/batch.json")
    try DurableFiles.write(Array("7\n".utf8), to: "\(batch)/array")
    _ = try pilot.takeClaim(owner: "job 7, process 1")
    let key = try #require(StageKey(hex: String(repeating: "b", count: 64)))
    let request = WorkerRequest.run(
      StageRequest(
        attempt: 1, key: key, kind: .noop, label: "of another study", parameters: [:], inputs: [], locations: [:],
        outputFolder: "\(workspace)/tmp/1-noop-\(key.hex)", checkpointFolder: "\(workspace)/checkpoints/\(key.hex)",
        threads: 1, device: "cpu"))
    try AppendedFile.append(request.line, to: pilot.requests, durably: true)
    try AppendedFile.append(events.map(\.line).joined(), to: pilot.events, durably: true)
  }
}
