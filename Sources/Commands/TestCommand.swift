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
      plan, workspace in try self.cellAlone(of: plan, in: workspace)
    }
    guard let cell = plan.cells.first else { return }
    let result = try ModelResult(of: cell, in: workspace)
    Console.write(json ? result.json.canonicalText + "\n" : result.text)
  }

  /// The part of the plan that is the cell's, by its name or a stage's key.
  ///
  /// - Throws: `CommandFailure` for what is no cell, and for one that is not trained.
  private func cellAlone(of plan: Plan, in workspace: Workspace) throws -> Plan {
    let cell: Cell
    switch try CellLookup.find(arguments.what, in: plan, workspace: workspace) {
    case .cell(let found): cell = found
    case .stage(let key):
      guard let found = plan.cells.first(where: { $0.stages[.train] == key || $0.stages[.test] == key }) else {
        throw CommandFailure(
          .usage, "\(key.short) is no training and no test of a cell of this study",
          remedy: "`graft plan --cells` lists the cells")
      }
      cell = found
    }
    let alone = Plan(
      study: plan.study, cells: [cell], stages: CellLookup.stages(of: cell, in: plan), resources: plan.resources)
    let reasons = try explaining { alone.reasons(records: try workspace.recordedStages(of: alone)) }
    guard let train = cell.stages[.train], reasons[train] == .done else {
      throw CommandFailure(
        .noSuchFile, "\(cell.id) is not trained yet, so there is nothing to test",
        remedy: "`graft run` trains it")
    }
    return alone
  }
}
