import Executor
import Foundation
import Planner
import Store
import StudyView
import WorkerProtocol

/// A study being watched: its plan, made once, and what has become of it since.
public struct WatchedStudy: Sendable {
  public let axes: [CellAxis]
  /// Of each cell.
  public private(set) var cells: [CellStanding] = []
  public private(set) var tally = CellTally([])
  public private(set) var stages = StageTally()
  /// Of all that is left; nil where nothing is, or nothing like it was measured.
  public private(set) var estimate: StudyEstimate?
  /// The last of them, the latest first.
  public private(set) var failures: [WatchedFailure] = []
  private let likeness: StageLikeness
  private var follower: PlanFollower
  /// When the workspace was last looked at.
  private var lastLook = Timestamp(milliseconds: 0)

  /// So many failures are kept in mind.
  private static let failuresShown = 100
  /// The rate is that of so many last seconds.
  private static let rateWindow = 300.0
  /// The shortest time between two looks at the workspace, in seconds.
  public static let pause = 1.0

  /// How long is waited after a look that took so long, in seconds: no more than one part in 50 of a core goes into looks that
  /// read what changed, which are quick, and one in 10 into those that read all of a very large study, which are few.
  public static func pause(after took: Double) -> Double { max(pause, min(took * 50, max(5, took * 10))) }

  public init(_ plan: Plan, in workspace: Workspace) {
    axes = plan.cells.axes
    likeness = StageLikeness(plan: plan)
    follower = PlanFollower(plan, in: workspace)
  }

  public var plan: Plan { follower.plan }
  /// Where everything lies.
  public var folder: String { follower.folder }
  /// Who runs in the workspace; nil where nobody does.
  public var holder: LockHolder? { follower.holder }
  /// Each stage's state, in the plan's order.
  public var states: [StageState] { follower.states }
  /// What runs, the longest first, and after it what is handed over and not begun.
  public var running: [RunningStage] {
    follower.running.sorted { ($0.isQueued ? 1 : 0, $0.attempt.started) < ($1.isQueued ? 1 : 0, $1.attempt.started) }
  }

  /// Looks again at the workspace.
  ///
  /// - Returns: Whether cells may stand otherwise than before.
  /// - Throws: `WorkspaceError` where it cannot be read now.
  public mutating func look(at now: Timestamp) throws -> Bool {
    let hasChanged = try follower.look()
    lastLook = now
    guard hasChanged else { return false }
    let plan = follower.plan
    let held = StudyEstimate.held(in: plan, states: follower.states)
    cells = Self.cells(of: plan, states: follower.states, held: held)
    tally = CellTally(cells)
    stages = StageTally(
      all: follower.states.count, done: follower.states.count { $0 == .done },
      running: follower.states.count { $0 == .running }, failed: follower.states.count { $0 == .failed },
      held: held.count { $0 })
    estimate = StudyEstimate(of: follower, likeness: likeness, held: held, at: now)
    failures = follower.failures.sorted { $0.value.attempt > $1.value.attempt }.prefix(Self.failuresShown).map {
      WatchedFailure(
        label: plan.stages.label(at: $0.key), key: plan.stages.keys[$0.key], kind: plan.stages.kinds[$0.key],
        last: $0.value)
    }
    return true
  }

  /// What there is to say now.
  public func moment(at now: Timestamp) -> StudyMoment {
    var moment = StudyMoment(study: follower.plan.study)
    moment.stages = stages
    moment.run = follower.holder.map { holder in
      RunNote(
        who: "process \(holder.process.processID) on \(holder.host)", since: Self.clock(holder.since, now),
        seconds: now.seconds(since: holder.since), command: Self.short(holder.command))
    }
    moment.running = running.map { running in
      RunningWork(
        label: running.stage.label, fraction: running.progress.map { min(1, max(0, $0.fraction)) },
        told: running.told ?? "",
        seconds: now.seconds(since: running.attempt.started),
        place: running.attempt.device,
        worker: running.worker.map { worker in
          "process \(worker.processID)"
            + (worker.host == ProcessIdentity.currentHost ? "" : " on \(worker.host)")
        } ?? "")
    }
    moment.failures = failures.map { failure in
      FailureNote(
        label: failure.label, failureClass: failure.last.failure.failureClass.rawValue,
        message: failure.last.failure.message, secondsAgo: failure.last.finished.map { now.seconds(since: $0) })
    }
    moment.perMinute = stagesPerMinute
    moment.remaining = estimate.map {
      Remaining(seconds: $0.value.seconds, low: $0.value.low, high: $0.value.high, jobs: $0.jobs)
    }
    return moment
  }

  /// Stages done a minute; nil where no run goes on or it is too young to tell.
  public var stagesPerMinute: Double? {
    guard let holder = follower.holder else { return nil }
    // What came to be done since is not known yet.
    func age(_ time: Timestamp) -> Double { lastLook.seconds(since: time) }
    let window = min(Self.rateWindow, age(holder.since), follower.finishesKnownSince.map(age) ?? .infinity)
    let count = follower.finishes.prefix { age($0) <= window }.count
    return window < 10 && count < 100 || count == 0 ? nil : Double(count) / max(window, 0.1) * 60
  }

  /// A command without the place of its program.
  public static func short(_ command: String) -> String {
    let program = command.prefix { $0 != " " }
    return (program.split(separator: "/").last.map(String.init) ?? "") + command.dropFirst(program.count)
  }

  /// The time of day here; with its day where that is not today.
  private static func clock(_ time: Timestamp, _ now: Timestamp) -> String {
    func parts(_ time: Timestamp) -> tm {
      var seconds = time_t(time.milliseconds / 1000)
      var parts = tm()
      localtime_r(&seconds, &parts)
      return parts
    }
    func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
    let (then, today) = (parts(time), parts(now))
    let clock = "\(two(then.tm_hour)):\(two(then.tm_min))"
    if then.tm_year == today.tm_year, then.tm_yday == today.tm_yday { return clock }
    return "\(1900 + then.tm_year)-\(two(then.tm_mon + 1))-\(two(then.tm_mday)) \(clock)"
  }

  private static func cells(of plan: Plan, states: [StageState], held: [Bool]) -> [CellStanding] {
    plan.cells.indices.map { cell in
      var isDone = true
      var isRunning = false
      for place in plan.cells.stagePlaces(of: cell) {
        let place = Int(place)
        switch states[place] {
        case .done: continue
        case .failed: return .failed
        case .running where !plan.stages.kinds[place].isShared: isRunning = true
        default: if held[place] { return .failed }
        }
        isDone = false
      }
      return isDone ? .done : isRunning ? .running : .open
    }
  }
}

/// A stage of the study whose last attempt failed.
public struct WatchedFailure: Sendable, Hashable {
  public let label: String
  public let key: StageKey
  public let kind: StageKind
  public let last: PlanFollower.LastFailure
}

extension StageKind {
  /// Whether many cells need the same one, so that it says little of any.
  fileprivate var isShared: Bool { [.weights, .dataset, .pretrain].contains(self) }
}
