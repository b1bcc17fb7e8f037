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
  @OptionGroup var device: DeviceArguments
  @Flag(help: "List the cells.") var cells = false
  @Flag(help: "List every stage with its reason.") var stages = false

  func run() throws {
    let loaded = try arguments.load()
    let workspace = try workspaceForReading(loaded.workspaceFolder)
    let plan = try loaded.plan(in: workspace)
    // A plan is the same on any device; one that is named is looked for.
    _ = try device.device?.onThisMachine()
    if graph != nil {
      Console.write(PlanGraph(plan).dot)
      return
    }
    if cells {
      Console.write(Self.cells(plan).rendered(as: format))
      return
    }
    let records = try explaining { try workspace.records(of: plan.stages) }
    let reasons = plan.reasons(records: records.mapValues(\.recordedStage))
    if stages {
      Console.write(Self.stages(plan, reasons).rendered(as: format))
      return
    }
    let kinds = Self.kinds(plan, reasons)
    lazy var space = PlannedSpace(of: plan, in: loaded.workspaceFolder, reasons: reasons)
    lazy var failures =
      PlannedFailures(of: plan, loaded, records: records).sentences + [space.failure].compactMap(\.self)
    switch format {
    case .csv: Console.write(kinds.rendered(as: .csv))
    case .json: Console.writeLine(Self.summary(plan, reasons, failures, space).canonicalText)
    case .table:
      Console.writeLine("\(plan.study): \(plan.cells.count) cells, \(plan.stages.count) stages")
      Console.write(kinds.rendered(as: .table))
      let toRun = plan.stages.count { reasons[$0.key]?.wouldRun ?? true }
      Console.writeLine(toRun == 0 ? "nothing to run: every stage is done" : "\(toRun) stages to run")
      if let sentence = space.sentence { Console.writeLine(sentence) }
      for failure in failures { Console.note("would fail: \(failure)") }
    }
  }

  private static func cells(_ plan: Plan) -> Listing {
    var listing = Listing(columns: ["cell", "dataset", "backbone", "fraction", "init", "seed", "metric"])
    listing.rows = plan.cells.map { cell in
      [
        .string(cell.id.text), .string(cell.dataset), .string(cell.backbone), .number(cell.fraction),
        .string(cell.initialisation), .number(Double(cell.seed)), .string(cell.metric),
      ]
    }
    return listing
  }

  private static func stages(_ plan: Plan, _ reasons: [StageKey: StageReason]) -> Listing {
    let labels = Dictionary(plan.stages.map { ($0.key, $0.label) }) { first, _ in first }
    var listing = Listing(columns: ["key", "kind", "stage", "reason", "why"])
    listing.rows = plan.stages.map { stage in
      let reason = reasons[stage.key] ?? .notYetRun
      return [
        .string(stage.key.short), .string(stage.kind.rawValue), .string(stage.label), .string(reason.code),
        .string(reason.sentence { labels[$0] ?? $0.short }),
      ]
    }
    return listing
  }

  /// A row a kind of stage and reason.
  private static func kinds(_ plan: Plan, _ reasons: [StageKey: StageReason]) -> Listing {
    var counts: [StageKind: [String: Int]] = [:]
    for stage in plan.stages {
      counts[stage.kind, default: [:]][reasons[stage.key]?.code ?? "not_yet_run", default: 0] += 1
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
    _ plan: Plan, _ reasons: [StageKey: StageReason], _ failures: [String], _ space: PlannedSpace
  ) -> JSONValue {
    let toRun = plan.stages.count { reasons[$0.key]?.wouldRun ?? true }
    let byKind = Dictionary(grouping: plan.stages, by: \.kind).map { kind, stages in
      (
        kind.rawValue,
        JSONValue.object([
          "stages": .number(Double(stages.count)),
          "to_run": .number(Double(stages.count { reasons[$0.key]?.wouldRun ?? true })),
        ])
      )
    }
    return [
      "study": .string(plan.study), "cells": .number(Double(plan.cells.count)),
      "stages": .number(Double(plan.stages.count)), "stages_to_run": .number(Double(toRun)),
      "kinds": .object(Dictionary(uniqueKeysWithValues: byKind)), "would_fail": .array(failures.map { .string($0) }),
      "image_store_bytes": .number(Double(space.needed)),
    ]
  }
}

extension Workspace {
  /// What is recorded of a plan's stages, as its reasons are found from.
  func recordedStages(of plan: Plan) throws -> [StageKey: RecordedStage] {
    try records(of: plan.stages).mapValues(\.recordedStage)
  }
}

extension StageRecord {
  /// As reasons are found from it.
  var recordedStage: RecordedStage {
    if isDone { return .done(hasArtifact: true) }
    if isArtifactMissing { return .done(hasArtifact: false) }
    return switch lastAttempt?.state {
    case .running: .running
    case .failed: .failed
    case .stopped: .stopped
    case .done, nil: .waiting
    }
  }
}
