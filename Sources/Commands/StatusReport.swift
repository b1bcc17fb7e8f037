import Planner
import Store
import StudyWatch
import WorkerProtocol

/// What `graft status` says of a study, as a table for a person and as an object for scripts.
struct StatusReport {
  let study: String
  let summary: StudySummary
  let holder: LockHolder?
  let running: [(label: String, progress: StageProgress?, isQueued: Bool)]
  let failed: [FailedStage]
  /// What runs in detail; empty where no plan was made.
  var details: [RunningStage] = []
  /// Of all that is left; nil where nothing like it was measured.
  var estimate: StudyEstimate?

  /// A row a kind of stage: how many of its stages are in each state.
  var kinds: Listing {
    var listing = Listing(columns: ["kind"] + StageState.allCases.map(\.rawValue))
    for kind in StageKind.allCases {
      guard let counts = summary.counts[kind] else { continue }
      listing.rows.append([.string(kind.rawValue)] + StageState.allCases.map { .number(Double(counts[$0] ?? 0)) })
    }
    return listing
  }

  var text: String {
    var text = "\(study): \(summary.cellsDone) of \(summary.cells) cells done\n\(kinds.rendered(as: .table))"
    if let holder { text += "\nrunning now: \(holder)\n" }
    for stage in running where !stage.isQueued {
      text += "  \(stage.label)\(stage.progress.map { ": \(ProgressText.of($0))" } ?? "")\n"
    }
    let queued = running.count(where: \.isQueued)
    if queued > 0 { text += "  \(queued) \(RunningStage.queuedText)\n" }
    if !failed.isEmpty { text += "\nfailed:\n" }
    for failed in failed {
      text += "  \(failed.stage.label): \(failed.failure.message)\n"
      if let remedy = failed.failure.remedy { text += "    help: \(remedy)\n" }
    }
    return text
  }

  var json: JSONValue {
    [
      "study": .string(study), "cells": .number(Double(summary.cells)),
      "cells_done": .number(Double(summary.cellsDone)),
      "kinds": .array(kinds.rows.map { .object(Dictionary(zip(kinds.columns, $0)) { first, _ in first }) }),
      "holder": holder.map { holder in
        [
          "process": .number(Double(holder.process.processID)), "host": .string(holder.host),
          "command": .string(holder.command), "since": .string("\(holder.since)"),
        ]
      } ?? .null,
      "running": .array(details.map(\.json)), "failed": .array(failed.map(Self.json)),
      "estimate": estimate.map { estimate in
        [
          "seconds": .number(estimate.value.seconds), "low": .number(estimate.value.low),
          "high": .number(estimate.value.high), "jobs": .number(Double(estimate.jobs)),
        ]
      } ?? .null,
    ]
  }

  private static func json(_ failed: FailedStage) -> JSONValue {
    [
      "stage": .string(failed.stage.label), "kind": .string(failed.stage.kind.rawValue),
      "key": .string(failed.stage.key.hex), "attempt": .number(Double(failed.attempt)),
      "class": .string(failed.failure.failureClass.rawValue), "message": .string(failed.failure.message),
      "help": failed.failure.remedy.map { .string($0) } ?? .null,
      "at": failed.finished.map { .string("\($0)") } ?? .null, "log": .string(failed.logFile),
    ]
  }
}
