import Executor
import Files
import Foundation
import Planner
import Store
import Testing
import WorkerProtocol

@Suite("Recovery, explored")
struct RecoveryModelTests {
  /// A data set and two trainings of it; a training, its test, which leaves no files, and what reads both; two that have
  /// nothing in common and one that reads both. With files and without.
  static let graphs = [
    RecoveryModel.Graph(inputs: [[], [0], [0]], leavesFiles: [true, true, true]),
    RecoveryModel.Graph(inputs: [[], [0], [0, 1]], leavesFiles: [true, false, true]),
    RecoveryModel.Graph(inputs: [[], [], [0, 1]], leavesFiles: [false, true, false]),
  ]

  /// Every order of what workers, coordinator and recovery do, with the coordinator killed twice and a worker once, at every
  /// moment: nothing runs twice at once, nothing that was recorded or lies complete is begun again, no result is recorded
  /// before its files lie in place, nothing is left over, and the run comes to its end.
  @Test(arguments: graphs)
  func everyOrderOfCrashesComesToTheSameEnd(graph: RecoveryModel.Graph) {
    let explored = RecoveryModel.explored(graph, crashes: 2, deaths: 2)
    #expect(explored.faults.isEmpty, "\(explored.faults.sorted().prefix(3))")
    #expect(explored.worlds > 3000)
    #expect(explored.endings > 0)
  }

  /// What is careless is found, each by what it leads to.
  @Test(
    arguments: [
      (.ignoresOrphans, "runs twice at once"), (.recordsBeforeFiles, "is recorded as done without its artifact"),
      (.dropsCompleteOutputs, "lay complete and is begun again"),
      (.keepsPartialOutputs, "is begun in a folder that is not empty"),
    ] as [(RecoveryModel.Flaw, String)])
  func whatIsCarelessIsFound(flaw: RecoveryModel.Flaw, fault: String) {
    let explored = RecoveryModel.explored(Self.graphs[0], crashes: 2, deaths: 1, flaw: flaw)
    #expect(explored.faults.contains { $0.contains(fault) }, "\(explored.faults)")
  }

  /// On every disk that a crash can leave by that model, laid out for real, the real recovery does what the model says.
  @Test(arguments: graphs)
  func theRealRecoveryDoesAsTheModel(graph: RecoveryModel.Graph) throws {
    let explored = RecoveryModel.explored(graph, crashes: 2, deaths: 1)
    #expect(explored.recovered.count > 20)
    for (before, after) in explored.recovered {
      let study = try FakeStudy()
      let stages = try laid(before, of: graph, in: study)
      let workspace = try Workspace.open(study.folder, command: "test")
      _ = try workspace.recover(stages: study.plan(stages).stages)
      #expect(try found(stages, in: workspace) == after, "from \(before)")
      workspace.close()
    }
  }

  /// Makes a workspace that looks so.
  private func laid(_ disk: [RecoveryModel.StageOnDisk], of graph: RecoveryModel.Graph, in study: FakeStudy) throws
    -> [Stage]
  {
    var stages: [Stage] = []
    for (number, inputs) in graph.inputs.enumerated() {
      stages.append(try study.stage("stage-\(number)", kind: .train, inputs: inputs.map { stages[$0] }))
    }
    let workspace = try Workspace.open(study.folder, command: "test")
    defer { workspace.close() }
    let journal = try RunJournal(workspace: workspace)
    for (stage, state) in zip(stages, disk) {
      let attempt = try journal.nextAttemptNumber()
      if state.isRunning || state.isRecorded {
        journal.record(.started(attempt: attempt, stage, worker: nil, threads: 1, device: "cpu", at: .now))
      }
      var files: [ArtifactFile] = []
      if state.hasArtifact {
        let output = try write(.complete, attempt: attempt, of: stage, in: workspace)
        _ = try workspace.keepArtifact(from: output, kind: stage.kind, key: stage.key)
        files = try workspace.artifactFiles(kind: stage.kind, key: stage.key)
      }
      if state.isRecorded {
        journal.record(
          .finished(
            attempt: attempt, stage, StageOutcome(), hasArtifact: state.hasArtifact, files: files,
            AttemptEnd(time: .now, seconds: 1, cost: nil)))
      }
      if state.output != .none { _ = try write(state.output, attempt: attempt, of: stage, in: workspace) }
    }
    try journal.flush()
    return stages
  }

  private func write(
    _ output: RecoveryModel.Output, attempt: Int64, of stage: Stage, in workspace: Workspace
  ) throws -> String {
    let folder = workspace.outputFolder(attempt: attempt, kind: stage.kind, key: stage.key)
    try DurableFiles.makeFolder(folder)
    try DurableFiles.write(Array("weights".utf8), to: "\(folder)/weights")
    if output == .complete {
      try DurableFiles.write(Array(StageOutcome().json.canonicalText.utf8), to: "\(folder)/\(StageOutcome.fileName)")
    }
    return folder
  }

  /// How a workspace looks.
  private func found(_ stages: [Stage], in workspace: Workspace) throws -> [RecoveryModel.StageOnDisk] {
    let records = try workspace.records(of: stages)
    let left = try DurableFiles.names(in: "\(workspace.folder)/tmp") ?? []
    return stages.map { stage in
      var state = RecoveryModel.StageOnDisk()
      state.hasArtifact = access(workspace.artifactFolder(kind: stage.kind, key: stage.key), F_OK) == 0
      state.isRecorded = records[stage.key]?.isDone ?? false
      state.isRunning = records[stage.key]?.lastAttempt?.state == .running
      if left.contains(where: { $0.hasSuffix(stage.key.hex) }) { state.output = .partial }
      return state
    }
  }
}
