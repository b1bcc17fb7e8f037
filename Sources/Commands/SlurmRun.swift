import Executor
import Foundation
import Planner
import Store

/// What `--executor slurm` makes of a run: the profile in force, and workers by it.
struct SlurmRun {
  let options: RunOptions
  private let profile: SlurmProfile
  private let worker: String
  private let environment: [String: String]

  /// Nil where the run is not to be on Slurm.
  ///
  /// - Throws: `CommandFailure`: 65 where the user's file is wrong, 64 for options that make no sense there, 69 where there is
  ///   no Slurm.
  init?(of loaded: LoadedStudy, _ plan: Plan, _ arguments: RunArguments) throws {
    guard arguments.executor == .slurm else { return nil }
    for (name, isGiven) in [
      ("--threads", arguments.machine.threads != nil), ("--pin-threads", arguments.machine.pinThreads),
      ("--device", arguments.machine.device.device != nil),
    ] where isGiven {
      throw CommandFailure(
        .usage, "\(name) is for runs on this machine",
        remedy: "with --executor slurm, `cpus` and `gres` in the section slurm say what a job has: --set slurm.cpus=4")
    }
    guard SlurmWorkers.isInstalled else {
      throw CommandFailure(
        .machineLacks, "there is no `sbatch` here",
        remedy: "run this on a login node of the cluster, or without --executor slurm")
    }
    var profile = try Self.profileOfUser().overlaid(by: loaded.study.slurm)
    if let jobs = arguments.machine.jobs { profile = profile.limited(toJobs: jobs) }
    self.profile = profile
    worker = try WorkerProgram.path()
    environment = arguments.checkpointEvery.map { ["GRAFT_CHECKPOINT_SECONDS": "\($0)"] } ?? [:]
    var options = RunOptions(jobs: profile.maxJobs, threadsPerJob: profile.needs(of: .train).cpus)
    options.takePatience(of: plan.resources)
    self.options = options
  }

  /// What is said of it before it begins.
  var summary: String { "in Slurm jobs, at most \(profile.maxJobs) at once" }

  /// - Throws: `CommandFailure` where the workspace cannot be read.
  func workers(in workspace: Workspace, note: @escaping @Sendable (String) -> Void) throws -> SlurmWorkers {
    try explaining {
      try SlurmWorkers(profile: profile, worker: worker, workspace: workspace, environment: environment, note: note)
    }
  }

  /// The user's own file: `slurm.yaml` in Graft's folder among the user's configurations.
  private static func profileOfUser() throws -> SlurmProfile {
    let variables = ProcessInfo.processInfo.environment
    let folder =
      variables["XDG_CONFIG_HOME"].flatMap { $0.isEmpty ? nil : $0 }
      ?? "\(variables["HOME"] ?? NSHomeDirectory())/.config"
    let path = "\(folder)/graft/slurm.yaml"
    guard FileManager.default.fileExists(atPath: path) else { return SlurmProfile() }
    guard let data = FileManager.default.contents(atPath: path) else {
      throw CommandFailure(.studyOrData, "\(path) cannot be read", remedy: "it must be a YAML file that you may read")
    }
    do {
      return try SlurmProfile.read(data: data, fileName: path, environment: variables)
    } catch {
      throw CommandFailure(.studyOrData, "\(error)")
    }
  }

  /// Before a run on this machine: what a run on Slurm left behind must not work in the same workspace. What its jobs have found
  /// in answers alone, without files, this run finds anew.
  ///
  /// - Throws: `CommandFailure` 69 where that cannot be made sure.
  static func endEarlierJobs(in workspace: Workspace, isQuiet: Bool) throws {
    let earlier = EarlierSlurmRuns(workspace: workspace.folder)
    let count = try explainingSlurm(in: workspace) {
      let count = try earlier.end()
      try earlier.clear()
      return count
    }
    if count > 0, !isQuiet { Console.note("\(count) job(s) of an earlier run on Slurm cancelled") }
  }

  /// Removes what runs on Slurm left that is over and recorded. What cannot be removed now is so another time.
  static func clearLeftovers(in workspace: Workspace) {
    try? EarlierSlurmRuns(workspace: workspace.folder).clear { try workspace.hasResult(of: $0) }
  }

  /// Where nobody runs: ends the jobs that a run left behind that was killed.
  ///
  /// - Returns: How many jobs had to be cancelled.
  /// - Throws: `CommandFailure`: 69 where Slurm does not say what became of them, 75 where a run has begun meanwhile.
  static func endJobsLeft(in folder: String, _ mode: StopMode, waits: Bool) throws -> Int {
    let workspace = try workspaceForWriting(folder)
    defer { workspace.close() }
    return try explainingSlurm(in: workspace) {
      let count = try EarlierSlurmRuns(workspace: folder).end(mode, waits: waits)
      if waits { clearLeftovers(in: workspace) }
      return count
    }
  }

  private static func explainingSlurm<Value>(in workspace: Workspace, _ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch let error as EarlierSlurmRuns.Unknown {
      throw CommandFailure(.machineLacks, error.description, remedy: error.remedy)
    } catch {
      throw CommandFailure(.cannotWrite, "\(error)", remedy: "see whether \(workspace.folder) can be written")
    }
  }

  /// What the cluster's controller was asked for.
  static func text(of usage: SlurmWorkers.Usage) -> String {
    let calls = usage.calls.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
    return "slurm: \(usage.jobs) job(s) ran, by \(calls.isEmpty ? "no" : calls.joined(separator: ", ")) call(s)"
  }
}
