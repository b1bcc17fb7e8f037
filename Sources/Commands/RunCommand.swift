import ArgumentParser
import Executor
import Foundation
import Planner
import Store
import Synchronization

/// `graft run`: runs what is missing of a study, or goes on with it.
struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Run what is missing of a study; the same command goes on after any interruption.")

  @OptionGroup var arguments: StudyArguments
  @OptionGroup var machine: MachineArguments
  @Flag(help: "Stop at the first stage that fails.") var failFast = false
  @Flag(help: "Say nothing but errors.") var quiet = false
  @Option(help: ArgumentHelp("Seconds between checkpoints of a training.", valueName: "seconds"))
  var checkpointEvery: Double?

  func validate() throws {
    if let checkpointEvery, !(checkpointEvery >= 0) {
      throw ValidationError("--checkpoint-every takes seconds, 0 or more")
    }
  }

  func run() async throws {
    let signals = RunSignals()
    let loaded = try arguments.load()
    // The workers inherit it.
    if let checkpointEvery { setenv("GRAFT_CHECKPOINT_SECONDS", "\(checkpointEvery)", 1) }
    let workspace = try explaining {
      try Workspace.open(loaded.workspaceFolder, command: CommandLine.arguments.joined(separator: " "))
    }
    let plan = try loaded.plan(in: workspace)
    let reasons = try explaining { plan.reasons(records: try workspace.recordedStages(of: plan)) }
    if plan.stages.allSatisfy({ reasons[$0.key] == .done }) {
      Console.note(
        "\(plan.study): nothing to run: all \(plan.stages.count) stages of \(plan.cells.count) cells are done")
      return
    }
    try explaining { try workspace.record(Provenance.source(of: loaded)) }

    var options = RunOptions(resources: machine.resources(of: plan))
    options.failFast = failFast
    if !quiet {
      let toRun = plan.stages.count { reasons[$0.key]?.wouldRun ?? true }
      Console.note(
        "\(plan.study): \(plan.cells.count) cells, \(toRun) of \(plan.stages.count) stages to run, "
          + "\(options.jobs) at once with \(options.threadsPerJob) thread(s) each")
    }
    let observer = ProgressDisplay(isQuiet: quiet)
    let summary = try await StudyRun.perform(
      plan, in: workspace, options: options, observer: observer, signals: signals)
    try finish(plan, summary)
  }

  private func finish(_ plan: Plan, _ summary: RunSummary) throws {
    let counts = summary.counts
    let took = spelledDuration(summary.seconds)
    switch summary.ending {
    case .complete:
      if !quiet { Console.note("\(plan.study): all \(counts.total) stages done in \(took)") }
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
}

/// What a run may use of the machine, where it is to differ from the study file.
struct MachineArguments: ParsableArguments {
  @Option(help: "Stages to run at once.") var jobs: Int?
  @Option(help: "CPU threads of each.") var threads: Int?

  func validate() throws {
    if let jobs, !(1...1024).contains(jobs) { throw ValidationError("--jobs takes a number from 1 to 1024") }
    if let threads, !(1...1024).contains(threads) { throw ValidationError("--threads takes a number from 1 to 1024") }
  }

  func resources(of plan: Plan) -> Resources {
    var resources = plan.resources
    if let jobs { resources.jobs = jobs }
    if let threads { resources.threadsPerJob = threads }
    return resources
  }
}

/// A plan run on this machine, signals minded and errors in words.
enum StudyRun {
  static func perform(
    _ plan: Plan, in workspace: Workspace, options: RunOptions, observer: any RunObserver, signals: RunSignals
  ) async throws -> RunSummary {
    let workers = LocalWorkers(
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

/// Ctrl-C and SIGTERM from the first moment of a command: before there is a run to stop, they end the process.
final class RunSignals {
  private let receiver: Receiver
  private let signals: InterruptSignals

  init() {
    let receiver = Receiver()
    self.receiver = receiver
    signals = InterruptSignals { receiver.take($0) }
  }

  /// From now on signals go there.
  func pass(to stop: @escaping @Sendable (StopMode) -> Void) { receiver.pass(to: stop) }
}

/// Who is told of a signal.
private final class Receiver: Sendable {
  private let stop = Mutex<(@Sendable (StopMode) -> Void)?>(nil)

  func pass(to stop: @escaping @Sendable (StopMode) -> Void) { self.stop.withLock { $0 = stop } }

  func take(_ mode: StopMode) {
    guard let stop = stop.withLock({ $0 }) else { exit(ExitStatus.stopped.rawValue) }
    stop(mode)
  }
}
