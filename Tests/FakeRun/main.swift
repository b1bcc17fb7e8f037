import Executor
import Files
import Foundation
import Planner
import Store
import WorkerProtocol

// A coordinator for tests to kill: runs the stages of a JSON file. Arguments: workspace, plan file, worker, and jobs, or
// `slurm:` and a file with a profile. Without the last two it tells what is done instead.

/// Says what failed for good, and what a back end has to say.
struct Terse: RunObserver {
  func observe(_ event: RunEvent) {
    if case .failed(let stage, let failure, retryAfter: nil) = event {
      Self.say("FAILED \(stage.label): \(failure.failureClass.rawValue): \(failure.message)")
    }
  }

  static func say(_ text: String) { FileHandle.standardError.write(Data("\(text)\n".utf8)) }
}

func plan(from path: String) throws -> Plan {
  let json = try JSONValue(json: try DurableFiles.read(path))
  let stages = (json.arrayValue ?? []).compactMap { stage -> Stage? in
    guard let key = stage["key"]?.stringValue.flatMap({ StageKey(hex: $0) }),
      let kind = stage["kind"]?.stringValue.flatMap({ StageKind(rawValue: $0) }),
      let label = stage["label"]?.stringValue
    else { return nil }
    let inputs = (stage["inputs"]?.arrayValue ?? []).compactMap { input in
      input.stringValue.flatMap { StageKey(hex: $0) }.map { StageInput(role: "input-\($0.short)", key: $0) }
    }
    return Stage(
      key: key, kind: kind, parameters: stage["parameters"] ?? [:], inputs: inputs,
      locations: (stage["locations"]?.objectValue ?? [:]).compactMapValues(\.stringValue), label: label)
  }
  return Plan(study: "fake", cells: [], stages: stages, resources: Resources())
}

let arguments = CommandLine.arguments
if arguments.count == 3 {
  do {
    let status = try Workspace.openForReading(arguments[1]).status(of: try plan(from: arguments[2]))
    let total = status.summary.counts.values.reduce(into: [:]) { $0.merge($1) { $0 + $1 } }
    print(total.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", "))
    exit(0)
  } catch {
    print(error)
    exit(70)
  }
}
let slurm = "slurm:"
guard arguments.count == 5, arguments[4].hasPrefix(slurm) || Int(arguments[4]) != nil else {
  print("usage: graft-fake-run WORKSPACE PLAN [WORKER JOBS|slurm:PROFILE]")
  exit(64)
}
let jobs = Int(arguments[4]) ?? 1
do {
  let workspace = try Workspace.open(arguments[1], command: "graft-fake-run")
  var pilots: SlurmWorkers?
  if arguments[4].hasPrefix(slurm) {
    let path = String(arguments[4].dropFirst(slurm.count))
    let profile = try SlurmProfile.read(
      data: Data(try DurableFiles.read(path)), fileName: path, environment: [:])
    pilots = try SlurmWorkers(profile: profile, worker: arguments[3], workspace: workspace) { Terse.say($0) }
  } else {
    let earlier = EarlierSlurmRuns(workspace: workspace.folder)
    _ = try earlier.end()
    try earlier.clear()
  }
  let workers: any WorkerBackEnd =
    pilots ?? LocalWorkers(path: arguments[3], slots: jobs, threads: 1, workspace: workspace)
  var options = RunOptions(
    jobs: jobs, threadsPerJob: 1, retry: RetryPolicy(firstDelay: .milliseconds(1)), orphanGrace: 3)
  options.watchInterval = .milliseconds(100)
  let coordinator = try RunCoordinator(
    plan: try plan(from: arguments[2]), workspace: workspace, backEnd: workers, options: options, observer: Terse())
  let signals = InterruptSignals { coordinator.requestStop($0) }
  let summary = try await coordinator.run()
  withExtendedLifetime(signals) {}
  if let pilots {
    pilots.clear()
    Terse.say("calls \(pilots.usage.calls.values.reduce(0, +))")
  }
  workspace.close()
  exit(summary.ending == .complete ? 0 : summary.ending == .stopped ? 130 : 1)
} catch let error as WorkspaceError {
  if case .held = error { exit(75) }
  print(error)
  exit(70)
} catch {
  print(error)
  exit(70)
}
