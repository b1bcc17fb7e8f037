import Executor
import Files
import Foundation
import Planner
import Store
import Synchronization
import Testing
import WorkerProtocol

/// A workspace in a folder of its own, and plans of scripted stages.
final class FakeStudy: Sendable {
  let root: String
  var folder: String { "\(root)/.graft" }
  /// Where the fake workers note each begin and end.
  var notes: String { "\(root)/notes" }

  init() throws {
    var template = Array("\(NSTemporaryDirectory())graft-run-XXXXXX".utf8CString)
    let made = try #require(mkdtemp(&template))
    root = String(cString: made)
  }

  deinit { try? DurableFiles.remove(root) }

  /// The products lie beside the test bundle.
  static func product(_ name: String) throws -> String {
    let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    return "\((own as NSString).deletingLastPathComponent)/\(name)"
  }

  static func key(_ label: String) throws -> StageKey {
    var hex = ""
    for seed in 1...4 {
      var hash: UInt64 = 0xcbf2_9ce4_8422_2325 &* UInt64(seed)
      for byte in label.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
      let digits = String(hash, radix: 16)
      hex += String(repeating: "0", count: 16 - digits.count) + digits
    }
    return try #require(StageKey(hex: hex))
  }

  func stage(_ label: String, kind: StageKind = .noop, _ script: JSONValue = [:], inputs: [Stage] = []) throws -> Stage
  {
    Stage(
      key: try Self.key(label), kind: kind, parameters: script,
      inputs: inputs.map { StageInput(role: "input-\($0.key.short)", key: $0.key) }, locations: ["journal": notes],
      label: label)
  }

  func plan(_ stages: [Stage]) -> Plan {
    Plan(study: "fake", cells: [], stages: stages, resources: Resources())
  }

  /// Runs the stages to the end in this process.
  @discardableResult
  func run(
    _ stages: [Stage], jobs: Int = 2, worker: String = "graft-fake-worker", arguments: [String] = [],
    options: RunOptions? = nil, clock: any Clock<Duration> = ImmediateClock(), watching: Recorder = Recorder(),
    began: @Sendable (RunCoordinator) -> Void = { _ in }
  ) async throws -> RunSummary {
    let workspace = try Workspace.open(folder, command: "test")
    defer { workspace.close() }
    let workers = LocalWorkers(
      path: try Self.product(worker), arguments: arguments, slots: options?.slots ?? jobs, threads: 1,
      workspace: workspace)
    let coordinator = try RunCoordinator(
      plan: plan(stages), workspace: workspace, backEnd: workers,
      options: options ?? RunOptions(jobs: jobs, threadsPerJob: 1), observer: watching, clock: clock)
    began(coordinator)
    return try await coordinator.run()
  }

  /// The labels of stages begun so far, in order.
  func begun() throws -> [String] {
    try noted().filter { $0.first == "begin" }.map { String($0[1]) }
  }

  func noted() throws -> [[Substring]] {
    guard access(notes, F_OK) == 0 else { return [] }
    return String(decoding: try DurableFiles.read(notes), as: UTF8.self).split(separator: "\n").map {
      $0.split(separator: " ")
    }
  }

  func record(of stage: Stage) throws -> StageRecord {
    try Workspace.openForReading(folder).records(of: [stage])[stage.key] ?? .none
  }

  /// What the stage's file says.
  func value(of stage: Stage) throws -> String {
    let artifact = try Workspace.openForReading(folder).artifactFolder(kind: stage.kind, key: stage.key)
    return String(decoding: try DurableFiles.read("\(artifact)/value"), as: UTF8.self)
  }

  func planFile(_ stages: [Stage]) throws -> String {
    let json = JSONValue.array(
      stages.map { stage in
        [
          "key": .string(stage.key.hex), "kind": .string(stage.kind.rawValue), "label": .string(stage.label),
          "parameters": stage.parameters, "inputs": .array(stage.inputs.map { .string($0.key.hex) }),
          "locations": .object(stage.locations.mapValues { .string($0) }),
        ]
      })
    let path = "\(root)/plan.json"
    try DurableFiles.write(Array(json.canonicalText.utf8), to: path)
    return path
  }
}

/// Keeps what a run told.
final class Recorder: RunObserver {
  private let events = Mutex<[RunEvent]>([])
  private let react: @Sendable (RunEvent) -> Void

  init(_ react: @escaping @Sendable (RunEvent) -> Void = { _ in }) { self.react = react }

  func observe(_ event: RunEvent) {
    events.withLock { $0.append(event) }
    react(event)
  }

  var all: [RunEvent] { events.withLock { $0 } }

  var started: [String] {
    all.compactMap { if case .started(let stage, _, _) = $0 { stage.label } else { nil } }
  }
}

/// A clock on which every wait is over at once.
struct ImmediateClock: Clock {
  var now: ContinuousClock.Instant { ContinuousClock.now }
  var minimumResolution: Duration { .zero }
  func sleep(until deadline: ContinuousClock.Instant, tolerance: Duration?) async throws {}
}
