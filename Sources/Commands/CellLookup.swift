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
    if let place = plan.cells.place(of: CellID(text)) { return .cell(plan.cells[place]) }
    if let filter = try? CellFilter(text) {
      let places = plan.cells.places(matching: filter)
      if places.count == 1 { return .cell(plan.cells[places[0]]) }
      if places.count > 1 {
        let first = places.prefix(4).map { plan.cells[$0].id.text }
        throw CommandFailure(
          .usage, "'\(text)' matches \(places.count) cells: \(first.joined(separator: ", ")) ...",
          remedy: "name one of them")
      }
    }
    if text.count >= 4, text.allSatisfy(\.isHexDigit) {
      let planned = plan.stages.keys.filter { $0.hex.hasPrefix(text.lowercased()) }
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
    let reasons = try explaining { alone.reasons(records: try workspace.records(of: alone)) }
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
      study: plan.study, cells: [cell], stages: cell.stages[.dataset].flatMap { plan.stages[$0] }.map { [$0] } ?? [],
      resources: plan.resources, reporting: plan.reporting)
  }

  /// A cell's stages, inputs first.
  static func stages(of cell: Cell, in plan: Plan) -> [Stage] { stages(from: cell.allStages, in: plan) }

  /// The stages and what they need, inputs first.
  static func stages(from keys: [StageKey], in plan: Plan) -> [Stage] {
    plan.stages.closure(of: keys.compactMap { plan.stages.place(of: $0) }).map { plan.stages[$0] }
  }
}
