import Foundation
import Planner
import Testing

/// Runs on a real Slurm, disturbed in the ways in which clusters disturb.
@Suite("On a cluster", .serialized, .enabled(if: Cluster.isInstalled, "needs slurm-wlm, munge and root"))
struct SlurmClusterTests {
  typealias Scripted = ScriptedStudy.Scripted

  /// A data set, trainings of it and their tests; `steps` tenths of a second each training.
  static func stages(trainings: Int = 4, steps: Int = 10, pause: Double = 0.1) -> [Scripted] {
    let data = Scripted(label: "data", kind: .dataset, script: ["files": true])
    let training: JSONValue = ["files": true, "steps": .number(Double(steps)), "pause": .number(pause)]
    let all = (0..<trainings).map {
      Scripted(label: "train-\($0)", kind: .train, script: training, inputs: ["data"])
    }
    // Tests leave no files: what they found travels in their answers alone.
    let tests = (0..<trainings).map { Scripted(label: "test-\($0)", kind: .test, inputs: ["train-\($0)"]) }
    return [data] + all + tests
  }

  @Test(.timeLimit(.minutes(3))) func everyStageIsDoneOnceAndNothingIsLeft() async throws {
    let study = try ScriptedStudy(on: try Cluster())
    let stages = Self.stages()
    try study.write(stages)
    #expect(try await study.end(study.start()) == 0, "\(study.said)")
    try study.expectEachOnce(stages.map(\.label))
    try study.expectNothingLeft()
    let values = try (0..<4).map { try study.value("train-\($0)", kind: .train) }
    #expect(Set(values).count == 4)
    // Each read what its input had left.
    let data = try study.value("data", kind: .dataset)
    #expect(values.allSatisfy { $0.hasSuffix("(\(data))") }, "\(values)")
  }

  @Test(.timeLimit(.minutes(4))) func aCoordinatorThatIsKilledIsTakenOverFrom() async throws {
    let study = try ScriptedStudy(on: try Cluster(), profile: "idle: 20")
    let stages = Self.stages(trainings: 6, steps: 40)
    try study.write(stages)
    let first = try study.start()
    try await wait("trainings run") { try study.count("begin") >= 4 }
    kill(first.processIdentifier, SIGKILL)
    _ = try await study.end(first)
    // Pilots go on meanwhile.
    try await wait("something ends without a coordinator") { try study.count("end") >= 3 }
    #expect(try await study.end(study.start()) == 0, "\(study.said)")
    try study.expectEachOnce(stages.map(\.label))
    try study.expectNothingLeft()
  }

  @Test(.timeLimit(.minutes(4)), arguments: [0, 1, 2])
  func killedAgainAndAgainNoStageRunsTwice(seed: Int) async throws {
    let study = try ScriptedStudy(on: try Cluster(), profile: "idle: 20")
    let stages = Self.stages(trainings: 8, steps: 8)
    try study.write(stages)
    for round in 0..<6 {
      let coordinator = try study.start()
      try await Task.sleep(for: .milliseconds(60 + (seed * 173 + round * 311) % 1100))
      kill(coordinator.processIdentifier, SIGKILL)
      _ = try await study.end(coordinator)
    }
    #expect(try await study.end(study.start()) == 0, "\(study.said)")
    try study.expectEachOnce(stages.map(\.label))
    try study.expectNothingLeft()
  }

  @Test(.timeLimit(.minutes(4))) func pilotsOfADeadCoordinatorFinishTheirListAndEnd() async throws {
    let study = try ScriptedStudy(on: try Cluster())
    try study.write(Self.stages(trainings: 3, steps: 30))
    let coordinator = try study.start()
    try await wait("trainings run") { try study.count("begin") >= 4 }
    kill(coordinator.processIdentifier, SIGKILL)
    try await wait("no job is left") { try study.cluster.active().isEmpty }
    #expect(try study.count("end") == 4)
  }

  @Test(.timeLimit(.minutes(4))) func aRunOnThisMachineEndsJobsThatAreLeft() async throws {
    let study = try ScriptedStudy(on: try Cluster(), profile: "idle: 60")
    let stages = Self.stages(trainings: 3, steps: 100)
    try study.write(stages)
    let coordinator = try study.start()
    try await wait("trainings run") { try study.count("begin") >= 4 }
    kill(coordinator.processIdentifier, SIGKILL)
    _ = try await study.end(coordinator)
    let local = try study.start(onSlurm: false)
    try await wait("the run begins here") { try study.count("begin") > 4 }
    #expect(try study.cluster.active().isEmpty, "a job works beside the run on this machine")
    #expect(try await study.end(local) == 0, "\(study.said)")
    try study.expectEachOnce(stages.map(\.label), begunOnce: false)
  }

