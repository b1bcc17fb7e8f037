import Files
import Foundation
import Planner
import Store
import Testing
import WorkerProtocol

@Suite("Killed at any moment", .serialized)
struct KillTests {
  /// Stages with files, checkpoints and inputs; a fifth of a second in all.
  static func stages(_ study: FakeStudy) throws -> [Stage] {
    let data = try study.stage("data", kind: .dataset, ["files": true])
    let trainings = try (0..<4).map {
      try study.stage("train-\($0)", kind: .train, ["files": true, "steps": 10, "pause": 0.008], inputs: [data])
    }
    let tests = try trainings.enumerated().map {
      try study.stage(
        "test-\($0.offset)", kind: .test, ["accuracy": .number(Double($0.offset) / 7)], inputs: [$0.element])
    }
    return [data] + trainings + tests
  }

  /// The run as a process of its own.
  func start(_ study: FakeStudy, _ planFile: String) throws -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try FakeStudy.product("graft-fake-run"))
    process.arguments = [study.folder, planFile, try FakeStudy.product("graft-fake-worker"), "2"]
    try process.run()
    return process
  }

  func end(_ process: Process) async -> Int32 {
    while process.isRunning { try? await Task.sleep(for: .milliseconds(2)) }
    return process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
  }

  @Test(.timeLimit(.minutes(3)), arguments: 0..<8)
  func theCoordinatorIsKilledAndTheRunEndsTheSame(seed: Int) async throws {
    let study = try FakeStudy()
    let stages = try Self.stages(study)
    let planFile = try study.planFile(stages)
    var kills = 0
    var status: Int32 = -9
    while status != 0 {
      let process = try start(study, planFile)
      // From before its first worker to well into its work, other moments for each seed.
      if kills < 5 {
        try await Task.sleep(for: .milliseconds(15 + (seed * 37 + kills * 53) % 220))
        kill(process.processIdentifier, SIGKILL)
        kills += 1
      }
      status = await end(process)
      #expect(status == 0 || status == -9, "the run ended with \(status)")
      if status != 0, status != -9 { return }
    }
    try expectComplete(study, stages)
    try expectNothingRedone(study)
  }

  @Test(.timeLimit(.minutes(3)), arguments: 0..<4)
  func workersAreKilledAndTheRunEndsTheSame(seed: Int) async throws {
    let study = try FakeStudy()
    let stages = try Self.stages(study)
    let planFile = try study.planFile(stages)
    let process = try start(study, planFile)
    var kills = 0
    while process.isRunning, kills < 4 {
      try await Task.sleep(for: .milliseconds(30 + (seed * 41 + kills * 29) % 80))
      // A worker that noted a begin and no end is in mid-stage.
      let noted = try study.noted()
      guard let last = noted.last, last.count == 3, let worker = Int32(last[2]) else { continue }
      kill(worker, SIGKILL)
      kills += 1
    }
    var status = await end(process)
    // A stage without checkpoints that was killed three times has failed; the same command again takes it up.
    if status == 1 { status = await end(try start(study, planFile)) }
    #expect(status == 0)
    try expectComplete(study, stages)
  }

  @Test(.timeLimit(.minutes(1)))
  func anInterruptStopsAndTheNextRunGoesOn() async throws {
    let study = try FakeStudy()
    let stage = try study.stage("long", ["steps": 5000, "pause": 0.05])
    let planFile = try study.planFile([stage])
    let process = try start(study, planFile)
    while try study.begun().isEmpty { try await Task.sleep(for: .milliseconds(5)) }
    kill(process.processIdentifier, SIGINT)
    #expect(await end(process) == 130)
    #expect(try study.record(of: stage).lastAttempt?.state == .stopped)
  }

  @Test(.timeLimit(.minutes(1)))
  func aSecondRunIsRefusedWhileTheFirstLives() async throws {
    let study = try FakeStudy()
    let planFile = try study.planFile([try study.stage("long", ["steps": 5000, "pause": 0.05])])
    let first = try start(study, planFile)
    while try study.begun().isEmpty { try await Task.sleep(for: .milliseconds(5)) }
    #expect(await end(try start(study, planFile)) == 75)
    let holder = try #require(try Workspace.openForReading(study.folder).currentRun)
    #expect(holder.process.processID == first.processIdentifier)
    kill(first.processIdentifier, SIGKILL)
    #expect(await end(first) == -9)
    #expect(try Workspace.openForReading(study.folder).currentRun == nil)
  }

  /// Every stage done, every file as an undisturbed run makes it, nothing left over.
  func expectComplete(_ study: FakeStudy, _ stages: [Stage]) throws {
    let workspace = try Workspace.openForReading(study.folder)
    let records = try workspace.records(of: stages)
    for stage in stages {
      #expect(records[stage.key]?.isDone == true, "\(stage.label)")
      let dossier = try #require(try workspace.dossier(of: stage.key))
      #expect(dossier.attempts.allSatisfy { $0.state != .running })
      guard stage.parameters["files"] != nil else { continue }
      let inputs = stage.inputs.map { "\($0.key.short)()" }.joined(separator: ",")
      #expect(try study.value(of: stage) == "\(stage.key.short)(\(inputs))")
      #expect(dossier.files.map(\.name) == [StageOutcome.fileName, "value"])
    }
    let leftovers = try DurableFiles.names(in: "\(study.folder)/tmp")
    #expect(leftovers == [])
    let checkpoints = try DurableFiles.names(in: "\(study.folder)/checkpoints")
    #expect(checkpoints == [])
  }

  /// A stage with files that came to its end came there once: an orphan finishes what it is at the end of, and the next
  /// run takes that up.
  func expectNothingRedone(_ study: FakeStudy) throws {
    var ends: [Substring: Int] = [:]
    for note in try study.noted() where note[0] == "end" { ends[note[1], default: 0] += 1 }
    for (label, count) in ends where !label.hasPrefix("test") { #expect(count == 1, "\(label)") }
  }
}
