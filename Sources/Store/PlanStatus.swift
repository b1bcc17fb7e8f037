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
  /// Each stage's state, in the plan's order.
  public var states: [StageState]
  public var summary: StudySummary
  public var running: [RunningStage]
  /// Stages whose last attempt failed, in the plan's order.
  public var failed: [FailedStage]
}

/// A stage being run, with what it last told.
public struct RunningStage: Sendable, Hashable {
  /// The process that works on it.
  public struct Worker: Sendable, Hashable {
    public var processID: Int32
    public var host: String
  }

  public var stage: Stage
  public var attempt: AttemptRecord
  /// Nil where it is not a process that the run started itself.
  public var worker: Worker?
  public var progress: StageProgress?
  /// When it told that.
  public var updated: Timestamp?

  /// Whether it was handed over to a cluster, which has not begun it.
  public var isQueued: Bool { worker == nil && progress == nil }
}

/// A stage whose last attempt failed.
public struct FailedStage: Sendable, Hashable {
  public var stage: Stage
  public var attempt: Int64
  public var failure: StageFailure
  public var finished: Timestamp?
  public var logFile: String
}

extension Workspace {
  /// - Throws: `WorkspaceError`.
  public func status(of plan: Plan) throws -> PlanStatus {
    var follower = PlanFollower(plan, in: self)
    _ = try follower.look()
    return follower.status
  }

  static func states(of stages: PlannedStages, _ records: [RecordedStage?]) -> [StageState] {
    var states: [StageState] = []
    states.reserveCapacity(stages.count)
    for (place, record) in records.enumerated() {
      let state: StageState =
        switch record {
        case .done(hasArtifact: true)?: .done
        case .running?: .running
        case .failed?: .failed
        case .stopped?: .stopped
        case .done(hasArtifact: false)?, .waiting?, .ready?, nil:
          stages.inputPlaces(of: place).allSatisfy { $0 >= 0 && states[Int($0)] == .done } ? .ready : .waiting
        }
      states.append(state)
    }
    return states
  }

  static func progress(_ database: Database) throws -> [Int64: (StageProgress, Timestamp)] {
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

extension PlanFollower {
  /// All of it at once.
  public var status: PlanStatus {
    PlanStatus(
      currentRun: holder, states: states, summary: StudySummary(of: plan, states: states), running: running,
      failed: failures.sorted { $0.key < $1.key }.map { place, last in
        let stage = plan.stages[place]
        return FailedStage(
          stage: stage, attempt: last.attempt, failure: last.failure, finished: last.finished,
          logFile: "\(folder)/logs/\(stage.key.hex)/\(last.attempt).log")
      })
  }
}