  @Test(.timeLimit(.minutes(4))) func aControllerThatIsAwayForAWhileCostsNothing() async throws {
    let study = try ScriptedStudy(on: try Cluster())
    let stages = Self.stages(trainings: 6, steps: 150)
    try study.write(stages)
    let coordinator = try study.start()
    try await wait("trainings run") { try study.count("begin") >= 3 }
    try study.cluster.control("controller-stop")
    try await wait("the outage is said") { study.said.contains("does not answer") }
    try await Task.sleep(for: .seconds(4))
    try study.cluster.control("controller-start")
    #expect(try await study.end(coordinator) == 0, "\(study.said)")
    #expect(study.said.contains("it answers again"))
    try study.expectEachOnce(stages.map(\.label))
    try study.expectNothingLeft()
  }

  @Test(.timeLimit(.minutes(4))) func aJobCancelledByHandIsTriedAgain() async throws {
    let study = try ScriptedStudy(on: try Cluster())
    let stages = Self.stages(trainings: 2, steps: 60)
    try study.write(stages)
    let coordinator = try study.start()
    try await wait("a training runs") { try study.count("begin", of: "train-0") == 1 }
    let job = try #require(try study.cluster.running().first)
    try study.cluster.ask("scancel", job.id)
    #expect(try await study.end(coordinator) == 0, "\(study.said)")
    #expect(study.said.contains("job \(job.id) was cancelled, not by this run"), "\(study.said)")
    try study.expectEachOnce(stages.map(\.label), begunOnce: false)
    try study.expectNothingLeft()
  }

  @Test(.timeLimit(.minutes(4))) func aNodeThatGoesDownIsLeftOut() async throws {
    let study = try ScriptedStudy(on: try Cluster())
    let stages = Self.stages(trainings: 2, steps: 100)
    try study.write(stages)
    let coordinator = try study.start()
    try await wait("both trainings run") { try study.count("begin") >= 3 }
    let node = try #require(try study.cluster.running().last { !$0.node.isEmpty }?.node)
    try study.cluster.ask("scontrol", "update", "nodename=\(node)", "state=down", "reason=test")
    #expect(try await study.end(coordinator) == 0, "\(study.said)")
    #expect(study.said.contains("node \(node) is left out"), "\(study.said)")
    try study.expectEachOnce(stages.map(\.label), begunOnce: false)
    try study.expectNothingLeft()
  }

  @Test(.timeLimit(.minutes(6))) func atItsTimeLimitAStageGoesOnInAnotherJob() async throws {
    // Told 45 seconds before the end of a minute; Slurm looks but now and then.
    let study = try ScriptedStudy(on: try Cluster(), profile: "time: 1\ngrace: 45")
    let stages = Self.stages(trainings: 1, steps: 80, pause: 1)
    try study.write(stages)
    #expect(try await study.end(study.start(), seconds: 300) == 0, "\(study.said)")
    let begins = try study.count("begin", of: "train-0")
    #expect(begins > 1, "it was never interrupted")
    // It was told to stop, was not killed: it counts as no failure.
    #expect(study.said.contains("train-0: interrupted with its job, goes on in another one"))
    #expect(!study.said.contains("FAILED"))
    try study.expectEachOnce(stages.map(\.label), begunOnce: false)
    try study.expectNothingLeft()
  }

  @Test(.timeLimit(.minutes(4))) func moreStagesThanAnArrayMayHold() async throws {
    let study = try ScriptedStudy(on: try Cluster(settings: ["MaxArraySize=3"]), profile: "max_jobs: 20")
    let stages = (0..<14).map { Scripted(label: "noop-\($0)", kind: .noop, script: ["steps": 2, "pause": 1]) }
    try study.write(stages)
    #expect(try await study.end(study.start()) == 0, "\(study.said)")
    let jobs = try study.cluster.jobs().filter { $0.name.hasPrefix("graft-") }
    #expect(Set(jobs.map(\.array)).count > 1)
    #expect(jobs.allSatisfy { $0.task < 3 })
    try study.expectEachOnce(stages.map(\.label))
    try study.expectNothingLeft()
  }

