import ArgumentParser
import Executor
import Foundation
import Planner

/// `graft run`: runs what is missing of a study, or goes on with it.
struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Run what is missing of a study; the same command goes on after any interruption.")

  @OptionGroup var arguments: StudyArguments
  @OptionGroup(title: "Running options") var running: RunArguments

  @Option(
    name: .customLong("first"),
    help: ArgumentHelp(
      "Cells that come before all others, with what they need, e.g. 'dataset=isic*'. May be repeated: the first one's "
        + "come first.", valueName: "filter"))
  var first: [String] = []

  @Flag(help: "Leave alone what failed in an earlier run, and what waits for it.") var noRetryFailed = false

  func run() async throws {
    let signals = RunSignals()
    var run = StudyRun(arguments: running)
    run.first = try first.map { text in
      do {
        return try CellFilter(text)
      } catch {
        throw CommandFailure(.usage, "--first: \(error)")
      }
    }
    run.retriesFailed = !noRetryFailed
    try await run.perform(try arguments.load(), signals: signals)
  }
}

/// How a command that runs stages runs them.
struct RunArguments: ParsableArguments {
  @OptionGroup var machine: MachineArguments
  @Flag var afterFailure = AfterFailure.keepGoing
  @Option(help: "How often a stage is tried again that crashed, hung or lacked memory (default: 2).") var retries: Int?
  @Option(help: ArgumentHelp("Time before the first retry, e.g. 1s (the default) or 5min.", valueName: "time"))
  var retryDelay: TimeAmount?
  @Flag(help: "Say nothing but errors.") var quiet = false
  @Option(help: "Where stages run: local (this machine) or slurm (jobs of a cluster, by the section slurm).")
  var executor = ExecutorChoice.local
  @Option(help: ArgumentHelp("Seconds between checkpoints of a training.", valueName: "seconds"))
  var checkpointEvery: Double?

  func validate() throws {
    if let checkpointEvery, !(checkpointEvery >= 0) {
      throw ValidationError("--checkpoint-every takes seconds, 0 or more")
    }
    if let retries, !(0...100).contains(retries) { throw ValidationError("--retries takes a number from 0 to 100") }
  }

  /// The options with what the command line says of failures.
  func applied(to options: RunOptions) -> RunOptions {
    var options = options
    options.failFast = afterFailure == .failFast
    if let retries { options.retry.retries = retries }
    if let retryDelay { options.retry.firstDelay = .seconds(retryDelay.seconds) }
    return options
  }
}

/// What a run does when a stage has failed for good.
enum AfterFailure: String, EnumerableFlag {
  case keepGoing, failFast

  static func help(for value: AfterFailure) -> ArgumentHelp? {
    switch value {
    case .keepGoing: "Run everything that does not need what failed."
    case .failFast: "Stop at the first stage that fails."
    }
  }
}

/// A time as it is written: `90s`, `12h`.
struct TimeAmount: ExpressibleByArgument {
  let seconds: Double

  init?(argument: String) {
    guard let seconds = Quantity.duration.amount(argument) else { return nil }
    self.seconds = seconds
  }
}

/// An amount of memory as it is written: `16GiB`.
struct MemoryAmount: ExpressibleByArgument {
  let bytes: Int64

  init?(argument: String) {
    guard let bytes = Quantity.memory.amount(argument), bytes >= 1 else { return nil }
    self.bytes = Int64(bytes)
  }
}

/// Where stages run.
enum ExecutorChoice: String, ExpressibleByArgument, CaseIterable {
  case local, slurm
}

/// What a run may use of the machine, where it is to differ from the study file.
struct MachineArguments: ParsableArguments {
  @Option(help: "Stages to run at once.") var jobs: Int?
  @Option(help: "CPU threads of each.") var threads: Int?
  @Flag(help: "Keep each to processors of its own; for a machine that runs nothing else.") var pinThreads = false
  @Option(
    help: ArgumentHelp(
      "Memory for all stages together, e.g. 48GiB: one starts where what like stages took fits. Default: what is free.",
      valueName: "amount"))
  var memory: MemoryAmount?
  @OptionGroup var device: DeviceArguments

  func validate() throws {
    if let jobs, !(1...1024).contains(jobs) { throw ValidationError("--jobs takes a number from 1 to 1024") }
    if let threads, !(1...1024).contains(threads) { throw ValidationError("--threads takes a number from 1 to 1024") }
  }

  /// - Throws: `CommandFailure` 69 where a device that is asked for is not there.
  func options(of plan: Plan) throws -> RunOptions {
    var resources = plan.resources
    if let jobs { resources.jobs = jobs }
    if let threads { resources.threadsPerJob = threads }
    if pinThreads { resources.pinsThreads = true }
    let choice = device.device ?? DeviceChoice(gpus: resources.gpus)
    let (devices, deviceMemory) = try choice.onThisMachine()
    var options = RunOptions(resources: resources, devices: devices)
    options.deviceMemory = deviceMemory
    options.memory = memory?.bytes ?? options.memory ?? MachineMemory.available()
    return options
  }
}

/// What stages run on, where it is to differ from the study file's `gpus`.
struct DeviceArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "What stages run on: auto (every CUDA device, else the CPU), cpu, cuda (every one) or cuda:N.",
      valueName: "device"))
  var device: DeviceChoice?
}

extension DeviceChoice: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}
