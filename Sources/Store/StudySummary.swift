import Files
import Foundation
import GRDB
import Planner
import WorkerProtocol

/// How far a study is, counted: what `graft status` says first, kept so that it need not plan a hundred thousand cells to say
/// it again.
public struct StudySummary: Sendable, Hashable {
  public var cells: Int
  public var cellsDone: Int
  /// Stages by kind and state; states that no stage is in are left out.
  public var counts: [StageKind: [StageState: Int]]

  public init(cells: Int, cellsDone: Int, counts: [StageKind: [StageState: Int]]) {
    self.cells = cells
    self.cellsDone = cellsDone
    self.counts = counts
  }

  /// From each stage's state, in the plan's order.
  public init(of plan: Plan, states: [StageState]) {
    var counts: [StageKind: [StageState: Int]] = [:]
    for kind in Set(plan.stages.kinds) { counts[kind] = [:] }
    for (kind, state) in zip(plan.stages.kinds, states) { counts[kind]?[state, default: 0] += 1 }
    self.init(
      cells: plan.cells.count,
      cellsDone: plan.cells.indices.count { cell in
        plan.cells.stagePlaces(of: cell).allSatisfy { states[Int($0)] == .done }
      }, counts: counts)
  }

  /// Stages in a state, of all kinds.
  public func count(_ state: StageState) -> Int { counts.values.reduce(0) { $0 + ($1[state] ?? 0) } }

  /// Whether every stage is done.
  public var isComplete: Bool {
    counts.values.allSatisfy { states in states.allSatisfy { $0.key == .done || $0.value == 0 } }
  }

  var json: JSONValue {
    [
      "cells": .number(Double(cells)), "cells_done": .number(Double(cellsDone)),
      "stages": .object(
        Dictionary(
          uniqueKeysWithValues: counts.map { kind, states in
            let numbers = states.map { ($0.key.rawValue, JSONValue.number(Double($0.value))) }
            return (kind.rawValue, JSONValue.object(Dictionary(uniqueKeysWithValues: numbers)))
          })),
    ]
  }

  init?(json: JSONValue) {
    guard let cells = json["cells"]?.intValue, let done = json["cells_done"]?.intValue,
      let stages = json["stages"]?.objectValue
    else { return nil }
    var counts: [StageKind: [StageState: Int]] = [:]
    for (name, states) in stages {
      guard let kind = StageKind(rawValue: name) else { return nil }
      counts[kind] = [:]
      for (name, number) in states.objectValue ?? [:] {
        guard let state = StageState(rawValue: name), let number = number.intValue else { return nil }
        counts[kind]?[state] = number
      }
    }
    self.init(cells: cells, cellsDone: done, counts: counts)
  }
}

/// What a summary hangs on beside the database: it is true only for the very same.
public struct SummaryKey: Sendable, Hashable {
  /// The study's file and the part of it that is meant.
  public let name: String
  /// Everything else that the plan follows from.
  public let inputs: JSONValue

  public init(name: String, inputs: JSONValue) {
    self.name = name
    self.inputs = inputs
  }
}

extension Workspace {
  /// Keeps a study's summary as it is now.
  ///
  /// - Throws: `WorkspaceError`.
  public func record(_ summary: StudySummary, of key: SummaryKey) throws {
    let shelves = shelfTimes(of: summary.counts.keys)
    var inputs = key.inputs.objectValue ?? [:]
    inputs["shelves"] = shelves
    try write { database in
      try database.execute(
        sql: """
          INSERT OR REPLACE INTO summary (name, key, counts, generation)
          VALUES (?, ?, ?, (SELECT number + 1 FROM generation))
          """,
        arguments: [key.name, JSONValue.object(inputs).canonicalText, summary.json.canonicalText])
    }
  }

  /// The inputs of the summary that is kept under a name, for whoever can tell whether they are as they were; nil where none
  /// is kept.
  ///
  /// - Throws: `WorkspaceError`.
  public func summaryInputs(named name: String) throws -> JSONValue? {
    try read(orElse: nil) { database in
      try String.fetchOne(database, sql: "SELECT key FROM summary WHERE name = ?", arguments: [name])
        .map { JSONValue(stored: $0) }
    }
  }

  /// The summary that is kept under a name, where nothing was recorded and no artifact came or went since, or where a run that
  /// keeps it up to date is under way.
  ///
  /// - Throws: `WorkspaceError`.
  public func summary(named name: String) throws -> StudySummary? {
    let holder = currentRun
    return try read(orElse: nil) { database in
      guard
        let row = try Row.fetchOne(
          database,
          sql: "SELECT key, counts, generation = (SELECT number FROM generation) FROM summary WHERE name = ?",
          arguments: [name]), let summary = StudySummary(json: JSONValue(stored: row[1]))
      else { return nil }
      let isCurrent: Bool = row[2]
      if let holder {
        let inputs = JSONValue(stored: row[0])
        return inputs["run"] == holder.json ? summary : nil
      }
      guard isCurrent, JSONValue(stored: row[0])["shelves"] == shelfTimes(of: summary.counts.keys) else { return nil }
      return summary
    }
  }

  /// When artifacts of each kind last came or went.
  func shelfTimes(of kinds: some Sequence<StageKind>) -> JSONValue {
    var times: [String: JSONValue] = [:]
    for kind in kinds {
      var status = stat()
      guard stat("\(folder)/artifacts/\(kind.rawValue)", &status) == 0 else { continue }
      times[kind.rawValue] = .string("\(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)")
    }
    return .object(times)
  }

  /// What runs now in this workspace.
  ///
  /// - Throws: `WorkspaceError`.
  public func runningStages() throws -> [(label: String, progress: StageProgress?, isQueued: Bool)] {
    guard currentRun != nil else { return [] }
    return try read(orElse: []) { database in
      let progress = try Self.progress(database)
      let rows = try Row.fetchAll(
        database,
        sql: """
          SELECT label, number, worker IS NULL FROM attempt JOIN stage_text ON stage_text.stage = attempt.stage
          WHERE state = 'running' ORDER BY number
          """)
      return rows.map { row in
        let told = progress[row[1]]?.0
        return (row[0], told, row[2] && told == nil)
      }
    }
  }
}
