import Files
import Foundation
import Planner
import Store
import Testing

/// A run as a process of its own, and what comes at it from outside.
@Suite("A run and the world around it", .serialized)
struct OutsideTests {
  struct Ended {
    let status: Int32
    let output: String
  }

  /// The run by a shell, so that it can be given limits.
  func start(_ study: FakeStudy, _ stages: [Stage], jobs: Int = 2, shell: String = "") throws -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    let command = [
      try FakeStudy.product("graft-fake-run"), study.folder, try study.planFile(stages),
      try FakeStudy.product("graft-fake-worker"), "\(jobs)",
    ]
    process.arguments = ["-c", "\(shell) exec \"$@\" > \(study.root)/said 2>&1", "sh"] + command
    try process.run()
    return process
  }

  func end(_ process: Process, _ study: FakeStudy) async throws -> Ended {
    while process.isRunning { try await Task.sleep(for: .milliseconds(5)) }
    return Ended(
      status: process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus,
      output: String(decoding: (try? DurableFiles.read("\(study.root)/said")) ?? [], as: UTF8.self))
  }

  func awaitBegin(_ study: FakeStudy) async throws {
    while try study.begun().isEmpty { try await Task.sleep(for: .milliseconds(5)) }
  }

  @Test(.timeLimit(.minutes(1)), arguments: [false, true])
  func aRequestInTheWorkspaceStopsIt(atOnce: Bool) async throws {
    let study = try FakeStudy()
    // Only one that does not listen shows that it was not asked.
    let stage = try study.stage(
      "long", atOnce ? ["steps": 5000, "pause": 0.05, "deaf": true] : ["steps": 5000, "pause": 0.05])
    let process = try start(study, [stage])
    try await awaitBegin(study)
    let holder = try #require(Workspace.holder(of: study.folder))
    try StopRequest(run: holder, isAtOnce: atOnce).leave(in: study.folder)
    #expect(try await end(process, study).status == 130)
    #expect(!StopRequest.isPending(in: study.folder))
    #expect(Workspace.holder(of: study.folder) == nil)
    #expect(try study.record(of: stage).lastAttempt?.state == .stopped)
  }

  @Test(.timeLimit(.minutes(1)))
  func withoutItsLockItStops() async throws {
    let study = try FakeStudy()
    let stage = try study.stage("long", ["steps": 5000, "pause": 0.05])
    let process = try start(study, [stage])
    try await awaitBegin(study)
    try DurableFiles.remove("\(study.folder)/lock")
    let ended = try await end(process, study)
    #expect(ended.status == 70)
    #expect(ended.output.contains("/lock was removed while the run went on"), "\(ended.output)")
    #expect(try study.record(of: stage).lastAttempt?.state == .stopped)
  }

  @Test(.timeLimit(.minutes(1)))
  func tooFewDescriptorsAreOneError() async throws {
    let study = try FakeStudy()
    let process = try start(study, [try study.stage("stage")], jobs: 8, shell: "ulimit -n 40;")
    let ended = try await end(process, study)
    #expect(ended.status == 70)
    #expect(ended.output == "the run needs 80 open files, and this process may have 40\n")
    #expect(try study.begun() == [])
  }

  @Test(.timeLimit(.minutes(1)))
  func aSoftLimitIsRaised() async throws {
    let study = try FakeStudy()
    let stages = try (0..<30).map { try study.stage("stage-\($0)", ["steps": 2, "pause": 0.05]) }
    let process = try start(study, stages, jobs: 10, shell: "ulimit -Sn 24;")
    let ended = try await end(process, study)
    #expect(ended.status == 0, "\(ended.output)")
  }

  /// The coordinator is killed while its worker is held: the next run ends that one before it begins, so that no stage runs
  /// twice at once.
  @Test(.timeLimit(.minutes(1)))
  func aHeldOrphanIsGoneBeforeTheNextRunBegins() async throws {
    let study = try FakeStudy()
    let stage = try study.stage("held", ["files": true, "die": 19, "attempts": 1])
    let process = try start(study, [stage])
    try await awaitBegin(study)
    let begun = try #require(try study.noted().first)
    let orphan = try #require(Int32(begun[2]))
    let identity = try #require(ProcessIdentity.running(orphan))
    kill(process.processIdentifier, SIGKILL)
    // Foundation hears of an end only when nobody has what the process inherited, and the orphan has.
    while ProcessIdentity.running(process.processIdentifier) != nil { try await Task.sleep(for: .milliseconds(5)) }
    // The system itself ends a held process whose parent is gone; whether it has done so or not, the next run comes after it.
    let next = try start(study, [stage], shell: "")
    #expect(try await end(next, study).status == 0)
    #expect(!identity.isRunning)
    let workers = try study.noted().map { $0[2] }
    #expect(workers.count == 3 && workers[1] == workers[2] && workers[0] != workers[1])
  }
}
