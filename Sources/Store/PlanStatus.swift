import GRDB
import Planner
import WorkerProtocol

/// How a stage of a plan stands.
public enum StageState: String, Sendable, Hashable, CaseIterable, Comparable {
  /// Inputs are missing.
  case waiting
  /// All inputs are done; it could run.
  case ready
  case running, done, failed, stopped

  public static func < (left: StageState, right: StageState) -> Bool {
    (allCases.firstIndex(of: left) ?? 0) < (allCases.firstIndex(of: right) ?? 0)
  }
}

/// A plan against what the workspace knows of it, for `graft status`.
public struct PlanStatus: Sendable {
  /// Who runs in the workspace now.
  public var currentRun: LockHolder?
  /// In the plan's order: each stage's state.
  public var states: [StageKey: StageState]
  /// Stages by kind and state; states that no stage is in are left out.
  public var counts: [StageKind: [StageState: Int]]
  public var running: [RunningStage]
  /// Stages whose last attempt failed, in the plan's order.
  public var failed: [FailedStage]
  public var cells: Int
  /// Cells all of whose stages are done.
  public var cellsDone: Int
}

/// A stage being run, with what it last told.
public struct RunningStage: Sendable, Hashable {
  public var stage: Stage
  public var attempt: AttemptRecord
  public var progress: StageProgress?
  /// When it told that.
  public var updated: Timestamp?
}

/// A stage whose last attempt failed.
public struct FailedStage: Sendable, Hashable {
  public var stage: Stage
  public var attempt: Int64
  public var failure: StageFailure
  public var logFile: String
}

extension Workspace {
  /// - Throws: `WorkspaceError`.
  public func status(of plan: Plan) throws -> PlanStatus {
    let present = try presentArtifacts(of: Set(plan.stages.map(\.kind)))
    let holder = currentRun
    let (records, progress) = try read(orElse: ([:], [:])) { database in
      (
        try StageRecord.all(of: plan.stages, database, present: present, runIsLive: holder != nil),
        try Self.progress(database)
      )
    }
    var status = PlanStatus(
      currentRun: holder, states: [:], counts: [:], running: [], failed: [], cells: plan.cells.count, cellsDone: 0)
    status.states.reserveCapacity(plan.stages.count)
    for stage in plan.stages {
      let record = records[stage.key] ?? .none
      let state = Self.state(of: stage, record, earlier: status.states)
      status.states[stage.key] = state
      status.counts[stage.kind, default: [:]][state, default: 0] += 1
      guard let attempt = record.lastAttempt else { continue }
      if state == .running {
        let told = progress[attempt.number]
        status.running.append(RunningStage(stage: stage, attempt: attempt, progress: told?.0, updated: told?.1))
      } else if state == .failed, let failure = attempt.failure {
        status.failed.append(
          FailedStage(
            stage: stage, attempt: attempt.number, failure: failure,
            logFile: logFile(key: stage.key, attempt: attempt.number)))
      }
    }
    status.cellsDone = plan.cells.count { cell in cell.allStages.allSatisfy { status.states[$0] == .done } }
    return status
  }

  private static func state(of stage: Stage, _ record: StageRecord, earlier: [StageKey: StageState]) -> StageState {
    if record.isDone { return .done }
    switch record.lastAttempt?.state {
    case .running: return .running
    case .failed: return .failed
    case .stopped: return .stopped
    case .done, nil: return stage.inputs.allSatisfy { earlier[$0.key] == .done } ? .ready : .waiting
    }
  }

  private static func progress(_ database: Database) throws -> [Int64: (StageProgress, Timestamp)] {
    let rows = try Row.fetchAll(
      database, sql: "SELECT attempt, fraction, position, loss, metric_name, metric, updated FROM progress")
    return Dictionary(
      rows.map { row in
        let told = StageProgress(
          fraction: row[1], position: row[2], loss: row[3], metricName: row[4], metric: row[5])
        return (row[0] as Int64, (told, Timestamp(milliseconds: row[6])))
      }
    ) { first, _ in first }
  }
}
