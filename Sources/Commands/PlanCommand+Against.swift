import Executor
import Foundation
import Planner
import Store
import StudyView

/// What an edit of a study adds, removes and makes anew, and what that costs, before anything runs.
struct EditedPlan {
  /// What the plan is compared with, in words.
  let base: String
  let old: Plan
  let new: ReasonedPlan
  let difference: PlanDifference
  /// Stages to run in all, and of those the ones that are of the edit's making: the base has no such stage.
  let toRun: Int
  let toRunByEdit: Int
  /// How long those take; nil where no like stage was measured.
  let cost: Estimate?
  let jobs: Int

  /// - Parameter against: Another study file, or `last`: this study as it was last run.
  /// - Throws: `CommandFailure` where that cannot be read.
  init(_ against: String, of loaded: LoadedStudy, _ new: ReasonedPlan, in workspace: Workspace) throws {
    self.new = new
    let study: Study
    if against == "last" {
      guard let source = try explaining({ try workspace.studySource(named: loaded.study.name) }) else {
        throw CommandFailure(
          .noSuchFile, "\(loaded.study.name) was never run in \(loaded.workspaceFolder)",
          remedy: "`graft plan` without --against says what a first run would do")
      }
      study = try StudyFile(recorded: source, folder: loaded.file.folder).study(overrides: source.overrides)
      base = "as it was last run"
    } else {
      let file = try StudyFile(path: against)
      study = try file.study()
      base = "against \(file.name)"
    }
    let other = LoadedStudy(
      file: loaded.file, study: study, filter: loaded.filter, workspaceFolder: loaded.workspaceFolder)
    let old = try other.planned(in: workspace, mayBeEmpty: true).plan
    self.old = old
    difference = PlanDifference(from: old, to: new.plan)
    let places = new.plan.stages.indices.filter { new.reasons.values[$0].wouldRun }
    toRun = places.count
    toRunByEdit = places.count { old.stages.place(of: new.plan.stages.keys[$0]) == nil }
    jobs = RunOptions(resources: new.plan.resources).jobs
    let measured = try explaining { try workspace.measuredSeconds(of: new.plan.stages) }
    cost = Estimate.of(
      new.plan, isDone: new.reasons.values.map { !$0.wouldRun }, measured: measured, jobs: jobs)
  }

  /// For a person.
  var text: String {
    if difference.isEmpty {
      return "\(new.plan.study) \(base): the same \(difference.same) cells\n\(costSentence)\n"
    }
    var lines = ["\(new.plan.study) \(base):"]
    func line(_ word: String, _ count: Int, _ rest: [String]) {
      guard count > 0 else { return }
      lines.append("  \(word) \(count) cells" + (rest.isEmpty ? "" : ": \(rest.joined(separator: "; "))"))
    }
    line("adds   ", difference.added.count, difference.addedValues)
    line("removes", difference.removed.count, difference.removedValues + ["their results stay in the workspace"])
    line("changes", difference.changed.count, [])
    for change in difference.changes.prefix(20) { lines.append("            \(change.text) (\(change.cells) cells)") }
    if difference.changes.count > 20 { lines.append("            and \(difference.changes.count - 20) more reasons") }
    line("keeps  ", difference.same, [])
    lines.append(costSentence)
    return lines.joined(separator: "\n") + "\n"
  }

  private var costSentence: String {
    if toRun == 0 { return "nothing to run" }
    let time =
      cost.map {
        "about \(spelledDuration($0.seconds)) (\(spelledDuration($0.low)) to \(spelledDuration($0.high))), \(jobs) at once"
      } ?? "how long that takes is not known: no like stage was measured yet"
    return "\(toRun) stages to run, \(toRunByEdit) of them because of the edit; \(time)"
  }

  /// For scripts.
  var json: JSONValue {
    [
      "study": .string(new.plan.study), "against": .string(base),
      "added": .number(Double(difference.added.count)), "removed": .number(Double(difference.removed.count)),
      "changed": .number(Double(difference.changed.count)), "same": .number(Double(difference.same)),
      "added_values": .texts(difference.addedValues), "removed_values": .texts(difference.removedValues),
      "changes": .array(
        difference.changes.map { ["reason": .string($0.text), "cells": .number(Double($0.cells))] }),
      "stages_to_run": .number(Double(toRun)), "stages_to_run_by_edit": .number(Double(toRunByEdit)),
      "seconds": cost.map {
        ["expected": .number($0.seconds), "low": .number($0.low), "high": .number($0.high)]
      } ?? .null,
    ]
  }

  /// A row a cell that is added, removed or changed.
  var listing: Listing {
    var listing = Listing(columns: ["change", "cell"])
    for place in difference.added { listing.rows.append([.string("added"), .string(new.plan.cells[place].id.text)]) }
    for place in difference.changed {
      listing.rows.append([.string("changed"), .string(new.plan.cells[place].id.text)])
    }
    for place in difference.removed { listing.rows.append([.string("removed"), .string(old.cells[place].id.text)]) }
    return listing
  }
}
