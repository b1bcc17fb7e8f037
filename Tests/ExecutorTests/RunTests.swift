import Executor
import Files
import Foundation
import Planner
import Store
import Testing
import WorkerProtocol

@Suite("Runs with fake stages")
struct RunTests {
  @Test(.timeLimit(.minutes(1)))
  func everythingRunsOnceAndThenNothing() async throws {
    let study = try FakeStudy()
    let first = try study.stage("first", kind: .dataset, ["files": true])
    let middle = try (0..<20).map { try study.stage("middle-\($0)", kind: .train, ["files": true], inputs: [first]) }
    let last = try study.stage("last", kind: .test, inputs: Array(middle.prefix(3)))
    let stages = [first] + middle + [last]
    let summary = try await study.run(stages)
    #expect(summary.ending == .complete)
    #expect(try study.begun().sorted() == stages.map(\.label).sorted())
    #expect(try study.value(of: middle[4]) == "\(middle[4].key.short)(\(first.key.short)())")

    let again = Recorder()
    let null = try await study.run(stages, watching: again)
    #expect(null.ending == .complete && null.counts.doneBefore == stages.count)
    #expect(again.started.isEmpty)
    #expect(try study.begun().count == stages.count)
  }

  /// A full disk is no fault of the stage that finds it: the run ends with one error, nothing counts as failed, and the
  /// same plan goes on when there is room.
  @Test(.timeLimit(.minutes(1)))
  func aFullDiskStopsTheRunAndFailsNoStage() async throws {
    let study = try FakeStudy()
    let first = try study.stage("first", kind: .dataset, ["files": true])
    let second = try study.stage(
      "second", kind: .train, ["files": true, "fail": "disk", "attempts": 1], inputs: [first])
    let others = try (0..<10).map { try study.stage("other-\($0)", kind: .train, ["fail": "disk"], inputs: [second]) }
    let stages = [first, second] + others
    let recorder = Recorder()
    do {
      try await study.run(stages, watching: recorder)
      Issue.record("the run did not end with an error")
    } catch RunError.diskFull(let failure) {
      #expect(failure.message == "told to fail" && failure.remedy == "tell it not to")
    }
    #expect(recorder.started == ["first", "second"])
    #expect(try study.record(of: second).lastAttempt?.state == .stopped)
    #expect(try study.record(of: first).isDone)

    let summary = try await study.run([first, second])
    #expect(summary.ending == .complete)
  }

  @Test(.timeLimit(.minutes(1)))
  func onlyWhatIsMissingRuns() async throws {
    let study = try FakeStudy()
    let first = try study.stage("first", kind: .dataset, ["files": true])
    let second = try study.stage("second", kind: .train, ["files": true], inputs: [first])
    try await study.run([first, second])
    try DurableFiles.remove("\(study.folder)/artifacts/train/\(second.key.hex)")
    #expect(try study.record(of: second).isArtifactMissing)
    let third = try study.stage("third", inputs: [second])
    let recorder = Recorder()
    try await study.run([first, second, third], watching: recorder)
    #expect(recorder.started == ["second", "third"])
  }

  @Test(.timeLimit(.minutes(1)), arguments: [FailureClass.data, .spec, .machine])
  func aFailureStopsOnlyWhatReadsIt(failureClass: FailureClass) async throws {
    let study = try FakeStudy()
    let bad = try study.stage("bad", kind: .dataset, ["fail": .string(failureClass.rawValue)])
    let reader = try study.stage("reader", kind: .train, inputs: [bad])
    let other = try study.stage("other")
    let summary = try await study.run([bad, reader, other])
    #expect(summary.ending == .incomplete)
    #expect(summary.failures.map(\.stage.label) == ["bad"])
    #expect(summary.counts.blocked == 1 && summary.counts.done == 1)
    #expect(try study.begun().sorted() == ["bad", "other"])
    let attempt = try #require(try study.record(of: bad).lastAttempt)
    #expect(attempt.state == .failed)
    #expect(attempt.failure == StageFailure(failureClass, "told to fail", remedy: "tell it not to"))
  }