  @Test(.timeLimit(.minutes(4))) func shortStagesShareJobs() async throws {
    let study = try ScriptedStudy(on: try Cluster(), profile: "max_jobs: 4\nidle: 5")
    let stages = (0..<120).map { Scripted(label: "noop-\($0)", kind: .noop) }
    try study.write(stages)
    #expect(try await study.end(study.start()) == 0, "\(study.said)")
    try study.expectEachOnce(stages.map(\.label))
    let jobs = try study.cluster.jobs().count { $0.name.hasPrefix("graft-") }
    #expect(jobs <= 8, "\(jobs) jobs for 120 stages of no length")
    // Calls to the controller do not grow with the stages.
    let calls = study.said.split(separator: "\n").filter { $0.hasPrefix("calls ") }.compactMap {
      Int($0.dropFirst("calls ".count))
    }
    #expect(try #require(calls.last) < 40)
    try study.expectNothingLeft()
  }

  @Test(.timeLimit(.minutes(4)), arguments: [false, true])
  func aStopLeavesNoJobAndTouchesNoOther(twice: Bool) async throws {
    let study = try ScriptedStudy(on: try Cluster())
    // More than can run at once, so that some wait in the queue.
    try study.write(Self.stages(trainings: 9, steps: 600))
    try study.cluster.ask("sbatch", "--job-name=foreign", "--mem=100M", "--output=/dev/null", "--wrap", "sleep 300")
    let coordinator = try study.start()
    try await wait("trainings run") { try study.count("begin") >= 5 }
    kill(coordinator.processIdentifier, SIGINT)
    if twice {
      try await Task.sleep(for: .milliseconds(100))
      kill(coordinator.processIdentifier, SIGINT)
    }
    #expect(try await study.end(coordinator) == 130, "\(study.said)")
    #expect(try study.cluster.active().map(\.name) == ["foreign"])
    #expect(access("\(study.workspace)/slurm", F_OK) != 0)
  }

  /// An answer that does not come, of a submission that was made, and of one that was not.
  @Test(.timeLimit(.minutes(4)), arguments: [true, false])
  func anAnswerThatIsLostLeadsToNothingTwice(wasTaken: Bool) async throws {
    let study = try ScriptedStudy(on: try Cluster())
    let stages = (0..<4).map { Scripted(label: "noop-\($0)", kind: .noop, script: ["steps": 4, "pause": 0.5]) }
    try study.write(stages)
    // The first call only; `lost` says that it was.
    let programs = try study.program(
      "sbatch",
      """
      [ -e "\(study.root)/lost" ] && exec sbatch "$@"
      touch "\(study.root)/lost"
      \(wasTaken ? "sbatch \"$@\" >/dev/null" : ":")
      echo "sbatch: error: Batch job submission failed: Socket timed out on send/recv operation" >&2
      exit 1
      """)
    #expect(try await study.end(study.start(programs: programs)) == 0, "\(study.said)")
    #expect(access("\(study.root)/lost", F_OK) == 0)
    #expect(study.said.contains("Socket timed out"), "\(study.said)")
    try study.expectEachOnce(stages.map(\.label))
    let jobs = try study.cluster.jobs().filter { $0.name.hasPrefix("graft-") }
    #expect(jobs.count == stages.count, "\(jobs)")
    try study.expectNothingLeft()
  }

  @Test(.timeLimit(.minutes(4))) func aStageThatCrashesIsTriedAgainAndFailsByItself() async throws {
    let study = try ScriptedStudy(on: try Cluster())
    let stages = [
      Scripted(label: "bad", kind: .noop, script: ["die": 9]),
      Scripted(label: "flaky", kind: .noop, script: ["exit": 3, "attempts": 1]),
      Scripted(label: "good", kind: .noop, script: ["steps": 3, "pause": 0.1]),
    ]
    try study.write(stages)
    #expect(try await study.end(study.start()) == 1, "\(study.said)")
    #expect(try study.count("begin", of: "bad") == 3)
    try study.expectEachOnce(["good", "flaky"], begunOnce: false)
    #expect(study.said.contains("FAILED bad: crash: the worker died of signal 9"), "\(study.said)")
    try study.expectNothingLeft()
  }

  @Test(.timeLimit(.minutes(2))) func whatSlurmRefusesEndsTheRunWithItsWords() async throws {
    let study = try ScriptedStudy(on: try Cluster(nodes: 1), profile: "partition: nowhere")
    try study.write(Self.stages(trainings: 1))
    #expect(try await study.end(study.start()) == 70)
    #expect(study.said.contains("Slurm refuses the jobs"), "\(study.said)")
    #expect(study.said.contains("invalid partition specified: nowhere"), "\(study.said)")
    #expect(try study.cluster.jobs().isEmpty)
    try study.expectNothingLeft()
  }
}
