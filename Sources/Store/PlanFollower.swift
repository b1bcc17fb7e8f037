import Files
import Foundation
import GRDB
import Planner
import WorkerProtocol

/// How a plan's stages stand, kept up to date by reading no more than what changed.
///
/// While a run goes on that is what its new attempts came to, and those that were under way. Whatever else was recorded, and
/// where a run begins or ends, everything is read anew. While nothing changes a look costs some tens of microseconds,
/// however large the plan is.
public struct PlanFollower: Sendable {
  public let plan: Plan
  /// Who runs in the workspace.
  public private(set) var holder: LockHolder?
  /// Each stage's state, in the plan's order.
  public private(set) var states: [StageState] = []
  /// How long each done stage took in all its attempts, in seconds; nil for others.
  public private(set) var seconds: [Double?] = []
  public private(set) var running: [RunningStage] = []
  /// What the last attempt at each failed stage came to, by the stage's place.
  public private(set) var failures: [Int: LastFailure] = [:]
  /// When stages of the plan were last done, the latest first, as far as the workspace's last attempts tell.
  public private(set) var finishes: [Timestamp] = []
  /// There may have been more of them before; nil where there were none.
  public private(set) var finishesKnownSince: Timestamp?
  /// How many workers the run keeps on machines that it can see.
  public private(set) var workers = 0

  /// Of so many attempts it is looked up when they ended.
  private static let finishesRead = 1000

  private let kinds: Set<StageKind>
  private var workspace: Workspace
  private var rows: PlanRows
  private var present: [Bool] = []
  private var last: Mark?
  private var lastAttempt = Attempt()
  private var database: DatabaseStamp

  /// Why a stage's last attempt failed.
  public struct LastFailure: Sendable, Hashable {
    public let attempt: Int64
    public let failure: StageFailure
    public let finished: Timestamp?
  }

  /// What tells whether anything was recorded since.
  private struct Mark: Equatable {
    var holder: LockHolder?
    /// Of the database; counts what was recorded.
    var generation: Int64
    /// When artifacts came or went; nil while a run makes them, and says so.
    var shelves: JSONValue?
  }

  /// The last attempt that was begun; its number is 0 where there is none.
  private struct Attempt {
    var number: Int64 = 0
    var started = Timestamp(milliseconds: 0)
  }

  public init(_ plan: Plan, in workspace: Workspace) {
    self.plan = plan
    kinds = Set(plan.stages.kinds)
    self.workspace = workspace
    rows = PlanRows(none: plan.stages)
    database = DatabaseStamp(in: workspace.folder)
  }

  /// Where everything lies.
  public var folder: String { workspace.folder }

  /// Looks again.
  ///
  /// - Returns: Whether anything is other than at the last look.
  /// - Throws: `WorkspaceError`; then the next look reads everything.
  public mutating func look() throws -> Bool {
    let found = DatabaseStamp(in: workspace.folder)
    if database.isOutdated(of: workspace, by: found) {
      last = nil
      workspace = try Workspace.openForReading(workspace.folder)
      database = found
    }
    let holder = workspace.currentRun
    let shelves = holder == nil ? workspace.shelfTimes(of: kinds) : nil
    let (mark, attempt) = try workspace.read(
      orElse: (Mark(holder: holder, generation: 0, shelves: shelves), Attempt())
    ) { try Self.mark(holder, shelves, $0) }
    guard mark != last else { return false }
    // Before its first attempt a run puts the workspace in order, which leaves no attempt.
    let goesOn = last?.holder == holder && holder.map { lastAttempt.started > $0.since } ?? false
    last = nil
    self.holder = holder
    if !goesOn { try forget() }
    // In one transaction, so that what runs is what the stages' states say.
    try workspace.read(orElse: ()) { database in
      if goesOn { try readChanges(since: lastAttempt.number, database) } else { try readAll(database) }
      try readRunning(database)
    }
    states = Workspace.states(of: plan.stages, rows.recorded(present, runIsLive: holder != nil))
    (last, lastAttempt) = (mark, attempt)
    return true
  }

  private static func mark(
    _ holder: LockHolder?, _ shelves: JSONValue?, _ database: Database
  ) throws -> (Mark, Attempt) {
    let row = try Row.fetchOne(
      database.cachedStatement(
        sql: """
          SELECT (SELECT number FROM generation), number, started
          FROM (SELECT max(number) AS last FROM attempt) LEFT JOIN attempt ON number = last
          """))
    var attempt = Attempt()
    if let number: Int64 = row?[1], let started: Int64 = row?[2] {
      attempt = Attempt(number: number, started: Timestamp(milliseconds: started))
    }
    return (Mark(holder: holder, generation: row?[0] ?? 0, shelves: shelves), attempt)
  }

  /// Knows of no stage anything but whether its artifact is there.
  private mutating func forget() throws {
    present = try workspace.presentArtifacts(of: plan.stages)
    rows = PlanRows(none: plan.stages)
    seconds = Array(repeating: nil, count: plan.stages.count)
    failures = [:]
    running = []
  }

  private mutating func readAll(_ database: Database) throws {
    rows = try PlanRows(of: plan.stages, database)
    seconds = try Workspace.measuredSeconds(of: plan.stages, database)
    for place in plan.stages.indices where rows.standings[place] == .failed { try readFailure(at: place, database) }
  }

