import ArgumentParser
import Executor
import Foundation
import Planner
import Store

/// A study run on this machine, from what is recorded of it to what became of it.
struct StudyRun {
  let arguments: RunArguments

  /// Runs what is missing of a study, and says how that went.
  ///
  /// - Parameter part: Which part of the plan is meant.
  /// - Returns: The workspace and the plan, every stage of which is done.
  /// - Throws: `ExitCode` where some stage failed or the run was stopped, with the reasons said.
  @discardableResult
  func perform(
    _ loaded: LoadedStudy, signals: RunSignals, part: (Plan, Workspace) throws -> Plan = { plan, _ in plan }
  ) async throws -> (workspace: Workspace, plan: Plan) {
    // The workers inherit it.
    if let checkpointEvery = arguments.checkpointEvery { setenv("GRAFT_CHECKPOINT_SECONDS", "\(checkpointEvery)", 1) }
    let workspace = try explaining {
      try Workspace.open(loaded.workspaceFolder, command: CommandLine.arguments.joined(separator: " "))
    }
    let plan = try part(try loaded.plan(in: workspace), workspace)
    let reasons = try explaining { plan.reasons(records: try workspace.recordedStages(of: plan)) }
    if plan.stages.allSatisfy({ reasons[$0.key] == .done }) {
      Console.note(
        "\(plan.study): nothing to run: all \(plan.stages.count) stages of \(plan.cells.count) cells are done")
      return (workspace, plan)
    }
    let cluster = try SlurmRun(of: loaded, plan, arguments)
    if cluster == nil { try SlurmRun.endEarlierJobs(in: workspace, isQuiet: arguments.quiet) }
    var options = try cluster?.options ?? arguments.machine.options(of: plan)
    try explaining { try workspace.record(Provenance.source(of: loaded)) }
    options.failFast = arguments.failFast
    if !arguments.quiet {
      let toRun = plan.stages.count { reasons[$0.key]?.wouldRun ?? true }
      Console.note(
        "\(plan.study): \(plan.cells.count) cells, \(toRun) of \(plan.stages.count) stages to run, "
          + (cluster?.summary ?? "\(options.jobs) at once with \(options.threadsPerJob) thread(s) each")
          + (options.devices == .cpu
            ? ""
            : ", each on a device of its own: \((0..<options.jobs).map(options.devices.name).joined(separator: ", "))"))
    }
    let observer = ProgressDisplay(isQuiet: arguments.quiet)
    let workers = try cluster?.workers(in: workspace) { observer.note($0) }
    let summary = try await Self.perform(
      plan, in: workspace, options: options, observer: observer, signals: signals, backEnd: workers)
    workers?.clear()
    if let workers, !arguments.quiet { Console.note(SlurmRun.text(of: workers.usage)) }
    try finish(plan, summary)
    return (workspace, plan)
  }

  private func finish(_ plan: Plan, _ summary: RunSummary) throws {
    let counts = summary.counts
    let took = spelledDuration(summary.seconds)
    switch summary.ending {
    case .complete:
      if !arguments.quiet { Console.note("\(plan.study): all \(counts.total) stages done in \(took)") }
    case .incomplete:
      for (stage, failure) in summary.failures {
        Console.note("failed: \(stage.label): \(failure.message)" + (failure.remedy.map { "\n  help: \($0)" } ?? ""))
      }
      Console.note(
        "\(plan.study): \(counts.done) of \(counts.total) stages done in \(took); \(counts.failed) failed, "
          + "\(counts.blocked) wait for them; run the same command again when that is mended")
      throw ExitCode(ExitStatus.someStagesFailed.rawValue)
    case .stopped:
      Console.note(
        "\(plan.study): stopped with \(counts.done) of \(counts.total) stages done; the same command goes on")
      throw ExitCode(ExitStatus.stopped.rawValue)
    }
  }

  /// Runs a plan, signals minded and errors in words.
  ///
  /// - Parameter backEnd: Nil for workers of this machine.
  static func perform(
    _ plan: Plan, in workspace: Workspace, options: RunOptions, observer: any RunObserver, signals: RunSignals,
    backEnd: (any WorkerBackEnd)? = nil
  ) async throws -> RunSummary {
    let workers =
      try backEnd
      ?? LocalWorkers(
        path: try WorkerProgram.path(), slots: options.jobs, threads: options.threadsPerJob, workspace: workspace)
    do {
      let coordinator = try RunCoordinator(
        plan: plan, workspace: workspace, backEnd: workers, options: options, observer: observer)
      signals.pass { coordinator.requestStop($0) }
      return try await coordinator.run()
    } catch let error as RunError {
      switch error {
      case .workspace(let inner): throw CommandFailure(inner)
      case .diskFull: throw CommandFailure(.cannotWrite, error.description, remedy: error.remedy)
      default: throw CommandFailure(.machineLacks, error.description, remedy: error.remedy)
      }
    } catch let error as WorkspaceError {
      throw CommandFailure(error)
    }
  }
}
