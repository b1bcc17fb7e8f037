import Files
import Foundation
import Planner
import Store
import Testing
import WorkerProtocol

@Suite("Recovery")
struct RecoveryTests {
  static let outcome = StageOutcome(
    metrics: [MetricValue(split: "val", name: "accuracy", value: 0.75)], facts: ["n": 3])

  @Test func completeOutputIsTakenUpAndTheRestIsRemoved() throws {
    let folder = try TestFolder()
    let complete = try TestFolder.stage("a")
    let renamed = try TestFolder.stage("b")
    let cutOff = try TestFolder.stage("c")
    do {
      let workspace = try Workspace.open(folder.workspace, command: "killed")
      let journal = try RunJournal(workspace: workspace)
      // Killed before the rename, between the rename and the record, and in mid-stage.
      _ = try workspace.writeOutput(complete, attempt: 1, outcome: Self.outcome)
      let output = try workspace.writeOutput(renamed, attempt: 2, outcome: Self.outcome)
      #expect(try workspace.keepArtifact(from: output, kind: renamed.kind, key: renamed.key))
      _ = try workspace.writeOutput(cutOff, attempt: 3, outcome: nil)
      journal.record(.started(attempt: 3, cutOff, worker: nil, threads: 1, device: "cpu", at: .now))
      try journal.flush()
      try folder.write(".graft/tmp/other.part", "x")
    }
    let workspace = try Workspace.open(folder.workspace, command: "next")
    let stages = [complete, renamed, cutOff]
    let report = try workspace.recover(stages: TestFolder.plan(stages).stages)
    #expect(report.adopted == ["train a", "train b"])
    #expect(report.removedFolders == 2)
    #expect(report.interruptedAttempts == 1)
    let records = try workspace.records(of: stages)
    #expect(stages.map { records[$0.key]?.isDone } == [true, true, false])
    #expect(records[cutOff.key]?.lastAttempt?.state == .stopped)
    for stage in [complete, renamed] {
      let dossier = try #require(try workspace.dossier(of: stage.key))
      #expect(dossier.outcome == Self.outcome)
      #expect(dossier.files.map(\.name) == ["inner/weights", "outcome.json"])
    }
    #expect(try DurableFiles.names(in: "\(folder.workspace)/tmp") == [])
    #expect(try workspace.recover(stages: TestFolder.plan(stages).stages) == RecoveryReport())
  }

  @Test func aNumberIsGivenOnceThoughItsAttemptWasNeverRecorded() throws {
    let folder = try TestFolder()
    let workspace = try Workspace.open(folder.workspace, command: "run")
    // As a killed run leaves it: its journal does not come to its end before the next one begins.
    let killed = try RunJournal(workspace: workspace)
    try withExtendedLifetime(killed) {
      for number in 1...Int64(300) { #expect(try killed.nextAttemptNumber() == number) }
      let journal = try RunJournal(workspace: workspace)
      let first = try journal.nextAttemptNumber()
      #expect(first > 300)
      // What was set apart for a run that ends in order is free again.
      try journal.flush()
      #expect(try RunJournal(workspace: workspace).nextAttemptNumber() == first + 1)
    }
  }

  @Test func anArtifactWithATornOutcomeIsNotTakenUp() throws {
    let folder = try TestFolder()
    let stage = try TestFolder.stage("a")
    let workspace = try Workspace.open(folder.workspace, command: "test")
    let target = workspace.artifactFolder(kind: stage.kind, key: stage.key)
    try DurableFiles.makeFolder(target)
    try DurableFiles.write(Array("{\"diverged\":fal".utf8), to: "\(target)/outcome.json")
    #expect(try workspace.recover(stages: TestFolder.plan([stage]).stages).adopted.isEmpty)
    // A real result replaces it.
    try workspace.finish(stage, try RunJournal(workspace: workspace), Self.outcome, files: true)
    #expect(try workspace.records(of: [stage])[stage.key]?.isDone == true)
  }

  @Test func aLostDatabaseIsRebuiltFromArtifacts() throws {
    let folder = try TestFolder()
    let stage = try TestFolder.stage("a")
    do {
      let workspace = try Workspace.open(folder.workspace, command: "test")
      try workspace.finish(stage, try RunJournal(workspace: workspace), Self.outcome, files: true)
    }
    for suffix in ["", "-wal", "-shm"] { try DurableFiles.remove("\(folder.workspace)/state.sqlite\(suffix)") }
    let workspace = try Workspace.open(folder.workspace, command: "test")
    #expect(try workspace.recover(stages: TestFolder.plan([stage]).stages).adopted == [stage.label])
    #expect(try workspace.dossier(of: stage.key)?.outcome == Self.outcome)
  }

  @Test(.timeLimit(.minutes(1)))
  func anOrphanThatDoesNotEndIsEnded() throws {
    let folder = try TestFolder()
    let workspace = try Workspace.open(folder.workspace, command: "test")
    let orphan = Process()
    orphan.executableURL = URL(fileURLWithPath: "/bin/sleep")
    orphan.arguments = ["600"]
    try orphan.run()
    let identity = try #require(ProcessIdentity.running(orphan.processIdentifier))
    _ = try RunJournal(workspace: workspace).registerWorker(identity, at: .now)
    #expect(try workspace.recover(stages: TestFolder.plan([]).stages, grace: 0.05).endedWorkers == 1)
    orphan.waitUntilExit()
    #expect(orphan.terminationReason == .uncaughtSignal)
    #expect(try workspace.recover(stages: TestFolder.plan([]).stages, grace: 0).endedWorkers == 0)
  }

  @Test func aProcessThatOnlyHasTheNumberIsLeftAlone() throws {
    let folder = try TestFolder()
    let workspace = try Workspace.open(folder.workspace, command: "test")
    let own = ProcessIdentity.current
    let journal = try RunJournal(workspace: workspace)
    // This very process's number, with another start, and on another boot: were they taken for it, the test would end here.
    for other in [
      ProcessIdentity(processID: own.processID, startTicks: own.startTicks + 1, boot: own.boot),
      ProcessIdentity(processID: own.processID, startTicks: own.startTicks, boot: "another"),
    ] {
      _ = try journal.registerWorker(other, at: .now)
    }
    #expect(try workspace.recover(stages: TestFolder.plan([]).stages, grace: 0).endedWorkers == 0)
  }
}
