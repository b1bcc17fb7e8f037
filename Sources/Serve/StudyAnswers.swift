import Planner
import Store
import StudyView
import StudyWatch
import WorkerProtocol

// What is known of a study as JSON; `docs/serve.md` has the members. Nothing in it changes with the time alone, so that what
// did not change is not sent again: times are moments, and how long ago they are is for the page to say.

extension WatchedStudy {
  /// The study as a whole, what runs and what failed.
  func summary(isStopping: Bool, changedFile: String?, notices: [String], reading: Int, cellsTag: String) -> JSONValue {
    let viewpoint = Viewpoint(axes)
    return [
      "study": .string(plan.study), "reading": .number(Double(reading)), "cells_tag": .string(cellsTag),
      "cells": tally.json,
      "stages": [
        "all": .number(Double(stages.all)), "done": .number(Double(stages.done)),
        "running": .number(Double(stages.running)), "failed": .number(Double(stages.failed)),
        "held": .number(Double(stages.held)),
      ],
      "run": holder.map { holder in
        [
          "process": .number(Double(holder.process.processID)), "host": .string(holder.host),
          "command": .string(Self.short(holder.command)), "since": .string("\(holder.since)"),
        ]
      } ?? .null,
      "stopping": .bool(isStopping),
      "running": .array(running.map(\.json)), "failures": .array(failures.map(Self.json)),
      "stages_per_minute": stagesPerMinute.map { .number(($0 * 10).rounded() / 10) } ?? .null,
      "estimate": estimate.map { estimate in
        [
          "seconds": .number(estimate.value.seconds.rounded()), "low": .number(estimate.value.low.rounded()),
          "high": .number(estimate.value.high.rounded()), "jobs": .number(Double(estimate.jobs)),
        ]
      } ?? .null,
      "axes": .array(axes.map { ["name": .string($0.name), "values": .number(Double($0.values.count))] }),
      "rows": viewpoint.rowAxis.map { .string($0) } ?? .null,
      "columns": viewpoint.columnAxis.map { .string($0) } ?? .null,
      "changed_file": changedFile.map { .string($0) } ?? .null,
      "notices": .array(notices.map { .string($0) }),
    ]
  }

  private static func json(_ failure: WatchedFailure) -> JSONValue {
    let reason = failure.last.failure
    return [
      "stage": .string(failure.label), "kind": .string(failure.kind.rawValue), "key": .string(failure.key.hex),
      "attempt": .number(Double(failure.last.attempt)), "class": .string(reason.failureClass.rawValue),
      "message": .string(reason.message), "help": reason.remedy.map { .string($0) } ?? .null,
      "at": failure.last.finished.map { .string("\($0)") } ?? .null,
    ]
  }
}

extension CellTally {
  var json: JSONValue {
    [
      "all": .number(Double(all)), "done": .number(Double(done)), "running": .number(Double(running)),
      "failed": .number(Double(failed)),
    ]
  }

  /// All, done, running and failed; short, as there are many of them.
  fileprivate var row: JSONValue { .array([all, done, running, failed].map { .number(Double($0)) }) }
}

extension CellMatrix {
  /// Counts by row and column, and of each row, each column and the whole.
  var json: JSONValue {
    let columnCount = columns?.values.count ?? 1
    return [
      "rows": rows.json, "columns": columns?.json ?? .null, "whole": whole.row,
      "of_row": .array(ofRow.map(\.row)), "of_column": .array(ofColumn.map(\.row)),
      "entries": .array(
        rows.values.indices.map { row in .array((0..<columnCount).map { self[row, $0].row }) }),
    ]
  }
}

extension CellMatrix.Side {
  fileprivate var json: JSONValue { ["axis": .string(axis), "values": .array(values.map { .string($0) })] }
}

extension CellStanding {
  var name: String {
    switch self {
    case .open: "open"
    case .running: "running"
    case .done: "done"
    case .failed: "failed"
    }
  }
}

extension StageDossier {
  /// A stage with its attempts and what it came to.
  ///
  /// - Parameter state: As the plan has it.
  func json(state: StageState) -> JSONValue {
    [
      "stage": .string(label), "kind": .string(kind), "key": .string(key.hex), "state": .string(state.rawValue),
      "attempts": .array(attempts.map { $0.json(hasLog: logFiles[$0.number] != nil) }),
      "diverged": outcome.map { .bool($0.diverged) } ?? .null,
      "metrics": .array(
        (outcome?.metrics ?? []).map {
          ["split": .string($0.split), "name": .string($0.name), "value": .number($0.value)]
        }),
      // Epoch, training loss, validation loss and metric.
      "history": .array(
        (outcome?.history ?? []).map { entry in
          .array(
            [entry.epoch, entry.trainingLoss, entry.validationLoss, entry.validationMetric].map {
              $0.isFinite ? .number($0) : .null
            })
        }),
    ]
  }
}

extension AttemptRecord {
  fileprivate func json(hasLog: Bool) -> JSONValue {
    [
      "attempt": .number(Double(number)), "state": .string(state.rawValue), "since": .string("\(started)"),
      "seconds": seconds.map { .number($0) } ?? .null, "device": .string(device), "log": .bool(hasLog),
      "class": failure.map { .string($0.failureClass.rawValue) } ?? .null,
      "message": failure.map { .string($0.message) } ?? .null,
      "help": failure?.remedy.map { .string($0) } ?? .null,
    ]
  }
}
