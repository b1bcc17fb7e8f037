import Executor
import Foundation
import Planner
import Store
import StudyView

/// A study being watched: its plan, made once, and what has become of it since.
struct WatchedStudy {
  let axes: [CellAxis]
  /// Of each cell.
  private(set) var cells: [CellStanding] = []
  private(set) var tally = CellTally([])
  private let likeness: StageLikeness
  private var follower: PlanFollower
  private var files: WatchedFiles
  private var stages = StageTally()
  private var estimate: StudyEstimate?
  /// The last of them, the latest first.
  private var failures: [(label: String, last: PlanFollower.LastFailure)] = []
  private var changedFile: String?
  /// When the workspace was last looked at.
  private var lastLook = Timestamp(milliseconds: 0)

  /// So many failures are kept in mind.
  private static let failuresShown = 100
  /// The rate is that of so many last seconds.
  private static let rateWindow = 300.0

  /// - Throws: `CommandFailure` where the study cannot be read.
  init(_ arguments: StudyArguments) throws {
    let loaded = try arguments.load()
    let workspace = try workspaceForReading(loaded.workspaceFolder)
    files = WatchedFiles(of: loaded.file)
    let plan = try loaded.plan(in: workspace)
    axes = plan.cells.axes
    likeness = StageLikeness(plan: plan)
    follower = PlanFollower(plan, in: workspace)
  }

  /// Looks again at the workspace and at the study's files.
  ///
  /// - Returns: Whether cells may stand otherwise than before.
  /// - Throws: `CommandFailure` where the workspace cannot be read now.
  mutating func look(at now: Timestamp) throws -> Bool {
    changedFile = files.changed()
    let hasChanged = try explaining { try follower.look() }
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
      (plan.stages.label(at: $0.key), $0.value)
    }
    return true
  }

  /// What there is to say now.
  func moment(at now: Timestamp) -> StudyMoment {
    var moment = StudyMoment(study: follower.plan.study)
    moment.stages = stages
    moment.run = follower.holder.map { holder in
      RunNote(
        who: "process \(holder.process.processID) on \(holder.host)", since: Self.clock(holder.since, now),
        seconds: now.seconds(since: holder.since), command: Self.short(holder.command))
    }
    moment.running = follower.running.sorted { $0.attempt.started < $1.attempt.started }.map { running in
      RunningWork(
        label: running.stage.label, fraction: running.progress.map { min(1, max(0, $0.fraction)) },
        told: running.progress.map { ProgressText.of($0) } ?? "", seconds: now.seconds(since: running.attempt.started),
        place: running.attempt.device,
        worker: running.worker.map { worker in
          "process \(worker.processID)"
            + (worker.host == ProcessIdentity.currentHost ? "" : " on \(worker.host)")
        } ?? "")
    }
    moment.failures = failures.map { label, last in
      FailureNote(
        label: label, failureClass: last.failure.failureClass.rawValue, message: last.failure.message,
        secondsAgo: last.finished.map { now.seconds(since: $0) })
    }
    moment.perMinute = rate
    moment.remaining = estimate.map {
      Remaining(seconds: $0.value.seconds, low: $0.value.low, high: $0.value.high, jobs: $0.jobs)
    }
    if let changedFile {
      moment.notices.append("\((changedFile as NSString).lastPathComponent) has changed: r reads it again")
    }
    return moment
  }

  /// Stages done a minute; nil where no run goes on or it is too young to tell.
  private var rate: Double? {
    guard let holder = follower.holder else { return nil }
    // What came to be done since is not known yet.
    func age(_ time: Timestamp) -> Double { lastLook.seconds(since: time) }
    let window = min(Self.rateWindow, age(holder.since), follower.finishesKnownSince.map(age) ?? .infinity)
    let count = follower.finishes.prefix { age($0) <= window }.count
    return window < 10 && count < 100 || count == 0 ? nil : Double(count) / max(window, 0.1) * 60
  }

  /// A command without the place of its program.
  private static func short(_ command: String) -> String {
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

extension StageKind {
  /// Whether many cells need the same one, so that it says little of any.
  fileprivate var isShared: Bool { [.weights, .dataset, .pretrain].contains(self) }
}