  struct Fault: Sendable, CustomTestStringConvertible {
    let script: JSONValue
    let text: String
    var testDescription: String { text }
  }

  static let faults = [
    Fault(script: ["die": 9], text: "died of signal 9"), Fault(script: ["die": 15], text: "died of signal 15"),
    Fault(script: ["exit": 7], text: "ended with status 7"),
    Fault(script: ["babble": "Warning: something"], text: "no message: \"Warning: something\""),
    Fault(script: ["fail": "memory"], text: "told to fail"),
  ]

  @Test(.timeLimit(.minutes(1)), arguments: faults)
  func aCrashIsTriedAgain(fault: Fault) async throws {
    let study = try FakeStudy()
    var script = try #require(fault.script.objectValue)
    let endless = try study.stage("endless", .object(script))
    script["attempts"] = 2
    let passing = try study.stage("passing", .object(script))
    // One at a time: what runs out of memory beside another is tried once more without it.
    let summary = try await study.run([passing, endless], jobs: 1)
    #expect(summary.counts.done == 1)
    #expect(try study.begun().sorted() == Array(repeating: "endless", count: 3) + Array(repeating: "passing", count: 3))
    let failure = try #require(try study.record(of: endless).lastAttempt?.failure)
    #expect(failure.failureClass.isRetried)
    #expect(failure.message.contains(fault.text))
  }

  @Test(.timeLimit(.minutes(1)))
  func aWorkerThatDiesFartherEachTimeIsNotGivenUp() async throws {
    let study = try FakeStudy()
    let stage = try study.stage("stubborn", ["steps": 8, "die_after_step": 9])
    let summary = try await study.run([stage])
    #expect(summary.ending == .complete)
    #expect(try study.begun().count == 9)
  }

  @Test(.timeLimit(.minutes(1)), arguments: ["--broken", "--old", "nowhere"])
  func aWorkerThatCannotWorkEndsTheRun(kind: String) async throws {
    let study = try FakeStudy()
    let stages = try (0..<4).map { try study.stage("stage-\($0)") }
    let error = await #expect(throws: RunError.self) {
      kind == "nowhere"
        ? try await study.run(stages, worker: "no-such-worker") : try await study.run(stages, arguments: [kind])
    }
    switch (kind, error) {
    case ("--broken", .workerEndsAtOnce(3, let output)): #expect(output == "a library is missing")
    case ("--old", .workerOfOtherVersion(0)): break
    case ("nowhere", .workerCannotStart(_, ENOENT)): break
    default: Issue.record("\(kind) gave \(String(describing: error))")
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func stopsAtACheckpointAndGoesOnFromIt() async throws {
    let study = try FakeStudy()
    // Long enough to be stopped on the busiest machine.
    let stage = try study.stage("long", ["steps": 2000, "pause": 0.1])
    let next = try study.stage("next", inputs: [stage])
    let stop = StopAtFirstProgress()
    let summary = try await study.run(
      [stage, next], clock: ContinuousClock(), watching: Recorder { stop.see($0) }
    ) { stop.coordinator.set($0) }
    #expect(summary.ending == .stopped)
    #expect(try study.record(of: stage).lastAttempt?.state == .stopped)
    let reached = try #require(
      Int(String(decoding: try DurableFiles.read("\(study.folder)/checkpoints/\(stage.key.hex)/step"), as: UTF8.self)))
    #expect(reached > 0 && reached < 2000)

    // The same stage, for what it is called: but now it hurries.
    let quick = try study.stage("long", ["steps": 2000])
    let recorder = Recorder()
    #expect(try await study.run([quick, next], watching: recorder).ending == .complete)
    let firstPosition = recorder.all.compactMap {
      if case .progressed(_, _, let told) = $0 { told.position } else { nil }
    }.first
    #expect(firstPosition == "step \(reached + 1)/2000")
    #expect(access("\(study.folder)/checkpoints/\(stage.key.hex)", F_OK) != 0)
  }