  /// What has come of attempts that are new, and of those that were under way.
  private mutating func readChanges(since number: Int64, _ database: Database) throws {
    // As it is written, from the few attempts to their stages: SQLite would go through all stages.
    let columns = "SELECT stage.id, standing, key FROM attempt CROSS JOIN stage ON stage.id = attempt.stage"
    var changed = try Row.fetchAll(
      database.cachedStatement(sql: "\(columns) WHERE number > ?"), arguments: [number])
    let one = try database.cachedStatement(sql: "\(columns) WHERE number = ?")
    for stage in running {
      if let row = try Row.fetchOne(one, arguments: [stage.attempt.number]) { changed.append(row) }
    }
    let took = try database.cachedStatement(
      sql: "SELECT sum(seconds) FROM attempt WHERE stage = ? AND state IN ('done', 'stopped')")
    for row in changed {
      guard let place = row.stageKey(at: 2).flatMap({ plan.stages.place(of: $0) }) else { continue }
      rows.take(id: row[0], standing: row[1], at: place)
      failures[place] = nil
      switch rows.standings[place] {
      case .done?, .doneWithArtifact?:
        present[place] = rows.standings[place] == .doneWithArtifact
        seconds[place] = try Double.fetchOne(took, arguments: [rows.ids[place]])
      case .failed?: try readFailure(at: place, database)
      default: break
      }
    }
  }

  private mutating func readFailure(at place: Int, _ database: Database) throws {
    let row = try Row.fetchOne(
      database.cachedStatement(
        sql: """
          SELECT number, failure_class, message, remedy, finished FROM attempt WHERE stage = ?
          ORDER BY number DESC LIMIT 1
          """), arguments: [rows.ids[place]])
    guard let row, let name: String = row[1], let failureClass = FailureClass(rawValue: name) else { return }
    failures[place] = LastFailure(
      attempt: row[0], failure: StageFailure(failureClass, row[2] ?? "", remedy: row[3]),
      finished: (row[4] as Int64?).map { Timestamp(milliseconds: $0) })
  }

  private mutating func readRunning(_ database: Database) throws {
    let finished = try Row.fetchAll(
      database.cachedStatement(
        sql: """
          SELECT key, finished FROM (SELECT stage, finished FROM attempt WHERE state = 'done' ORDER BY number DESC LIMIT ?)
          CROSS JOIN stage ON stage.id = stage
          """), arguments: [Self.finishesRead]
    ).map { row in
      (isMeant: row.stageKey(at: 0).flatMap { plan.stages.place(of: $0) } != nil, time: Timestamp(milliseconds: row[1]))
    }
    finishes = finished.filter(\.isMeant).map(\.time).sorted(by: >)
    finishesKnownSince = finished.count < Self.finishesRead ? nil : finished.map(\.time).min()
    running = []
    workers = 0
    guard holder != nil else { return }
    workers = try Int.fetchOne(database, sql: "SELECT count(*) FROM worker WHERE ended IS NULL") ?? 0
    let rows = try Row.fetchAll(
      database.cachedStatement(
        sql: """
          SELECT key, \(AttemptRecord.columns), worker.pid, worker.host,
            fraction, position, loss, metric_name, metric, updated
          FROM attempt CROSS JOIN stage ON stage.id = attempt.stage LEFT JOIN worker ON worker.id = attempt.worker
          LEFT JOIN progress ON progress.attempt = attempt.number
          WHERE attempt.state = 'running' ORDER BY attempt.number
          """))
    let rest = 1 + AttemptRecord.columnCount
    for row in rows {
      guard let stage = row.stageKey(at: 0).flatMap({ plan.stages[$0] }),
        let attempt = AttemptRecord(row: row, from: 1, runIsLive: true)
      else { continue }
      let worker: RunningStage.Worker? =
        row.hasNull(atIndex: rest) ? nil : RunningStage.Worker(processID: row[rest], host: row[rest + 1])
      var told = RunningStage(stage: stage, attempt: attempt, worker: worker)
      if !row.hasNull(atIndex: rest + 2) {
        told.progress = StageProgress(
          fraction: row[rest + 2], position: row[rest + 3], loss: row[rest + 4], metricName: row[rest + 5],
          metric: row[rest + 6])
        told.updated = Timestamp(milliseconds: row[rest + 7])
      }
      running.append(told)
    }
  }
}

/// Which database lies in a workspace, and when it last changed.
private struct DatabaseStamp {
  /// Device and inode; nil where there is none.
  private var identity: [UInt64]?
  private var changed: [Int] = []

  init(in folder: String) {
    let path = "\(folder)/state.sqlite"
    var status = stat()
    guard stat(path, &status) == 0 else { return }
    identity = [UInt64(status.st_dev), UInt64(status.st_ino)]
    for path in [path, "\(path)-wal"] where stat(path, &status) == 0 {
      changed += [status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_size]
    }
  }

  /// Whether a workspace that was opened then has to be opened again: what it reads is another file, is a copy of what has
  /// changed since, or had no tables yet.
  func isOutdated(of workspace: Workspace, by found: DatabaseStamp) -> Bool {
    if identity != found.identity { return true }
    return (workspace.database == nil || workspace.database?.copyFolder != nil) && changed != found.changed
  }
}
