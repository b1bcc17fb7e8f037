import ArgumentParser
import Planner
import Store
import WorkerProtocol

/// `graft status`: how far a study is. Works while it runs.
struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Say how far a study is: done, running, failed; works while it runs.")

  @OptionGroup var arguments: StudyArguments
  @Option(help: "table, json or csv.") var format = ListFormat.table

  func run() throws {
    let options = arguments.options
    let file = try StudyFile(path: arguments.study)
    let workspace = try workspaceForReading(options.place.folder(beside: file.folder))
    let overrides = try StudyOptions.assignments(options.overrides)
    let kept = try StatusShortcut.summary(of: file, overrides: overrides, filter: options.only, in: workspace)
    // What failed is named, and only a plan knows which failures of a workspace are this study's.
    if let (study, summary) = kept, summary.count(.failed) == 0 {
      let running = try explaining { try workspace.runningStages() }
      show(summary, study: study, running: running, failed: [], holder: workspace.currentRun)
      return
    }
    let loaded = try arguments.load()
    let plan = try loaded.plan(in: workspace)
    let status = try explaining { try workspace.status(of: plan) }
    let running = status.running.map { (label: $0.stage.label, progress: $0.progress) }
    show(status.summary, study: plan.study, running: running, failed: status.failed, holder: status.currentRun)
  }

  private func show(
    _ summary: StudySummary, study: String, running: [(label: String, progress: StageProgress?)],
    failed: [FailedStage], holder: LockHolder?
  ) {
    let kinds = Self.kinds(summary)
    guard format == .table else {
      Console.write(kinds.rendered(as: format))
      return
    }
    Console.writeLine("\(study): \(summary.cellsDone) of \(summary.cells) cells done")
    Console.write(kinds.rendered(as: .table))
    if let holder { Console.writeLine("\nrunning now: \(holder)") }
    for stage in running {
      Console.writeLine("  \(stage.label)\(stage.progress.map { ": \(ProgressText.of($0))" } ?? "")")
    }
    if !failed.isEmpty { Console.writeLine("\nfailed:") }
    for failed in failed {
      Console.writeLine("  \(failed.stage.label): \(failed.failure.message)")
      if let remedy = failed.failure.remedy { Console.writeLine("    help: \(remedy)") }
    }
  }

  private static func kinds(_ summary: StudySummary) -> Listing {
    var listing = Listing(columns: ["kind"] + StageState.allCases.map(\.rawValue))
    for kind in StageKind.allCases {
      guard let counts = summary.counts[kind] else { continue }
      listing.rows.append([.string(kind.rawValue)] + StageState.allCases.map { .number(Double(counts[$0] ?? 0)) })
    }
    return listing
  }
}
