import ArgumentParser
import Executor
import Planner
import Store
import StudyWatch

/// `graft status`: how far a study is. Works while it runs.
struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Say how far a study is: done, running, failed; works while it runs.")

  @OptionGroup var arguments: StudyArguments
  @Option(help: "table, json or csv; json says all of it, csv counts the stages of each kind.")
  var format: ListFormat?
  @Flag(help: "Show it on the whole terminal and keep that up to date, until q is pressed.") var watch = false
  @Option(help: ArgumentHelp("With --watch: the axis whose values are the rows.", valueName: "axis")) var rows: String?
  @Option(help: ArgumentHelp("With --watch: the axis whose values are the columns.", valueName: "axis"))
  var columns: String?

  func validate() throws {
    if !watch, rows != nil || columns != nil { throw ValidationError("--rows and --columns are for --watch") }
    if watch, let format {
      throw ValidationError(
        "--watch draws on a terminal and has no --format; `graft status --format \(format.rawValue)` says it once")
    }
  }

  func run() throws {
    if watch { return try StatusWatch(arguments, rows: rows, columns: columns).run() }
    let report = try self.report()
    switch format ?? .table {
    case .table: Console.write(report.text)
    case .json: Console.writeLine(report.json.canonicalText)
    case .csv: Console.write(report.kinds.rendered(as: .csv))
    }
  }

  private func report() throws -> StatusReport {
    let options = arguments.options
    let file = try StudyFile(path: arguments.study)
    let workspace = try workspaceForReading(options.place.folder(beside: file.folder))
    let overrides = try StudyOptions.assignments(options.overrides)
    let kept = try StatusShortcut.summary(of: file, overrides: overrides, filter: options.only, in: workspace)
    // What failed is named, and only a plan knows which failures of a workspace are this study's; nor does anything else
    // know what is left.
    if let (study, summary) = kept, summary.count(.failed) == 0, format != .json || summary.isComplete {
      let running = try explaining { try workspace.runningStages() }
      return StatusReport(
        study: study, summary: summary, holder: workspace.currentRun, running: running, failed: [])
    }
    let plan = try arguments.load().plan(in: workspace)
    var follower = PlanFollower(plan, in: workspace)
    _ = try explaining { try follower.look() }
    let status = follower.status
    var report = StatusReport(
      study: plan.study, summary: status.summary, holder: status.currentRun,
      running: status.running.map { ($0.stage.label, $0.progress, $0.isQueued) }, failed: status.failed,
      details: status.running)
    if format == .json {
      report.estimate = StudyEstimate(
        of: follower, likeness: StageLikeness(plan: plan),
        held: StudyEstimate.held(in: plan, states: follower.states), at: .now)
    }
    return report
  }
}
