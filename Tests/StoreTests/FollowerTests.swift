import Files
import Foundation
import Planner
import Store
import Testing
import WorkerProtocol

/// A plan followed while a run goes on is as one that is read whole.
@Suite struct FollowerTests {
  private func expectWhole(
    _ follower: PlanFollower, in folder: TestFolder, _ location: SourceLocation = #_sourceLocation
  ) throws {
    let whole = try Workspace.openForReading(folder.workspace).status(of: follower.plan)
    #expect(follower.status.states == whole.states, sourceLocation: location)
    #expect(follower.status.running == whole.running, sourceLocation: location)
    #expect(follower.status.failed == whole.failed, sourceLocation: location)
    #expect(follower.status.currentRun == whole.currentRun, sourceLocation: location)
    let seconds = try Workspace.openForReading(folder.workspace).measuredSeconds(of: follower.plan.stages)
    #expect(follower.seconds == seconds, sourceLocation: location)
  }

  /// Stages begin, tell of themselves, end in every way and are tried again, in any order.
  @Test(arguments: 0..<8) func changesLeadToTheSame(seed: Int) throws {
    let folder = try TestFolder()
    var stages = [try TestFolder.stage("a", .dataset)]
    for digit in "bcdef012" { stages.append(try TestFolder.stage(digit, inputs: [stages[0]])) }
    let plan = TestFolder.plan(stages)
    var follower = PlanFollower(plan, in: try Workspace.openForReading(folder.workspace))
    // There is no workspace yet.
    #expect(try follower.look())
    #expect(try !follower.look())
    try expectWhole(follower, in: folder)

    var random = SeededNumbers(seed: seed)
    for _ in 0..<3 {
      let workspace = try Workspace.open(folder.workspace, command: "test")
      _ = try workspace.recover(stages: plan.stages)
      let journal = try RunJournal(workspace: workspace)
      var running: [(attempt: Int64, stage: Stage)] = []
      for _ in 0..<60 {
        let stage = stages[random.next(below: stages.count)]
        switch random.next(below: 4) {
        case 0
        where !running.contains { $0.stage == stage } && follower.states[stages.firstIndex(of: stage) ?? 0] != .done:
          let attempt = try journal.nextAttemptNumber()
          journal.record(.started(attempt: attempt, stage, worker: nil, threads: 1, device: "cpu", at: .now))
          running.append((attempt, stage))
        case 1 where !running.isEmpty:
          let one = running[random.next(below: running.count)]
          journal.record(.progressed(attempt: one.attempt, StageProgress(fraction: 0.5, position: "half"), at: .now))
        case 2 where !running.isEmpty:
          let (attempt, stage) = running.remove(at: random.next(below: running.count))
          let end = AttemptEnd(time: .now, seconds: Double(random.next(below: 100)), cost: nil)
          switch random.next(below: 3) {
          case 0: journal.record(.failed(attempt: attempt, StageFailure(.crash, "it crashed"), end))
          case 1: journal.record(.stopped(attempt: attempt, end))
          default:
            let files = random.next(below: 2) == 0
            if files {
              let output = try workspace.writeOutput(stage, attempt: attempt, outcome: StageOutcome())
              _ = try workspace.keepArtifact(from: output, kind: stage.kind, key: stage.key)
            }
            journal.record(.finished(attempt: attempt, stage, StageOutcome(), hasArtifact: files, files: [], end))
          }
        default: try journal.flush()
        }
        if random.next(below: 3) == 0 {
          try journal.flush()
          _ = try follower.look()
          try expectWhole(follower, in: folder)
          #expect(try !follower.look())
        }
      }
      try journal.flush()
      // As if it had been killed: what it leaves as running is not.
      workspace.close()
      #expect(try follower.look())
      #expect(follower.running.isEmpty && !follower.states.contains(.running))
      try expectWhole(follower, in: folder)
    }
  }

  /// What is not a run's doing is seen too: artifacts that go, a database that is another one.
  @Test func whatHappensWithoutARunIsSeen() throws {
    let folder = try TestFolder()
    let stage = try TestFolder.stage("b")
    let plan = TestFolder.plan([stage])
    let other = try TestFolder.stage("c")
    func run(_ stage: Stage) throws {
      let workspace = try Workspace.open(folder.workspace, command: "test")
      try workspace.finish(stage, try RunJournal(workspace: workspace), files: true)
      workspace.close()
    }
    try run(stage)
    var follower = PlanFollower(plan, in: try Workspace.openForReading(folder.workspace))
    #expect(try follower.look() && follower.states == [.done])
    #expect(follower.finishes.count == 1 && follower.finishesKnownSince == nil)
    // Another study's stage changes nothing of this one.
    try run(other)
    _ = try follower.look()
    #expect(follower.states == [.done] && follower.finishes.count == 1)

    let artifact = try Workspace.openForReading(folder.workspace).artifactFolder(kind: stage.kind, key: stage.key)
    try DurableFiles.remove(artifact)
    #expect(try follower.look() && follower.states == [.ready])

    try DurableFiles.remove(folder.workspace)
    #expect(try follower.look() && follower.states == [.ready])
    try run(stage)
    #expect(try follower.look() && follower.states == [.done])
  }
}

/// The same numbers for the same seed.
private struct SeededNumbers {
  private var state: UInt64

  init(seed: Int) { state = UInt64(seed) &* 2_862_933_555_777_941_757 &+ 3_037_000_493 }

  mutating func next(below limit: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int(state >> 33) % limit
  }
}
