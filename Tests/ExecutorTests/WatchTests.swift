import Executor
import Files
import Foundation
import Planner
import Store
import Testing
import WorkerProtocol

/// Stages that take too much or do nothing, and workers that are not what they should be.
@Suite("Watching what runs")
struct WatchTests {
  func options(
    limits: StageLimit = StageLimit(), hungAfter: Duration? = nil, retries: Int = 1, jobs: Int = 1
  ) -> RunOptions {
    var options = RunOptions(jobs: jobs, threadsPerJob: 1, retry: RetryPolicy(retries: retries))
    options.limits = StageLimits(standard: limits)
    options.hungAfter = hungAfter
    options.watchInterval = .milliseconds(50)
    return options
  }

  func failure(of stage: Stage, _ study: FakeStudy) throws -> StageFailure? {
    try study.record(of: stage).lastAttempt?.failure
  }

  @Test(.timeLimit(.minutes(1)))
  func overItsTimeAStageStopsAtACheckpointAndGoesOnWithMore() async throws {
    let study = try FakeStudy()
    let stage = try study.stage("long", ["steps": 2000, "pause": 0.1])
    let reader = try study.stage("reader", inputs: [stage])
    let summary = try await study.run(
      [stage, reader], options: options(limits: StageLimit(time: 0.4)), clock: ContinuousClock())
    #expect(summary.ending == .incomplete && summary.counts.failed == 1 && summary.counts.blocked == 1)
    let failure = try #require(try failure(of: stage, study))
    #expect(failure.failureClass == .time)
    #expect(failure.message == "it ran for longer than the limit of 0.4 s")
    #expect(failure.remedy?.contains("resources.limits.default.time") == true)
    // It is not tried again: it would take as long.
    #expect(try study.begun() == ["long"])
    let reached = try #require(
      Int(String(decoding: try DurableFiles.read("\(study.folder)/checkpoints/\(stage.key.hex)/step"), as: UTF8.self)))
    #expect(reached > 0 && reached < 2000)

