import ArgumentParser
import Executor
import Files
import Foundation
import Planner
import Store
import StudyView

/// A study run on this machine, from what is recorded of it to what became of it.
struct StudyRun {
  let arguments: RunArguments
  /// Cells that come first.
  var first: [CellFilter] = []
  /// Whether what failed in an earlier run is tried again.
  var retriesFailed = true

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
    let workspace = try workspaceForWriting(loaded.workspaceFolder, whenBusy: Self.sayBusy)
    defer { workspace.close() }
    let (whole, contents) = try loaded.planned(in: workspace)
    let plan = try part(whole, workspace)
    let reasons = try explaining {
      plan.reasons(records: try workspace.records(of: plan), retriesFailures: retriesFailed)
    }
    // A part of a study says nothing of the rest.
    let summaryKey =
      plan.stages.count == whole.stages.count
      ? StatusShortcut.key(of: loaded, contents: contents, code: whole.versions, in: workspace) : nil
    if reasons.values.allSatisfy({ $0 == .done }) {
      // So that the next who asks how far it is need not count.
      if let summaryKey {
        let states = Array(repeating: StageState.done, count: plan.stages.count)
        try explaining { try workspace.record(StudySummary(of: plan, states: states), of: summaryKey) }
      }
      SlurmRun.clearLeftovers(in: workspace)
      Console.note(
        "\(plan.study): nothing to run: all \(plan.stages.count) stages of \(plan.cells.count) cells are done")
      return (workspace, plan)
    }
    let cluster = try SlurmRun(of: loaded, plan, arguments)
    if cluster == nil { try SlurmRun.endEarlierJobs(in: workspace, isQuiet: arguments.quiet) }
    var options = try arguments.applied(to: cluster?.options ?? arguments.machine.options(of: plan))
    options.first = first
    options.retriesFailed = retriesFailed
    options.summaryKey = summaryKey
    try explaining {
      let before = try workspace.studySource(named: loaded.study.name)
      try workspace.record(Provenance.source(of: loaded, before: before))
    }
    if !arguments.quiet {
      let toRun = reasons.countToRun
      Console.note(
        "\(plan.study): \(plan.cells.count) cells, \(toRun) of \(plan.stages.count) stages to run, "
          + (cluster?.summary
            ?? "\(options.jobs) at once with \(options.threadsPerJob) thread(s) each" + Self.text(ofDevices: options)))
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

  private static func text(ofDevices options: RunOptions) -> String {
    guard let count = options.devices.count else { return "" }
    let names = (0..<min(count, options.jobs)).map(options.devices.name).joined(separator: ", ")
    return switch options.sharing {
    case .exactly(1): ", each on a device of its own: \(names)"
    case .exactly(let number): ", up to \(number) on each of \(names)"
    case .automatic: " at most, as many on each of \(names) as its memory takes"
    }
  }

  private static func sayBusy(_ seconds: Double) {
    Console.note(
      seconds < 10
        ? "another process holds the workspace's database; waiting for it"
        : "still waiting for the workspace's database, which another process holds (\(spelledDuration(seconds)))")
  }

  private func finish(_ plan: Plan, _ summary: RunSummary) throws {
    let counts = summary.counts
    let took = spelledDuration(summary.seconds)
    switch summary.ending {
    case .complete:
      if arguments.quiet { return }
      Console.note("\(plan.study): all \(counts.total) stages done in \(took)")
      if let text = ForecastText.of(summary) { Console.note(text) }
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

  /// - Throws: `CommandFailure` where the machine has too few for what is asked.
  private static func processors(for options: RunOptions) throws -> ProcessorShares? {
    guard options.pinsThreads else { return nil }
    let allowed = AllowedProcessors.numbers
    guard let shares = ProcessorShares(slots: options.slots, threads: options.threadsPerJob, allowed: allowed) else {
      throw CommandFailure(
        .machineLacks,
        "`pin_threads`: \(options.slots) jobs of \(options.threadsPerJob) thread(s) need a processor each, and this process"
          + " may run on \(allowed.count)", remedy: "ask for fewer with --jobs or --threads")
    }
    return shares
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
        path: try WorkerProgram.path(), slots: options.slots, threads: options.threadsPerJob,
        processors: try processors(for: options), workspace: workspace)
    do {
      let coordinator = try RunCoordinator(
        plan: plan, workspace: workspace, backEnd: workers, options: options, observer: observer)
      signals.pass { coordinator.requestStop($0) }
      return try await coordinator.run()
    } catch let error as RunError {
      switch error {
      case .workspace(let inner): throw CommandFailure(inner)
      case .lockRemoved: throw CommandFailure(.workspaceHeld, error.description, remedy: error.remedy)
      case .diskFull: throw CommandFailure(.cannotWrite, error.description, remedy: error.remedy)
      default: throw CommandFailure(.machineLacks, error.description, remedy: error.remedy)
      }
    } catch let error as WorkspaceError {
      throw CommandFailure(error)
    }
  }
}
