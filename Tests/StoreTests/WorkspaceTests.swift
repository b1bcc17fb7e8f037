import Files
import Foundation
import Planner
import Store
import Testing
import WorkerProtocol

@Suite("Workspace")
struct WorkspaceTests {
  @Test func oneWriterAtATime() throws {
    let folder = try TestFolder()
    do {
      let first = try Workspace.open(folder.workspace, command: "graft run a.yaml")
      let error = #expect(throws: WorkspaceError.self) { try Workspace.open(folder.workspace, command: "second") }
      guard case .held(let holder, _) = error else { return #expect(Bool(false), "\(String(describing: error))") }
      #expect(holder.process == .current && holder.command == "graft run a.yaml")
      #expect(first.currentRun == holder)
    }
    #expect(try Workspace.open(folder.workspace, command: "third").isWritable)
  }

  /// A process that is just being started has a copy of every descriptor, the lock's too.
  @Test func aCopyOfTheLockDoesNotKeepIt() throws {
    let folder = try TestFolder()
    var copy: Int32 = -1
    do {
      let first = try Workspace.open(folder.workspace, command: "first")
      let lock = try #require(
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").first {
          (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)"))
            == "\(folder.workspace)/lock"
        }.flatMap { Int32($0) })
      copy = dup(lock)
      #expect(first.isWritable && copy >= 0)
    }
    defer { close(copy) }
    #expect(try Workspace.open(folder.workspace, command: "second").isWritable)
  }

  @Test func aLockThatADeadRunLeftIsFree() throws {
    let folder = try TestFolder()
    try DurableFiles.makeFolder(folder.workspace)
    try folder.write(
      ".graft/lock",
      "{\"boot\":\"b\",\"command\":\"graft run\",\"host\":\"\(ProcessIdentity.currentHost)\",\"pid\":1,\"since\":0,\"start\":\"7\"}"
    )
    #expect(try Workspace.openForReading(folder.workspace).currentRun == nil)
    #expect(try Workspace.open(folder.workspace, command: "next").currentRun?.command == "next")
  }

  @Test func whatDoesNotExistIsEmpty() throws {
    let folder = try TestFolder()
    let workspace = try Workspace.openForReading(folder.workspace)
    let stage = try TestFolder.stage("a")
    #expect(try workspace.records(of: [stage]).isEmpty)
    #expect(try workspace.dossier(of: stage.key) == nil)
    #expect(try workspace.status(of: TestFolder.plan([stage])).summary.counts == [.train: [.ready: 1]])
    #expect(try workspace.results(of: TestFolder.plan([stage])).cells.isEmpty)
    #expect(access(folder.workspace, F_OK) != 0, "reading must not make a workspace")
    #expect(throws: WorkspaceError.readOnly(path: "\(folder.workspace)/state.sqlite")) {
      try RunJournal(workspace: workspace)
    }
  }

  @Test func aLaterSchemaIsRefused() throws {
    let folder = try TestFolder()
    do { _ = try Workspace.open(folder.workspace, command: "test") }
    // The user version stands at byte 60 of the file's header, big-endian.
    let path = "\(folder.workspace)/state.sqlite"
    var bytes = try DurableFiles.read(path)
    bytes[62] = 1
    try DurableFiles.write(bytes, to: path)
    for open in [{ try Workspace.openForReading($0) }, { try Workspace.open($0, command: "test") }] {
      let error = #expect(throws: WorkspaceError.self) { try open(folder.workspace) }
      guard case .newerSchema(_, let version, let known) = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(version == 256 + known)
    }
  }

  @Test func aFileThatIsNoDatabaseIsNamed() throws {
    let folder = try TestFolder()
    try folder.write(".graft/state.sqlite", String(repeating: "not a database ", count: 100))
    let error = #expect(throws: WorkspaceError.self) { try Workspace.openForReading(folder.workspace) }
    #expect(error.map { "\($0)" }?.contains("\(folder.workspace)/state.sqlite") == true)
  }

  @Test func aFinishedStageIsKeptWhole() throws {
    let folder = try TestFolder()
    let workspace = try Workspace.open(folder.workspace, command: "test")
    let journal = try RunJournal(workspace: workspace)
    let dataset = try TestFolder.stage("a", .dataset)
    let train = try TestFolder.stage("b", inputs: [dataset])
    let outcome = StageOutcome(
      metrics: [MetricValue(split: "val", name: "accuracy", value: 1 / 3)],
      history: [
        HistoryEntry(
          step: 5, epoch: 0.5, learningRate: 1e-3, trainingLoss: .infinity, validationLoss: 2, validationMetric: 0.25),
        HistoryEntry(
          step: 9, epoch: 1, learningRate: 1e-3, trainingLoss: 1, validationLoss: 2, validationMetric: 0.5,
          validationNeighbours: 0.125),
      ], facts: ["best_step": 5])
    try workspace.finish(dataset, journal)
    try workspace.finish(train, journal, outcome, files: true)

    let dossier = try #require(try Workspace.openForReading(folder.workspace).dossier(of: train.key))
    #expect(dossier.outcome == outcome)
    #expect(dossier.inputs == train.inputs)
    #expect(dossier.parameters == train.parameters)
    #expect(dossier.files.map(\.name) == ["inner/weights", "outcome.json"])
    #expect(dossier.files[0].bytes == 7)
    // SHA-256 of the seven bytes `weights`, by sha256sum.
    #expect(dossier.files[0].sha256 == "9a129038d9a00aed0cf6a7ea059ca50a813449061ab87848cf1a13eafdf33b2c")
    #expect(dossier.attempts.map(\.state) == [.done])
    #expect(dossier.attempts[0].cost == StageCost(cpuSeconds: 2, peakMemory: 1000))
    #expect(try workspace.keys(beginningWith: "bbb") == [train.key])
    #expect(try workspace.keys(beginningWith: "zz").isEmpty)
    #expect(try workspace.measuredSeconds(of: TestFolder.plan([dataset, train]).stages) == [2.5, 2.5])
  }

  /// A workspace of an older version is read without a change to it, and brought up to date by the first that writes.
  @Test func anOlderWorkspaceIsReadAsItIs() throws {
    let keys = ["b", "c", "d"].map { "x'\(String(repeating: $0, count: 64))'" }
    let folder = try TroubleTests.older(
      """
      INSERT INTO stage VALUES (1, \(keys[0]), 'train', 1, 'train b', '{"epochs":2}');
      INSERT INTO stage VALUES (2, \(keys[1]), 'train', 1, 'train c', '{"epochs":2}');
      INSERT INTO stage VALUES (3, \(keys[2]), 'train', 1, 'train d', '{"epochs":2}');
      INSERT INTO worker VALUES (1, 1234, 5, 'boot', 'elsewhere', 1, 2);
      INSERT INTO attempt VALUES (1, 1, 'done', NULL, NULL, NULL, 1, 1, 'cpu', 1000, 3500, 2.5, 2.0, 1000);
      INSERT INTO attempt VALUES (2, 2, 'failed', 'data', 'no images', 'add some', 1, 1, 'cpu', 1000, 2000, 1.0, NULL, NULL);
      INSERT INTO attempt VALUES (3, 3, 'stopped', NULL, NULL, NULL, 1, 1, 'cpu', 1000, 2000, 1.0, NULL, NULL);
      INSERT INTO result VALUES (1, 1, 0, 0, '{"best_step":9}', 3500);
      INSERT INTO metric VALUES (1, 0, 'val', 'accuracy', 0.5);
      INSERT INTO history VALUES (1, 0, 9, 1.0, 0.001, 1.0, 2.0, 0.5, 0.125);
      """)
    let path = "\(folder.workspace)/state.sqlite"
    let bytes = try DurableFiles.read(path)
    let plan = TestFolder.plan([try TestFolder.stage("b"), try TestFolder.stage("c"), try TestFolder.stage("d")])
    func check(_ workspace: Workspace) throws {
      let dossier = try #require(try workspace.dossier(of: plan.stages.keys[0]))
      #expect(dossier.label == "train b" && dossier.parameters == ["epochs": 2])
      #expect(dossier.outcome?.metrics == [MetricValue(split: "val", name: "accuracy", value: 0.5)])
      #expect(dossier.outcome?.history.map(\.validationNeighbours) == [0.125])
      #expect(try workspace.records(of: plan) == [.done(hasArtifact: true), .failed, .stopped])
    }
    try check(try Workspace.openForReading(folder.workspace))
    #expect(try DurableFiles.read(path) == bytes)
    let workspace = try Workspace.open(folder.workspace, command: "test")
    try check(workspace)
    workspace.close()
    #expect(try DurableFiles.read(path) != bytes)
    try check(try Workspace.openForReading(folder.workspace))
  }

  /// What many stages share is kept once, and each is whole when it is read.
  @Test func sharedParametersAreReadWhole() throws {
    let folder = try TestFolder()
    let workspace = try Workspace.open(folder.workspace, command: "test")
    let journal = try RunJournal(workspace: workspace)
    let training: JSONValue = ["schedule": .string(String(repeating: "long ", count: 50)), "epochs": 3]
    let stages = try (["a", "b", "c"] as [Character]).map {
      try TestFolder.stage($0, parameters: ["seed": 1, "training": training])
    }
    for stage in stages { try workspace.finish(stage, journal) }
    for stage in stages { #expect(try workspace.dossier(of: stage.key)?.parameters == stage.parameters) }
  }

  @Test func artifactsThatAreGoneAreNoticed() throws {
    let folder = try TestFolder()
    let workspace = try Workspace.open(folder.workspace, command: "test")
    let journal = try RunJournal(workspace: workspace)
    let withFiles = try TestFolder.stage("a")
    let without = try TestFolder.stage("b", .test)
    try workspace.finish(withFiles, journal, files: true)
    try workspace.finish(without, journal)
    try DurableFiles.remove(workspace.artifactFolder(kind: .train, key: withFiles.key))
    let records = try workspace.records(of: [withFiles, without])
    #expect(records[withFiles.key]?.isDone == false && records[withFiles.key]?.isArtifactMissing == true)
    #expect(records[without.key]?.isDone == true)
    // Doing it again makes it whole.
    try workspace.finish(withFiles, journal, files: true)
    #expect(try workspace.records(of: [withFiles])[withFiles.key]?.isDone == true)
    #expect(try workspace.dossier(of: withFiles.key)?.attempts.count == 2)
  }

  @Test func statusTellsEachState() throws {
    let folder = try TestFolder()
    let workspace = try Workspace.open(folder.workspace, command: "test")
    let journal = try RunJournal(workspace: workspace)
    let done = try TestFolder.stage("a", .dataset)
    let failed = try TestFolder.stage("b", inputs: [done])
    let waiting = try TestFolder.stage("c", .test, inputs: [failed])
    let ready = try TestFolder.stage("d", inputs: [done])
    let running = try TestFolder.stage("e", inputs: [done])
    let stopped = try TestFolder.stage("f", inputs: [done])
    try workspace.finish(done, journal)
    try workspace.fail(failed, journal, StageFailure(.data, "no images", remedy: "add some"))
    let first = try journal.nextAttemptNumber()
    journal.record(.started(attempt: first, running, worker: nil, threads: 2, device: "cpu", at: .now))
    journal.record(
      .progressed(attempt: first, StageProgress(fraction: 0.5, position: "epoch 1/2", loss: .nan), at: .now))
    let second = try journal.nextAttemptNumber()
    journal.record(.started(attempt: second, stopped, worker: nil, threads: 2, device: "cpu", at: .now))
    journal.record(.stopped(attempt: second, AttemptEnd(time: .now, seconds: 1, cost: nil)))
    try journal.flush()

    let plan = TestFolder.plan([done, failed, waiting, ready, running, stopped])
    let status = try workspace.status(of: plan)
    #expect(status.states == [.done, .failed, .waiting, .ready, .running, .stopped])
    #expect(status.failed.map(\.failure) == [StageFailure(.data, "no images", remedy: "add some")])
    #expect(status.running.map(\.progress?.position) == ["epoch 1/2"])
  }

  /// Time in a cluster's queue is none of the stage's.
  @Test(arguments: [true, false]) func aStageIsQueuedUntilItBegins(inOneTransaction: Bool) throws {
    let folder = try TestFolder()
    let workspace = try Workspace.open(folder.workspace, command: "test")
    let journal = try RunJournal(workspace: workspace)
    let stage = try TestFolder.stage("a")
    let attempt = try journal.nextAttemptNumber()
    let (handedOver, begun) = (Timestamp(milliseconds: 1_000), Timestamp(milliseconds: 5_000))
    journal.record(.started(attempt: attempt, stage, worker: nil, threads: 1, device: "cpu", at: handedOver))
    if !inOneTransaction {
      try journal.flush()
      let queued = try #require(try workspace.status(of: TestFolder.plan([stage])).running.first)
      #expect(queued.isQueued && queued.attempt.started == handedOver)
    }
    journal.record(.began(attempt: attempt, at: begun))
    journal.record(.progressed(attempt: attempt, StageProgress(fraction: 0, position: "begun"), at: begun))
    try journal.flush()
    let running = try #require(try workspace.status(of: TestFolder.plan([stage])).running.first)
    #expect(!running.isQueued && running.attempt.started == begun)
  }
}