    // The same stage, for what it is called: but now it hurries.
    let quick = try study.stage("long", ["steps": 2000])
    let recorder = Recorder()
    let more = try await study.run(
      [quick, reader], options: options(limits: StageLimit(time: 60)), watching: recorder)
    #expect(more.ending == .complete)
    let first = recorder.all.compactMap { if case .progressed(_, _, let told) = $0 { told.position } else { nil } }
      .first
    #expect(first == "step \(reached + 1)/2000")
  }

  @Test(.timeLimit(.minutes(1)))
  func whoDoesNotStopInTimeIsKilled() async throws {
    let study = try FakeStudy()
    let stage = try study.stage("deaf", ["steps": 5000, "pause": 0.05, "deaf": true])
    let summary = try await study.run([stage], options: options(limits: StageLimit(time: 0.2)))
    #expect(summary.ending == .incomplete)
    #expect(try failure(of: stage, study)?.failureClass == .time)
  }

  @Test(.timeLimit(.minutes(1)))
  func overItsMemoryAStageFailsWithBothNumbers() async throws {
    let study = try FakeStudy()
    let large = try study.stage("large", ["memory": 400_000_000, "hang": 30])
    let small = try study.stage("small", ["hang": 0.3])
    let summary = try await study.run([large, small], options: options(limits: StageLimit(memory: 300 << 20)))
    #expect(summary.counts.done == 1 && summary.counts.failed == 1)
    let failure = try #require(try failure(of: large, study))
    #expect(failure.failureClass == .memory)
    #expect(failure.message.contains("more than the limit of 300 MiB"), "\(failure.message)")
    #expect(try study.begun() == ["large", "small"])
    // The peak that was seen is on record, though its worker did not live to tell.
    #expect(try #require(try study.record(of: large).lastAttempt?.cost?.peakMemory) > 300 << 20)
  }

  /// Nothing said and nothing computed: by a stage that waits for ever, by one whose process is held, and by a worker that
  /// does not even greet.
  @Test(.timeLimit(.minutes(1)), arguments: ["hang", "held", "mute"])
  func aHungWorkerIsEndedAndItsStageTriedAgain(how: String) async throws {
    let study = try FakeStudy()
    let script: JSONValue = how == "hang" ? ["hang": 600] : how == "held" ? ["die": 19] : [:]
    let stage = try study.stage("silent", script)
    let summary = try await study.run(
      [stage], arguments: how == "mute" ? ["--mute"] : [], options: options(hungAfter: .milliseconds(400)))
    #expect(summary.ending == .incomplete)
    let failure = try #require(try failure(of: stage, study))
    #expect(failure.failureClass == .hung)
    #expect(failure.message == "its worker has neither said anything nor computed for 0.4 s")
    if how != "mute" { #expect(try study.begun() == ["silent", "silent"]) }
  }

  @Test(.timeLimit(.minutes(1)))
  func whoComputesOrReportsIsNotHung() async throws {
    let study = try FakeStudy()
    let silent = try study.stage("computes", ["spin": 3.5])
    let slow = try study.stage("reports", ["steps": 10, "pause": 0.3])
    let summary = try await study.run([silent, slow], jobs: 2, options: options(hungAfter: .seconds(2.5), jobs: 2))
    #expect(summary.ending == .complete)
    #expect(try study.begun().sorted() == ["computes", "reports"])
  }

  @Test(.timeLimit(.minutes(1)), arguments: [("--old", 0), ("--newer", 99)])
  func aWorkerOfAnotherVersionIsNamedByIt(kind: String, version: Int) async throws {
    let study = try FakeStudy()
    let error = await #expect(throws: RunError.self) {
      try await study.run([try study.stage("stage")], arguments: [kind])
    }
    guard case .workerOfOtherVersion(version) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(error?.description.contains("version \(version)") == true)
  }

  // MARK: - Sharing, with real workers

  /// Alike stages on one device of 100, each of 40: one to begin with, then two at once and never three.
  @Test(.timeLimit(.minutes(1)))
  func aDeviceIsPackedByWhatItsStagesTold() async throws {
    let study = try FakeStudy()
    let stages = try (0..<8).map {
      try study.stage("stage-\($0)", kind: .train, ["steps": 4, "pause": 0.03, "device_memory": 40])
    }
    var options = RunOptions(resources: Resources(cellsPerGPU: .automatic), devices: .cuda([3]), cores: 4)
    options.deviceMemory = 100
    #expect(options.threadsPerJob == 4)
    #expect(try await study.run(stages, options: options).ending == .complete)
    var running = 0
    var most = 0
    for (index, note) in try study.noted().enumerated() {
      running += note[0] == "begin" ? 1 : -1
      if index < 2 { #expect(running == 1 - index, "the first one has the device to itself") }
      most = max(most, running)
      #expect(note[3] == "cuda:3")
    }
    #expect(most == 2)
  }

  @Test(.timeLimit(.minutes(1)))
  func severalStagesShareADeviceWhereTheStudySaysSo() async throws {
    let study = try FakeStudy()
    let stages = try (0..<8).map { try study.stage("stage-\($0)", kind: .train, ["steps": 10, "pause": 0.03]) }
    let options = RunOptions(resources: Resources(cellsPerGPU: .exactly(2)), devices: .cuda([0, 1]), cores: 8)
    #expect(options.jobs == 4 && options.threadsPerJob == 2)
    #expect(try await study.run(stages, options: options).ending == .complete)
    var running: [Substring: Int] = [:]
    var most: [Substring: Int] = [:]
    for note in try study.noted() {
      running[note[3], default: 0] += note[0] == "begin" ? 1 : -1
      most[note[3]] = max(most[note[3]] ?? 0, running[note[3]] ?? 0)
    }
    #expect(most == ["cuda:0": 2, "cuda:1": 2])
  }

  // MARK: - What the user may do meanwhile

  @Test(.timeLimit(.minutes(1)))
  func anArtifactThatIsRemovedMeanwhileIsNamed() async throws {
    let study = try FakeStudy()
    let input = try study.stage("input", kind: .dataset, ["files": true])
    let reader = try study.stage("reader", kind: .train, ["fail": "data"], inputs: [input])
    let folder = "\(study.folder)/artifacts/dataset/\(input.key.hex)"
    try await study.run([input])
    let summary = try await study.run(
      [input, reader],
      watching: Recorder { event in
        if case .started = event { try? DurableFiles.remove(folder) }
      })
    #expect(summary.counts.failed == 1)
    let failure = try #require(try failure(of: reader, study))
    #expect(failure.message == "the artifact of input, which it reads, was removed while the run went on: \(folder)")
    // The same command makes it anew.
    let recorder = Recorder()
    let good = try study.stage("reader", kind: .train, inputs: [input])
    #expect(try await study.run([input, good], watching: recorder).ending == .complete)
    #expect(recorder.started == ["input", "reader"])
  }

  @Test(.timeLimit(.minutes(1)))
  func whatFailedBeforeIsTriedAgainUnlessToldOtherwise() async throws {
    let study = try FakeStudy()
    let bad = try study.stage("bad", ["fail": "data", "attempts": 1])
    let reader = try study.stage("reader", inputs: [bad])
    let other = try study.stage("other")
    #expect(try await study.run([bad, reader]).counts.failed == 1)
    var leaving = options()
    leaving.retriesFailed = false
    let recorder = Recorder()
    let summary = try await study.run([bad, reader, other], options: leaving, watching: recorder)
    #expect(summary.ending == .incomplete && recorder.started == ["other"])
    #expect(summary.counts.failed == 1 && summary.counts.blocked == 1)
    #expect(summary.failures.map(\.failure.message) == ["told to fail"])
    #expect(try await study.run([bad, reader, other]).ending == .complete)
  }
}
