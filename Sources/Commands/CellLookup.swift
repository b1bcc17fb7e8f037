import Planner
import Store

/// What a person means by a text on the command line: a cell's name, the only cell that a filter matches, or the first
/// digits of a stage's key.
enum CellLookup {
  enum Found {
    case cell(Cell)
    case stage(StageKey)
  }

  /// - Throws: `CommandFailure` where it is nothing, or more than one thing.
  static func find(_ text: String, in plan: Plan, workspace: Workspace) throws -> Found {
    if let cell = plan.cells.first(where: { $0.id.text == text }) { return .cell(cell) }
    if let filter = try? CellFilter(text) {
      let cells = plan.cells.filter(filter.matches)
      if cells.count == 1 { return .cell(cells[0]) }
      if cells.count > 1 {
        throw CommandFailure(
          .usage,
          "'\(text)' matches \(cells.count) cells: \(cells.prefix(4).map(\.id.text).joined(separator: ", ")) ...",
          remedy: "name one of them")
      }
    }
    if text.count >= 4, text.allSatisfy(\.isHexDigit) {
      let planned = plan.stages.map(\.key).filter { $0.hex.hasPrefix(text.lowercased()) }
      let keys = planned.isEmpty ? try explaining { try workspace.keys(beginningWith: text) } : planned
      if keys.count == 1 { return .stage(keys[0]) }
      if keys.count > 1 {
        throw CommandFailure(.usage, "\(keys.count) stages' keys begin with \(text)", remedy: "give more digits")
      }
    }
    let nearest = plan.cells.prefix(3).map(\.id.text).joined(separator: ", ")
    throw CommandFailure(
      .usage, "'\(text)' names no cell and no stage of this study",
      remedy: "cells are named like \(nearest); `graft plan --cells` lists all")
  }

  /// The part of the plan that is a cell's, by its name or a stage's key.
  ///
  /// - Parameter needsTraining: Whether a cell that is not trained is an error.
  /// - Throws: `CommandFailure` for what is no cell, and for one that is not trained.
  static func alone(_ text: String, in plan: Plan, workspace: Workspace, needsTraining: Bool = true) throws -> Plan {
    let cell: Cell
    switch try find(text, in: plan, workspace: workspace) {
    case .cell(let found): cell = found
    case .stage(let key):
      guard let found = plan.cells.first(where: { $0.stages[.train] == key || $0.stages[.test] == key }) else {
        throw CommandFailure(
          .usage, "\(key.short) is no training and no test of a cell of this study",
          remedy: "`graft plan --cells` lists the cells")
      }
      cell = found
    }
    // What a distance is measured between are data sets: neither the cell's training nor its test is needed.
    let wanted = needsTraining ? cell.allStages : cell.measures.map(\.key)
    let alone = Plan(
      study: plan.study, cells: [cell], stages: stages(from: wanted, in: plan), resources: plan.resources,
      reporting: plan.reporting)
    let reasons = try explaining { alone.reasons(records: try workspace.recordedStages(of: alone)) }
    let untrained = alone.stages.first { $0.kind == .train && reasons[$0.key] != .done }
    if needsTraining, let untrained {
      throw CommandFailure(
        .noSuchFile, "\(untrained.label.dropFirst("train ".count)) is not trained yet, so there is nothing to measure",
        remedy: "`graft run` trains it")
    }
    return alone
  }

  /// A cell with its data set's stage alone.
  static func datasetAlone(_ text: String, in plan: Plan, workspace: Workspace) throws -> Plan {
    guard case .cell(let cell) = try find(text, in: plan, workspace: workspace) else {
      throw CommandFailure(
        .usage, "\(text) is a stage: a model's file is tested in a cell's backbone",
        remedy: "`graft plan --cells` lists the cells")
    }
    return Plan(
      study: plan.study, cells: [cell], stages: plan.stages.filter { $0.key == cell.stages[.dataset] },
      resources: plan.resources, reporting: plan.reporting)
  }

  /// A cell's stages, inputs first.
  static func stages(of cell: Cell, in plan: Plan) -> [Stage] { stages(from: cell.allStages, in: plan) }

  /// The stages and what they need, inputs first.
  static func stages(from keys: [StageKey], in plan: Plan) -> [Stage] {
    let byKey = Dictionary(plan.stages.map { ($0.key, $0) }) { first, _ in first }
    var wanted: Set<StageKey> = []
    func visit(_ key: StageKey) {
      guard wanted.insert(key).inserted else { return }
      for input in byKey[key]?.inputs ?? [] { visit(input.key) }
    }
    for key in keys { visit(key) }
    return plan.stages.filter { wanted.contains($0.key) }
  }
}
