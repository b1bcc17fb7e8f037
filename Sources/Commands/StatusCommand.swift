import ArgumentParser
import Planner
import Store

/// `graft status`: how far a study is. Works while it runs.
struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Say how far a study is: done, running, failed; works while it runs.")

  @OptionGroup var arguments: StudyArguments
  @Option(help: "table, json or csv.") var format = ListFormat.table

  func run() throws {
    let loaded = try arguments.load()
    let workspace = try workspaceForReading(loaded.workspaceFolder)
    let plan = try loaded.plan(in: workspace)
    let status = try explaining { try workspace.status(of: plan) }
    let kinds = Self.kinds(status)
    guard format == .table else {
      Console.write(kinds.rendered(as: format))
      return
    }
    Console.writeLine("\(plan.study): \(status.cellsDone) of \(status.cells) cells done")
    Console.write(kinds.rendered(as: .table))
    if let holder = status.currentRun { Console.writeLine("\nrunning now: \(holder)") }
    for running in status.running {
      Console.writeLine("  \(running.stage.label)\(running.progress.map { ": \(ProgressText.of($0))" } ?? "")")
    }
    if !status.failed.isEmpty { Console.writeLine("\nfailed:") }
    for failed in status.failed {
      Console.writeLine("  \(failed.stage.label): \(failed.failure.message)")
      if let remedy = failed.failure.remedy { Console.writeLine("    help: \(remedy)") }
    }
  }

  private static func kinds(_ status: PlanStatus) -> Listing {
    var listing = Listing(columns: ["kind"] + StageState.allCases.map(\.rawValue))
    for kind in StageKind.allCases {
      guard let counts = status.counts[kind] else { continue }
      listing.rows.append([.string(kind.rawValue)] + StageState.allCases.map { .number(Double(counts[$0] ?? 0)) })
    }
    return listing
  }
}
