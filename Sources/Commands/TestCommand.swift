import ArgumentParser
import Planner
import Store

/// `graft test`: a trained cell's metrics again.
struct TestCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "test", abstract: "Print a trained cell's metrics, measuring what was not measured yet.",
    usage: "graft test \(CellArguments.usage)")

  @OptionGroup var arguments: CellArguments
  @OptionGroup var running: RunArguments
  @Flag(help: "Print the metrics as JSON.") var json = false

  func run() async throws {
    let signals = RunSignals()
    let loaded = try arguments.load()
    let (workspace, plan) = try await StudyRun(arguments: running).perform(loaded, signals: signals) {
      plan, workspace in try CellLookup.alone(arguments.what, in: plan, workspace: workspace)
    }
    guard let cell = plan.cells.first else { return }
    let result = try ModelResult(of: cell, in: workspace)
    Console.write(json ? result.json.canonicalText + "\n" : result.text)
  }
}
