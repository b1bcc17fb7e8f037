import ArgumentParser
import Planner
import Store

/// `graft plan`: what a run would do, and why; nothing is run.
struct PlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan", abstract: "Say what would run, and why, without running anything.")

  enum Graph: String, ExpressibleByArgument, CaseIterable { case dot }

  @OptionGroup var arguments: StudyArguments
  @Option(help: "table, json or csv.") var format = ListFormat.table
  @Option(help: ArgumentHelp("Print the graph of stages instead; dot is Graphviz's language.", valueName: "dot"))
  var graph: Graph?
  @Option(
    help: ArgumentHelp(
      "Say what an edit changes: another study file to compare with, or `last` for this study as it was last run.",
      valueName: "file|last"), completion: .study)
  var against: String?
  @OptionGroup var device: DeviceArguments
  @Option(
    help: ArgumentHelp(
      "What a GPU keeps up in training, in TFLOP/s, for the estimate of GPU hours.", valueName: "number"))
  var tflops = 50.0
  @Flag(help: "List the cells.") var cells = false
  @Flag(help: "List every stage with its reason.") var stages = false

  func validate() throws {
    guard tflops > 0 else { throw ValidationError("--tflops must be above 0") }
  }

  func run() throws {
    let loaded = try arguments.load()
    let workspace = try workspaceForReading(loaded.workspaceFolder)
    let reasoned = try loaded.reasonedPlan(in: workspace)
    let (plan, reasons) = (reasoned.plan, reasoned.reasons)
    // A plan is the same on any device; one that is named is looked for.
    _ = try device.device?.onThisMachine()
    if let against {
      let edited = try EditedPlan(against, of: loaded, reasoned, in: workspace)
      switch format {
      case .table: Console.write(cells ? edited.listing.rendered(as: .table) : edited.text)
      case .csv: Console.write(edited.listing.rendered(as: .csv))
      case .json: Console.writeLine(edited.json.canonicalText)
      }
      return
    }
    if graph != nil {
      Console.write(PlanGraph(plan).dot)
      return
    }
    if cells {
      Console.write(Self.cells(plan).rendered(as: format))
      return
    }
    if stages {
      Console.write(Self.stages(plan, reasons).rendered(as: format))
      return
    }
    let kinds = Self.kinds(plan, reasons)
    lazy var space = PlannedSpace(of: plan, in: loaded.workspaceFolder, reasons: reasons)
    func training() throws -> PlannedGPUTime {
      try explaining { try PlannedGPUTime(of: plan, reasons: reasons, rate: tflops * 1e12, workspace: workspace) }
    }
    func failures() throws -> [String] {
      let failures = try explaining { try PlannedFailures(of: plan, loaded, reasons: reasons, workspace: workspace) }
      return failures.sentences + [space.failure].compactMap(\.self)
    }
    switch format {
    case .csv: Console.write(kinds.rendered(as: .csv))
    case .json: Console.writeLine(Self.summary(plan, reasons, try failures(), space, try training()).canonicalText)
    case .table:
      Console.writeLine("\(plan.study): \(plan.cells.count) cells, \(plan.stages.count) stages")
      Console.write(kinds.rendered(as: .table))
      let toRun = reasons.countToRun
      Console.writeLine(toRun == 0 ? "nothing to run: every stage is done" : "\(toRun) stages to run")
      if let sentence = try training().sentence { Console.writeLine(sentence) }
      if let sentence = space.sentence { Console.writeLine(sentence) }
      for failure in try failures() { Console.note("would fail: \(failure)") }
    }
  }

  private static func cells(_ plan: Plan) -> Listing {
    // Blocks may have different ones; a cell that lacks one has nothing there.
    var further: [String] = []
    for cell in plan.cells {
      for axis in cell.furtherAxes where !further.contains(axis.name) { further.append(axis.name) }
    }
    var listing = Listing(columns: ["cell", "dataset", "backbone", "fraction", "init"] + further + ["seed", "metric"])
    listing.rows = plan.cells.map { cell in
      var row: [JSONValue] = [
        .string(cell.id.text), .string(cell.dataset), .string(cell.backbone), .number(cell.fraction),
        .string(cell.initialisation),
      ]
      row += further.map { name in cell.furtherAxes.first { $0.name == name }.map { .string($0.value) } ?? .null }
      return row + [.number(Double(cell.seed)), .string(cell.metric)]
    }
    return listing
  }

  private static func stages(_ plan: Plan, _ reasons: PlanReasons) -> Listing {
    var listing = Listing(columns: ["key", "kind", "stage", "reason", "why"])
    listing.rows = zip(plan.stages, reasons.values).map { stage, reason in
      return [
        .string(stage.key.short), .string(stage.kind.rawValue), .string(stage.label), .string(reason.code),
        .string(reason.sentence { plan.label(of: $0) }),
      ]
    }
    return listing
  }

  /// A row a kind of stage and reason.
  private static func kinds(_ plan: Plan, _ reasons: PlanReasons) -> Listing {
    var counts: [StageKind: [String: Int]] = [:]
    for (kind, reason) in zip(plan.stages.kinds, reasons.values) {
      counts[kind, default: [:]][reason.code, default: 0] += 1
    }
    var listing = Listing(columns: ["kind", "stages", "would_run", "why"])
    for kind in StageKind.allCases {
      for (reason, count) in (counts[kind] ?? [:]).sorted(by: { $0.key < $1.key }) {
        let wouldRun = !["done", "input_failed", "failed"].contains(reason)
        listing.rows.append([
          .string(kind.rawValue), .number(Double(count)), .string(wouldRun ? "yes" : "no"),
          .string(reason.replacing("_", with: " ")),
        ])
      }
    }
    return listing
  }

  private static func summary(
    _ plan: Plan, _ reasons: PlanReasons, _ failures: [String], _ space: PlannedSpace,
    _ training: PlannedGPUTime
  ) -> JSONValue {
    let byKind = Dictionary(grouping: plan.stages.indices) { plan.stages.kinds[$0] }.map { kind, places in
      (
        kind.rawValue,
        JSONValue.object([
          "stages": .number(Double(places.count)),
          "to_run": .number(Double(places.count { reasons.values[$0].wouldRun })),
        ])
      )
    }
    return [
      "study": .string(plan.study), "cells": .number(Double(plan.cells.count)),
      "stages": .number(Double(plan.stages.count)), "stages_to_run": .number(Double(reasons.countToRun)),
      "kinds": .object(Dictionary(uniqueKeysWithValues: byKind)), "would_fail": .array(failures.map { .string($0) }),
      "image_store_bytes": .number(Double(space.needed)), "training_operations": .number(training.operations),
      "trainings_not_estimated": .number(Double(training.unknown)),
    ]
  }
}
