import ArgumentParser
import Executor
import Foundation
import Planner

/// `graft run`: runs what is missing of a study, or goes on with it.
struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Run what is missing of a study; the same command goes on after any interruption.")

  @OptionGroup var arguments: StudyArguments
  @OptionGroup var running: RunArguments

  func run() async throws {
    let signals = RunSignals()
    try await StudyRun(arguments: running).perform(try arguments.load(), signals: signals)
  }
}

/// How a command that runs stages runs them.
struct RunArguments: ParsableArguments {
  @OptionGroup var machine: MachineArguments
  @Flag(help: "Stop at the first stage that fails.") var failFast = false
  @Flag(help: "Say nothing but errors.") var quiet = false
  @Option(help: "Where stages run: local (this machine) or slurm (jobs of a cluster, by the section slurm).")
  var executor = ExecutorChoice.local
  @Option(help: ArgumentHelp("Seconds between checkpoints of a training.", valueName: "seconds"))
  var checkpointEvery: Double?

  func validate() throws {
    if let checkpointEvery, !(checkpointEvery >= 0) {
      throw ValidationError("--checkpoint-every takes seconds, 0 or more")
    }
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
    let choice = device.device ?? DeviceChoice(gpus: resources.gpus)
    return RunOptions(resources: resources, devices: try choice.onThisMachine())
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
