import Files
import Foundation
import Planner
import Store
import Synchronization
import Testing
import WorkerProtocol

/// What the world does to a workspace: older versions, a clock that is set back, other processes that hold the database or
/// remove the lock, requests left by other terminals.
@Suite("Trouble with a workspace")
struct TroubleTests {
  /// Runs a few lines of Python.
  static func python(_ script: String, _ arguments: [String]) throws -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3", "-c", script] + arguments
    try process.run()
    return process
  }

  /// A run of version 2 that was cut off: a stage done at the second try, another running on a machine elsewhere.
  static let cutOff = """
    INSERT INTO stage VALUES (1, x'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'dataset', 1, 'dataset a', '{}');
    INSERT INTO stage VALUES (2, x'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb', 'train', 1, 'train b', '{}');
    INSERT INTO stage_input VALUES (2, 'dataset', 1);
    INSERT INTO worker VALUES (1, 4711, 99, 'boot', 'elsewhere', 900, 2100);
    INSERT INTO worker VALUES (2, 4712, 99, 'boot', 'elsewhere', 900, NULL);
    INSERT INTO attempt VALUES (1, 1, 'failed', 'crash', 'it fell', 'look', 1, 1, 'cpu', 1000, 1500, 0.5, 0.25, 4096);
    INSERT INTO attempt VALUES (2, 1, 'done', NULL, NULL, NULL, 1, 1, 'cpu', 2000, 1200, 2.5, 2.0, 8192);
    INSERT INTO attempt VALUES (3, 2, 'running', NULL, NULL, NULL, 1, 2, 'cuda:0', 3000, NULL, NULL, NULL, NULL);
    INSERT INTO result VALUES (1, 2, 0, 0, '{}', 2100);
    INSERT INTO metric VALUES (1, 0, 'test', 'accuracy', 0.75);
    INSERT INTO progress VALUES (3, 0.5, 'epoch 1/2', NULL, NULL, NULL, 3100);
    """

  /// A workspace as version 2 left it, with these rows.
  static func older(_ rows: String = cutOff) throws -> TestFolder {
    let folder = try TestFolder()
    try DurableFiles.makeFolder(folder.workspace)
    let sql = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/version-2.sql").path
    let making = try python(
      "import sqlite3, sys; sqlite3.connect(sys.argv[1]).executescript(open(sys.argv[2]).read() + sys.argv[3])",
      ["\(folder.workspace)/state.sqlite", sql, rows])
    making.waitUntilExit()
    try #require(making.terminationStatus == 0)
    return folder
  }

  @Test func anOlderDatabaseKeepsEveryRow() throws {
    let folder = try Self.older()
    let workspace = try Workspace.open(folder.workspace, command: "test")
    let first = try TestFolder.stage("a", .dataset, parameters: [:])
    let second = try TestFolder.stage("b", inputs: [first], parameters: [:])
    let done = try #require(try workspace.dossier(of: first.key))
    #expect(done.outcome?.metrics == [MetricValue(split: "test", name: "accuracy", value: 0.75)])
    #expect(done.attempts.map(\.state) == [.failed, .done])
    #expect(done.attempts[0].failure == StageFailure(.crash, "it fell", remedy: "look"))
    #expect(done.attempts[1].seconds == 2.5 && done.attempts[1].cost == StageCost(cpuSeconds: 2, peakMemory: 8192))
    // Its clock had been set back by 0.8 s.
    #expect(done.attempts[1].finished == done.attempts[1].started)
    #expect(
      try workspace.status(of: TestFolder.plan([first, second])).running.map(\.progress?.position) == ["epoch 1/2"])
    #expect(try workspace.measuredSeconds(of: TestFolder.plan([first]).stages) == [2.5])
    // And it takes what the older one did not know.
    try workspace.fail(second, RunJournal(workspace: workspace), StageFailure(.hung, "silent"))
    #expect(try workspace.records(of: [second])[second.key]?.lastAttempt?.failure?.failureClass == .hung)
  }

  @Test(arguments: FailureClass.allCases)
  func everyClassOfFailureCanBeRecorded(_ failureClass: FailureClass) throws {
    let folder = try TestFolder()
    let workspace = try Workspace.open(folder.workspace, command: "test")
    let stage = try TestFolder.stage("a")
    try workspace.fail(stage, RunJournal(workspace: workspace), StageFailure(failureClass, "so it is"))
    #expect(try workspace.records(of: [stage])[stage.key]?.lastAttempt?.failure?.failureClass == failureClass)
  }

  /// Times of the wall clock are for people: one that is set back in mid-stage, or while nobody ran, makes no attempt end
  /// before it began, and none too short.
  @Test(arguments: [true, false])
  func aClockThatIsSetBack(inOneBatch: Bool) throws {
    let folder = try TestFolder()
    let workspace = try Workspace.open(folder.workspace, command: "test")
    let journal = try RunJournal(workspace: workspace)
    let stages = try [TestFolder.stage("a"), TestFolder.stage("b")]
    let later = Timestamp(milliseconds: Timestamp.now.milliseconds + 3_600_000)
    for (number, stage) in stages.enumerated() {
      journal.record(.started(attempt: Int64(number + 1), stage, worker: nil, threads: 1, device: "cpu", at: later))
    }
    if !inOneBatch { try journal.flush() }
    journal.record(
      .finished(
        attempt: 1, stages[0], StageOutcome(), hasArtifact: false, files: [],
        AttemptEnd(time: .now, seconds: 7, cost: nil)))
    try journal.flush()
    // The second one was cut off, and the next run starts by an earlier clock.
    #expect(try workspace.recover(stages: TestFolder.plan(stages).stages).interruptedAttempts == 1)
    for stage in stages {
      let attempt = try #require(try workspace.records(of: [stage])[stage.key]?.lastAttempt)
      #expect(attempt.started == later && attempt.finished == later)
    }
    #expect(try workspace.measuredSeconds(of: TestFolder.plan(stages).stages)[0] == 7)
  }

  /// Has another process hold the database's write lock until a file `let-go` lies in the folder. Returns when it does.
  private static func hold(_ folder: TestFolder) async throws -> Process {
    let holding = try python(
      """
      import os, sqlite3, sys, time
      database = sqlite3.connect(sys.argv[1], isolation_level=None)
      database.execute("BEGIN IMMEDIATE")
      open(sys.argv[2], "w").close()
      while not os.path.exists(sys.argv[3]): time.sleep(0.05)
      """, ["\(folder.workspace)/state.sqlite", "\(folder.path)/held", "\(folder.path)/let-go"])
    while access("\(folder.path)/held", F_OK) != 0 {
      try #require(holding.isRunning)
      try await Task.sleep(for: .milliseconds(10))
    }
    return holding
  }

  /// Does what waits for a lock on a thread of its own: the tests' own threads are few.
  private static func apart<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      Thread { continuation.resume(with: Result { try body() }) }.start()
    }
  }

  /// Another process holds the database's write lock for longer than SQLite waits: that is said, waited for, and gone on from.
  @Test(.timeLimit(.minutes(2)))
  func aDatabaseThatIsHeldIsWaitedFor() async throws {
    let folder = try TestFolder()
    let told = Counter()
    let path = folder.path
    // The other process lets go only after it was said that it is waited for.
    let workspace = try Workspace.open(folder.workspace, command: "test") { _ in
      told.count()
      _ = FileManager.default.createFile(atPath: "\(path)/let-go", contents: nil)
    }
    let stage = try TestFolder.stage("a")
    let holding = try await Self.hold(folder)
    try await Self.apart { try workspace.finish(stage, RunJournal(workspace: workspace)) }
    #expect(try workspace.records(of: [stage])[stage.key]?.isDone == true)
    #expect(told.counted > 0)
    try await Self.apart { holding.waitUntilExit() }
  }

  /// Told to stop at once, nobody waits for a database any longer: what was done is kept for a later try.
  @Test(.timeLimit(.minutes(2)))
  func aStopAtOnceEndsTheWaiting() async throws {
    let folder = try TestFolder()
    let workspace = try Workspace.open(folder.workspace, command: "test") { _ in }
    let journal = try RunJournal(workspace: workspace)
    let stage = try TestFolder.stage("a")
    let holding = try await Self.hold(folder)
    workspace.stopWaiting(atOnce: true)
    journal.record(.started(attempt: 1, stage, worker: nil, threads: 1, device: "cpu", at: .now))
    let error = await #expect(throws: WorkspaceError.self) { try await Self.apart { try journal.flush() } }
    #expect(error == .busy(path: "\(folder.workspace)/state.sqlite"))
    kill(holding.processIdentifier, SIGKILL)
    try await Self.apart { holding.waitUntilExit() }
    try await Self.apart { try journal.flush() }
    #expect(try workspace.records(of: [stage])[stage.key]?.lastAttempt != nil)
  }

  // MARK: - Who holds the workspace

  @Test func aLockThatIsGivenUpNamesNobody() throws {
    let folder = try TestFolder()
    let workspace = try Workspace.open(folder.workspace, command: "test")
    #expect(Workspace.holder(of: folder.workspace)?.command == "test")
    // One that is refused leaves the holder's name alone.
    #expect(throws: WorkspaceError.self) { try Workspace.open(folder.workspace, command: "second") }
    #expect(Workspace.holder(of: folder.workspace)?.command == "test")
    workspace.close()
    #expect(Workspace.holder(of: folder.workspace) == nil)
    #expect(try DurableFiles.read("\(folder.workspace)/lock").isEmpty)
  }

  @Test func aLockWhoseFileWasRemovedIsNoLongerHeld() throws {
    let folder = try TestFolder()
    let workspace = try Workspace.open(folder.workspace, command: "test")
    #expect(workspace.holdsLock)
    try DurableFiles.remove("\(folder.workspace)/lock")
    #expect(!workspace.holdsLock)
    let other = try Workspace.open(folder.workspace, command: "other")
    #expect(other.holdsLock && !workspace.holdsLock)
  }

  @Test func aRequestToStopMeansOneRun() throws {
    let folder = try TestFolder()
    let workspace = try Workspace.open(folder.workspace, command: "test")
    #expect(workspace.takeStopRequest() == nil)
    let own = try #require(Workspace.holder(of: folder.workspace))
    for isAtOnce in [false, true] {
      try StopRequest(run: own, isAtOnce: isAtOnce).leave(in: folder.workspace)
      #expect(StopRequest.isPending(in: folder.workspace))
      #expect(workspace.takeStopRequest() == StopRequest(run: own, isAtOnce: isAtOnce))
      #expect(!StopRequest.isPending(in: folder.workspace))
    }
    // One left for another run is cleared away and means nothing; so is what is no request.
    let name = try DurableFiles.read("\(folder.workspace)/lock")
    let text = String(decoding: name, as: UTF8.self).replacing("\"pid\":\(getpid())", with: "\"pid\":1")
    try DurableFiles.write(Array("{\"at_once\":true,\"run\":\(text)}".utf8), to: "\(folder.workspace)/stop")
    #expect(workspace.takeStopRequest() == nil && !StopRequest.isPending(in: folder.workspace))
    try DurableFiles.write(Array("stop!".utf8), to: "\(folder.workspace)/stop")
    #expect(workspace.takeStopRequest() == nil && !StopRequest.isPending(in: folder.workspace))
  }

  // MARK: - Orphans

  /// A worker on another machine cannot be asked. When its run has given no sign of life for long enough it is gone.
  @Test func workersElsewhereAreGoneAfterTheirTime() throws {
    let folder = try Self.older()
    try folder.write(".graft/lock", "")
    try folder.age(".graft/lock", by: 150)
    let workspace = try Workspace.open(folder.workspace, command: "test")
    var told: [Double] = []
    #expect(try workspace.recover(stages: TestFolder.plan([]).stages) { told.append($0) }.awaitedWorkers == 1)
    #expect(told.isEmpty)
    #expect(try workspace.recover(stages: TestFolder.plan([]).stages).awaitedWorkers == 0)
  }

  @Test(.timeLimit(.minutes(1))) func untilThenTheyAreWaitedForUnlessTheRunIsStopped() throws {
    let folder = try Self.older()
    try folder.write(".graft/lock", "")
    try folder.age(".graft/lock", by: 100)
    let workspace = try Workspace.open(folder.workspace, command: "test")
    workspace.stopWaiting(atOnce: false)
    var told: [Double] = []
    #expect(throws: WorkspaceError.stoppedWaiting) {
      try workspace.recover(stages: TestFolder.plan([]).stages) { told.append($0) }
    }
    #expect(told.count == 1 && told[0] > 30 && told[0] < 41)
  }

  /// An orphan that is stopped, or will not end for a signal, does not run beside the next run's stages.
  @Test(.timeLimit(.minutes(1)), arguments: ["kill -STOP $$; sleep 600", "trap '' TERM INT HUP; sleep 600; sleep 600"])
  func anOrphanThatCannotEndByItselfIsEnded(script: String) throws {
    let folder = try TestFolder()
    let workspace = try Workspace.open(folder.workspace, command: "test")
    let orphan = Process()
    orphan.executableURL = URL(fileURLWithPath: "/bin/sh")
    orphan.arguments = ["-c", script]
    try orphan.run()
    let identity = try #require(ProcessIdentity.running(orphan.processIdentifier))
    _ = try RunJournal(workspace: workspace).registerWorker(identity, at: .now)
    usleep(50_000)
    #expect(try workspace.recover(stages: TestFolder.plan([]).stages, grace: 0.05).endedWorkers == 1)
    #expect(!identity.isRunning)
    orphan.waitUntilExit()
  }
}

private final class Counter: Sendable {
  private let number = Mutex(0)

  var counted: Int { number.withLock { $0 } }

  func count() { number.withLock { $0 += 1 } }
}
