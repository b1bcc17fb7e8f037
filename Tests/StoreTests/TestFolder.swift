import Files
import Foundation
import Planner
import Store
import Testing
import WorkerProtocol

/// A folder of a test's own, gone with it.
final class TestFolder: Sendable {
  let path: String

  init() throws {
    var template = Array("\(NSTemporaryDirectory())graft-store-XXXXXX".utf8CString)
    path = String(cString: try #require(mkdtemp(&template)))
  }

  deinit { try? DurableFiles.remove(path) }

  var workspace: String { "\(path)/.graft" }

  func write(_ name: String, _ text: String) throws {
    let file = "\(path)/\(name)"
    try DurableFiles.makeFolder((file as NSString).deletingLastPathComponent)
    try DurableFiles.write(Array(text.utf8), to: file)
  }

  /// Sets a file's modification time, in seconds before now.
  func age(_ name: String, by seconds: Int) throws {
    var times = [timespec(), timespec()]
    clock_gettime(CLOCK_REALTIME, &times[0])
    times[0].tv_sec -= seconds
    times[0].tv_nsec = 0
    times[1] = times[0]
    try #require(utimensat(AT_FDCWD, "\(path)/\(name)", times, 0) == 0)
  }

  static func stage(
    _ digit: Character, _ kind: StageKind = .train, inputs: [Stage] = [], parameters: JSONValue = ["epochs": 2]
  ) throws -> Stage {
    Stage(
      key: try #require(StageKey(hex: String(repeating: digit, count: 64))), kind: kind, parameters: parameters,
      inputs: inputs.map { StageInput(role: $0.kind.rawValue, key: $0.key) }, locations: [:],
      label: "\(kind.rawValue) \(digit)")
  }

  static func plan(_ stages: [Stage], cells: [Cell] = []) -> Plan {
    Plan(study: "study", cells: cells, stages: stages, resources: Resources())
  }
}

extension Workspace {
  /// Plays the worker: writes an attempt's output, complete or cut off before its outcome.
  func writeOutput(_ stage: Stage, attempt: Int64, outcome: StageOutcome?) throws -> String {
    let folder = outputFolder(attempt: attempt, kind: stage.kind, key: stage.key)
    try DurableFiles.makeFolder("\(folder)/inner")
    try DurableFiles.write(Array("weights".utf8), to: "\(folder)/inner/weights")
    if let outcome {
      try DurableFiles.write(Array(outcome.json.canonicalText.utf8), to: "\(folder)/\(StageOutcome.fileName)")
    }
    return folder
  }

  /// Records a stage as done, as a run does.
  func finish(_ stage: Stage, _ journal: RunJournal, _ outcome: StageOutcome = StageOutcome(), files: Bool = false)
    throws
  {
    let attempt = try journal.nextAttemptNumber()
    journal.record(.started(attempt: attempt, stage, worker: nil, threads: 1, device: "cpu", at: .now))
    var hasArtifact = false
    if files {
      let output = try writeOutput(stage, attempt: attempt, outcome: outcome)
      hasArtifact = try keepArtifact(from: output, kind: stage.kind, key: stage.key)
    }
    journal.record(
      .finished(
        attempt: attempt, stage, outcome, hasArtifact: hasArtifact,
        files: hasArtifact ? try artifactFiles(kind: stage.kind, key: stage.key) : [],
        AttemptEnd(time: .now, seconds: 2.5, cost: StageCost(cpuSeconds: 2, peakMemory: 1000))))
    try journal.flush()
  }

  func fail(_ stage: Stage, _ journal: RunJournal, _ failure: StageFailure) throws {
    let attempt = try journal.nextAttemptNumber()
    journal.record(.started(attempt: attempt, stage, worker: nil, threads: 1, device: "cpu", at: .now))
    journal.record(.failed(attempt: attempt, failure, AttemptEnd(time: .now, seconds: 1, cost: nil)))
    try journal.flush()
  }
}
