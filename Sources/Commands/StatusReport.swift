import Executor
import Planner
import Store
import WorkerProtocol

/// What `graft status` says of a study, as a table for a person and as an object for scripts.
struct StatusReport {
  let study: String
  let summary: StudySummary
  let holder: LockHolder?
  let running: [(label: String, progress: StageProgress?)]
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
    for stage in running {
      text += "  \(stage.label)\(stage.progress.map { ": \(ProgressText.of($0))" } ?? "")\n"
    }
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
      "running": .array(details.map(Self.json)), "failed": .array(failed.map(Self.json)),
      "estimate": estimate.map { estimate in
        [
          "seconds": .number(estimate.value.seconds), "low": .number(estimate.value.low),
          "high": .number(estimate.value.high), "jobs": .number(Double(estimate.jobs)),
        ]
      } ?? .null,
    ]
  }

  private static func json(_ running: RunningStage) -> JSONValue {
    let (stage, attempt) = (running.stage, running.attempt)
    return [
      "stage": .string(stage.label), "kind": .string(stage.kind.rawValue), "key": .string(stage.key.hex),
      "attempt": .number(Double(attempt.number)), "device": .string(attempt.device),
      "threads": .number(Double(attempt.threads)),
      "worker": running.worker.map {
        ["process": .number(Double($0.processID)), "host": .string($0.host)]
      } ?? .null,
      "since": .string("\(attempt.started)"), "progress": running.progress?.json ?? .null,
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

/// How long what is left of a study will take.
struct StudyEstimate {
  let value: Estimate
  /// How many stages run at once.
  let jobs: Int

  /// - Parameters:
  ///   - likeness: Of the plan's stages.
  ///   - held: Of each stage whether it waits for a failed one.
  /// - Returns: nil where nothing is left, or nothing like it was measured.
  init?(of follower: PlanFollower, likeness: StageLikeness, held: [Bool], at now: Timestamp) {
    let plan = follower.plan
    let isLive = follower.holder != nil
    // What failed is for the next run to do, not for the one that goes on.
    let isDone = follower.states.indices.map { place in
      follower.states[place] == .done || isLive && (held[place] || follower.states[place] == .failed)
    }
    guard isDone.contains(false) else { return nil }
    let running = follower.running.compactMap { stage in
      plan.stages.place(of: stage.stage.key).map {
        (stage: $0, seconds: now.seconds(since: stage.attempt.started), fraction: stage.progress?.fraction ?? 0)
      }
    }
    // How many a run takes at once is not recorded, but its workers are.
    jobs =
      isLive
      ? max(1, running.count, follower.workers) : RunOptions(resources: plan.resources).jobs
    let estimate = Estimate.of(
      likeness, isDone: isDone, measured: follower.seconds, running: running, jobs: jobs)
    guard let estimate else { return nil }
    value = estimate
  }

  /// Of each stage whether it waits for a failed one.
  static func held(in plan: Plan, states: [StageState]) -> [Bool] {
    var held: [Bool] = []
    held.reserveCapacity(states.count)
    for place in states.indices {
      // Nothing that is done or runs waits.
      let mayWait = states[place] == .waiting
      held.append(
        mayWait
          && plan.stages.inputPlaces(of: place).contains { input in
            input >= 0 && (states[Int(input)] == .failed || held[Int(input)])
          })
    }
    return held
  }
}
