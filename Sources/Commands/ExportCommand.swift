import ArgumentParser
import Planner
import Report
import Store

/// `graft export`: one table on standard output.
struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Print one table of a study as CSV.")

  enum Table: String, ExpressibleByArgument, CaseIterable {
    case cells, settings, gains, history, classes, layers, splits, attempts
    case rates = "lr_search"
  }

  @OptionGroup var arguments: StudyArguments
  @Option(help: "cells, settings, gains, history, classes, layers, splits, lr_search or attempts.")
  var table = Table.cells

  func run() throws {
    let loaded = try arguments.load()
    let workspace = try workspaceForReading(loaded.workspaceFolder)
    if table == .attempts {
      let plan = try loaded.plan(in: workspace)
      Console.write(try explaining { try attempts(of: plan, in: workspace) }.rendered(as: .csv))
      return
    }
    if table == .splits {
      let plan = try loaded.plan(in: workspace)
      Console.write(try SplitTable(plan: plan, workspace: workspace).csv())
      return
    }
    let results = try loaded.results(in: workspace)
    guard let file = ReportWriter.renderTable("\(table.rawValue).csv", results: results) else {
      throw absence(of: table, in: results.study)
    }
    Console.write(file.text)
  }

  /// Why a study has no table of a kind that not all have.
  private func absence(of table: Table, in study: String) -> CommandFailure {
    let (why, remedy) =
      switch table {
      case .classes: ("no data set of it is read yet", "`graft run` reads them")
      case .layers:
        ("none of its analyses measures layers", "`analyses: [test, layerwise_knn]` asks for one that does")
      default: ("it searches for no learning rate", "`optimizer: {lr: search}` under `training:` does")
      }
    return CommandFailure(.usage, "\(study) has no table \(table.rawValue): \(why)", remedy: remedy)
  }

  /// Every try at every stage of the plan.
  private func attempts(of plan: Plan, in workspace: Workspace) throws -> Listing {
    var listing = Listing(columns: [
      "stage", "kind", "label", "attempt", "state", "seconds", "cpu_seconds", "peak_memory_bytes",
      "peak_device_memory_bytes", "threads", "device",
      "begun", "failure_class", "failure",
    ])
    let recorded = try workspace.attempts(of: plan.stages)
    for stage in plan.stages {
      for attempt in recorded[stage.key] ?? [] {
        listing.rows.append([
          .string(stage.key.hex), .string(stage.kind.rawValue), .string(stage.label), .number(Double(attempt.number)),
          .string(attempt.state.rawValue), attempt.seconds.map { .number($0) } ?? .null,
          attempt.cost.map { .number($0.cpuSeconds) } ?? .null,
          attempt.cost.map { .number(Double($0.peakMemory)) } ?? .null,
          attempt.cost?.peakDeviceMemory.map { .number(Double($0)) } ?? .null, .number(Double(attempt.threads)),
          .string(attempt.device), .string(attempt.started.description),
          attempt.failure.map { .string($0.failureClass.rawValue) } ?? .null,
          attempt.failure.map { .string($0.message) } ?? .null,
        ])
      }
    }
    return listing
  }
}
