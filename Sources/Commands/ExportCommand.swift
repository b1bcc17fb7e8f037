import ArgumentParser
import Planner
import Report
import Store

/// `graft export`: one table on standard output.
struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Print one table of a study as CSV or JSON.")

  enum Table: String, ExpressibleByArgument, CaseIterable {
    case cells, settings, gains, comparisons, correlations, history, classes, layers, splits, stages, attempts
    case rates = "lr_search"

    static var names: String {
      allCases.dropLast().map(\.rawValue).joined(separator: ", ") + " or \(rates.rawValue)"
    }
  }

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case csv, json
  }

  @OptionGroup var arguments: StudyArguments
  @Option(help: ArgumentHelp("\(Table.names).", valueName: "table"))
  var table = Table.cells
  @Option(help: "csv, or json: an object for each row.") var format = Format.csv
  @Flag(
    help:
      "Of cells, a row for each cell with a column for each metric; of settings, a row for each case with columns for each initialisation."
  )
  var wide = false
  @Flag(help: "Lines of CSV end in CR LF, to the letter of RFC 4180, not in LF.") var crlf = false

  func validate() throws {
    if crlf, format != .csv { throw ValidationError("--crlf is for CSV, not for \(format.rawValue)") }
  }

  func run() throws {
    let loaded = try arguments.load()
    let workspace = try workspaceForReading(loaded.workspaceFolder)
    let text = try csv(of: loaded, in: workspace)
    guard format != .csv || wide else { return write(text) }
    var exported = try ExportedTable(csv: text)
    if wide { exported = try exported.wide(table) }
    write(exported.rendered(as: format))
  }

  private func write(_ text: String) { Console.write(crlf ? CSVText.withCRLF(text) : text) }

  private func csv(of loaded: LoadedStudy, in workspace: Workspace) throws -> String {
    switch table {
    case .attempts:
      let plan = try loaded.plan(in: workspace)
      return try explaining { try attempts(of: plan, in: workspace) }.rendered(as: .csv)
    case .stages: return try stages(of: try loaded.reasonedPlan(in: workspace), in: workspace).rendered(as: .csv)
    case .splits: return try SplitTable(plan: try loaded.plan(in: workspace), workspace: workspace).csv()
    default:
      let results = try loaded.results(in: workspace)
      guard let file = ReportWriter.renderTable("\(table.rawValue).csv", results: results) else {
        throw absence(of: table, in: results.study)
      }
      return file.text
    }
  }

  /// Every stage of the plan, with why it would run or not and what its last attempt took.
  private func stages(of reasoned: ReasonedPlan, in workspace: Workspace) throws -> Listing {
    var listing = Listing(columns: ["stage", "kind", "label", "reason", "cells", "inputs", "attempts", "seconds"])
    let plan = reasoned.plan
    let recorded = try explaining { try workspace.attempts(of: plan.stages) }
    var cells: [StageKey: Int] = [:]
    for cell in plan.cells { for key in cell.allStages { cells[key, default: 0] += 1 } }
    for stage in plan.stages {
      let attempts = recorded[stage.key] ?? []
      listing.rows.append([
        .string(stage.key.hex), .string(stage.kind.rawValue), .string(stage.label),
        .string(reasoned.reasons[stage.key]?.code ?? ""), .number(Double(cells[stage.key] ?? 0)),
        .string(stage.inputs.map(\.key.hex).joined(separator: " ")), .number(Double(attempts.count)),
        attempts.last { $0.state == .done }?.seconds.map { .number($0) } ?? .null,
      ])
    }
    return listing
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
