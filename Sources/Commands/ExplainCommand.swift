import ArgumentParser
import Planner
import Store
import StudyView

/// `graft explain`: where a cell's numbers come from, or what a stage is and why it stands as it does.
struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Lead from a cell, or a stage's key, to its stages, attempts, parameters and logs.",
    usage: "graft explain \(CellArguments.usage)")

  @OptionGroup var arguments: CellArguments
  @Flag(help: "List instead what its model began with, tensor by tensor: kept, sampled, reset or fresh.")
  var tensors = false
  @Option(help: "How that list, or a summary of it, is shown: table, json or csv.") var format: ListFormat?

  func run() throws {
    let loaded = try arguments.load()
    let workspace = try workspaceForReading(loaded.workspaceFolder)
    let reasoned = try loaded.reasonedPlan(in: workspace)
    let (plan, reasons) = (reasoned.plan, reasoned.reasons)
    let acceptances = try explaining { try workspace.acceptances() }
    func show(_ stage: Stage, whole: Bool) throws {
      let reason = reasons[stage.key] ?? .notYetRun
      Console.writeLine(
        "\(stage.label)\n  key      \(stage.key)\n  state    \(reason.sentence { plan.label(of: $0) })")
      if stage.version < plan.versions.ofCode(stage.kind) {
        for acceptance in acceptances where acceptance.kind == stage.kind {
          Console.writeLine("  accepted \(acceptance.sentence)")
        }
      }
      for input in stage.inputs {
        Console.writeLine("  reads    \(input.role): \(plan.label(of: input.key)) (\(input.key.short))")
      }
      for (name, path) in stage.locations.sorted(by: { $0.key < $1.key }) {
        Console.writeLine("  \(name.padded(8)) \(path)")
      }
      if whole { Console.writeLine("  told     \(stage.parameters.canonicalText)") }
      if let dossier = try explaining({ try workspace.dossier(of: stage.key) }) {
        try Self.show(dossier, whole: whole)
      }
    }
    let found = try CellLookup.find(arguments.what, in: plan, workspace: workspace)
    if tensors || format != nil {
      let listing = try initialisation(of: found, in: workspace)
      Console.write((tensors ? listing.tensors : listing.summary).rendered(as: format ?? .table))
      return
    }
    switch found {
    case .cell(let cell):
      Console.writeLine("cell \(cell.id)\n")
      for stage in CellLookup.stages(of: cell, in: plan) {
        try show(stage, whole: cell.allStages.contains(stage.key))
        Console.writeLine("")
      }
    case .stage(let key):
      if let stage = plan.stages[key] {
        try show(stage, whole: true)
      } else if let dossier = try explaining({ try workspace.dossier(of: key) }) {
        Console.writeLine(
          "\(dossier.label)\n  key      \(key)\n  state    not part of this study's grid; kept in the workspace")
        try Self.show(dossier, whole: true)
      }
    }
  }

  /// What the model of a cell, or of a `train` stage, began with.
  private func initialisation(of found: CellLookup.Found, in workspace: Workspace) throws -> InitialisationListing {
    let key =
      switch found {
      case .cell(let cell): cell.stages[.train]
      case .stage(let key): key
      }
    guard let key, let dossier = try explaining({ try workspace.dossier(of: key) }),
      let listing = try InitialisationListing(dossier)
    else {
      throw CommandFailure(
        .noSuchFile, "\(arguments.what) has no trained model yet, so what it began with is not recorded",
        remedy: "name a cell or a `train` stage that is done; `graft run` trains what is missing")
    }
    return listing
  }

  private static func show(_ dossier: StageDossier, whole: Bool) throws {
    for attempt in dossier.attempts {
      let seconds = attempt.seconds.map { " in \(spelledDuration($0))" } ?? ""
      Console.writeLine(
        "  attempt  \(attempt.number): \(attempt.state.rawValue)\(seconds), begun \(attempt.started), "
          + "\(attempt.threads) thread(s) on \(attempt.device)")
      if let failure = attempt.failure {
        Console.writeLine("           \(failure.failureClass.rawValue): \(failure.message)")
      }
      if let log = dossier.logFiles[attempt.number] { Console.writeLine("           log \(log)") }
    }
    if let folder = dossier.artifactFolder { Console.writeLine("  files    \(folder)") }
    for line in try InitialisationListing(dossier)?.lines ?? [] { Console.writeLine("  began    \(line)") }
    guard let outcome = dossier.outcome else { return }
    if outcome.diverged { Console.writeLine("  diverged its loss stopped being finite") }
    for metric in outcome.metrics { Console.writeLine("  \(metric.split.padded(8)) \(metric.name) \(metric.value)") }
    if whole, outcome.facts != [:] { Console.writeLine("  facts    \(outcome.facts.canonicalText)") }
  }
}

extension String {
  /// The text with spaces behind it up to a width.
  fileprivate func padded(_ width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