  @Test(.timeLimit(.minutes(1)), arguments: [true, false])
  func aDeafWorkerIsKilled(bySecondRequest: Bool) async throws {
    let study = try FakeStudy()
    let stage = try study.stage("deaf", ["steps": 5000, "pause": 0.05, "deaf": true])
    let stop = StopAtFirstProgress(twice: bySecondRequest)
    let options = RunOptions(
      jobs: 1, threadsPerJob: 1, stopGrace: bySecondRequest ? .seconds(600) : .milliseconds(100))
    let summary = try await study.run(
      [stage], jobs: 1, options: options, clock: ContinuousClock(), watching: Recorder { stop.see($0) }
    ) { stop.coordinator.set($0) }
    #expect(summary.ending == .stopped)
    #expect(try study.record(of: stage).lastAttempt?.state == .stopped)
  }

  @Test(.timeLimit(.minutes(1)))
  func failFastLetsNothingMoreStart() async throws {
    let study = try FakeStudy()
    let bad = try study.stage("bad", ["fail": "data"])
    let others = try (0..<5).map { try study.stage("other-\($0)") }
    let summary = try await study.run(
      [bad] + others, jobs: 1, options: RunOptions(jobs: 1, threadsPerJob: 1, failFast: true))
    #expect(summary.ending == .incomplete)
    #expect(try study.begun() == ["bad"])
  }

  @Test(.timeLimit(.minutes(1)))
  func whatAStagePrintsGoesToItsLog() async throws {
    let study = try FakeStudy()
    let loud = try study.stage("loud", ["print": "epoch 1 is over"])
    let silent = try study.stage("silent")
    try await study.run([loud, silent])
    let workspace = try Workspace.openForReading(study.folder)
    let dossier = try #require(try workspace.dossier(of: loud.key))
    let log = try #require(dossier.logFiles.values.first)
    #expect(String(decoding: try DurableFiles.read(log), as: UTF8.self) == "epoch 1 is over\n")
    #expect(try workspace.dossier(of: silent.key)?.logFiles.isEmpty == true)
  }

  @Test(.timeLimit(.minutes(1)))
  func anotherTerminalSeesTheRun() async throws {
    let study = try FakeStudy()
    let stage = try study.stage("long", ["steps": 2000, "pause": 0.1])
    let seen = Seen()
    let coordinator = Holder()
    let plan = study.plan([stage])
    let folder = study.folder
    // The run is stopped as soon as it was seen: what is told reaches the disk a little later.
    let summary = try await study.run(
      [stage],
      watching: Recorder { event in
        guard case .progressed = event, let status = try? Workspace.openForReading(folder).status(of: plan),
          status.running.first?.progress != nil
        else { return }
        seen.keep(status)
        coordinator.take { $0.requestStop(.afterCheckpoint) }
      }
    ) { coordinator.set($0) }
    #expect(summary.ending == .stopped)
    let last = try #require(seen.statuses.first)
    #expect(last.summary.counts[.noop] == [.running: 1])
    #expect(last.currentRun?.process == .current)
    #expect(last.running.first?.progress?.position.hasSuffix("/2000") == true)
  }

  @Test(.timeLimit(.minutes(1)))
  func theEstimateComesFromLikeStages() async throws {
    let study = try FakeStudy()
    let stages = try (0..<12).map { try study.stage("stage-\($0)", ["steps": 1, "pause": 0.06]) }
    let recorder = Recorder()
    try await study.run(stages, jobs: 1, watching: recorder)
    let estimates = recorder.all.compactMap { event -> Estimate? in
      if case .counted(let counts, let estimate) = event, counts.done > 2, counts.done < 12 { estimate } else { nil }
    }
    #expect(!estimates.isEmpty)
    #expect(estimates.allSatisfy { $0.low <= $0.seconds && $0.seconds <= $0.high })
    #expect(try #require(estimates.first).seconds > (try #require(estimates.last).seconds))
  }
}

/// Asks a run to stop when its first stage reports.
final class StopAtFirstProgress: Sendable {
  let coordinator = Holder()
  private let twice: Bool

  init(twice: Bool = false) { self.twice = twice }

  func see(_ event: RunEvent) {
    guard case .progressed = event else { return }
    coordinator.take { coordinator in
      coordinator.requestStop(.afterCheckpoint)
      if twice { coordinator.requestStop(.atOnce) }
    }
  }
}
