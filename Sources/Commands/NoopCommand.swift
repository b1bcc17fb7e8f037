import ArgumentParser
import Executor
import Foundation
import Planner
import Store
import StudyView

/// `graft noop`: stages that do nothing, for measuring what orchestration costs.
struct NoopCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "noop", abstract: "Run stages that do nothing, for measuring what orchestration costs.",
    shouldDisplay: false)

  @Option(help: "How many stages.") var count = 1000
  @Option(help: "Stages to run at once.") var jobs = 2
  @Option(help: "The folder for the state.") var workspace: String

  func validate() throws {
    guard (1...10_000_000).contains(count) else { throw ValidationError("--count takes a number from 1 to 10000000") }
    guard (1...1024).contains(jobs) else { throw ValidationError("--jobs takes a number from 1 to 1024") }
  }

  func run() async throws {
    let signals = RunSignals()
    let store = try explaining { try Workspace.open(absolutePath(workspace), command: "graft noop") }
    let summary = try await StudyRun.perform(
      Plan.noop(count: count), in: store, options: RunOptions(jobs: jobs, threadsPerJob: 1),
      observer: ProgressDisplay(isQuiet: true), signals: signals)
    Console.writeLine(
      "\(summary.counts.done) of \(summary.counts.total) stages done in \(spelledDuration(summary.seconds))")
    guard summary.ending == .complete else { throw ExitCode(ExitStatus.someStagesFailed.rawValue) }
  }
}
