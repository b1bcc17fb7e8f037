import Foundation
import GRDB
import Planner
import Synchronization
import WorkerProtocol

/// What a run records, in the order in which it happened. Entries that come within a few milliseconds of each other share
/// one transaction, so that short stages do not wait for the disk.
///
/// When a transaction fails its entries are kept, the fault is told once, and `flush` tries again.
public final class RunJournal: Sendable {
  private let workspace: Workspace
  private let queue = DispatchQueue(label: "graft.journal")
  private let state = Mutex(State())
  private let numbers: Mutex<AttemptNumbers>
  /// How long an entry may wait for company.
  private let gathering: DispatchTimeInterval = .milliseconds(20)

  private struct State {
    var entries: [JournalEntry] = []
    var isScheduled = false
    var fault: WorkspaceError?
    var onFault: (@Sendable (WorkspaceError) -> Void)?
  }

  /// - Throws: `WorkspaceError`; `readOnly` for a workspace open for reading.
  public init(workspace: Workspace) throws {
    self.workspace = workspace
    numbers = Mutex(try AttemptNumbers(workspace))
  }

  deinit {
    writeGathered()
    if state.withLock({ $0.fault == nil }) { try? numbers.withLock { try $0.giveBack(workspace) } }
  }

  /// Told of the first fault, on the journal's own queue.
  public func onFault(_ body: @escaping @Sendable (WorkspaceError) -> Void) {
    state.withLock { $0.onFault = body }
  }

  /// A number that no attempt of this workspace has or had, be it of a run that was killed before it could record it.
  ///
  /// - Throws: `WorkspaceError`, now and then: the number must be known on disk before it is used.
  public func nextAttemptNumber() throws -> Int64 { try numbers.withLock { try $0.next(workspace) } }

  /// Takes an entry; it is on disk some milliseconds later.
  public func record(_ entry: JournalEntry) {
    let isFirst = state.withLock { state in
      state.entries.append(entry)
      guard !state.isScheduled, state.fault == nil else { return false }
      state.isScheduled = true
      return true
    }
    if isFirst { queue.asyncAfter(deadline: .now() + gathering) { [weak self] in self?.writeGathered() } }
  }

  /// Registers a worker process, on disk when this returns: a worker that could outlive its coordinator is always known.
  ///
  /// - Returns: The worker's number, for the entries of its attempts.
  /// - Throws: `WorkspaceError`.
  public func registerWorker(_ process: ProcessIdentity, at time: Timestamp) throws -> Int64 {
    try workspace.write { database in
      try database.cachedStatement(
        sql: "INSERT INTO worker (pid, start_ticks, boot, host, started) VALUES (?, ?, ?, ?, ?)"
      ).execute(
        arguments: [
          process.processID, Int64(bitPattern: process.startTicks), process.boot, ProcessIdentity.currentHost,
          time.milliseconds,
        ])
      return database.lastInsertedRowID
    }
  }

  /// Everything recorded so far is on disk when this returns.
  ///
  /// - Throws: `WorkspaceError`; what could not be written stays and may be flushed again.
  public func flush() throws {
    state.withLock { $0.fault = nil }
    queue.sync { writeGathered() }
    if let fault = state.withLock({ $0.fault }) { throw fault }
    try numbers.withLock { try $0.giveBack(workspace) }
  }

  private func writeGathered() {
    let entries = state.withLock { state in
      state.isScheduled = false
      defer { state.entries = [] }
      return state.entries
    }
    guard !entries.isEmpty else { return }
    do {
      try workspace.write { database in
        var batch = JournalBatch(database: database)
        for entry in entries { try batch.take(entry) }
        try batch.finish()
      }
    } catch {
      let fault = error as? WorkspaceError ?? .database(path: workspace.folder, code: 1, message: "\(error)")
      let onFault = state.withLock { state in
        state.entries.insert(contentsOf: entries, at: 0)
        defer { state.fault = fault }
        return state.fault == nil ? state.onFault : nil
      }
      onFault?(fault)
    }
  }
}

/// One thing that happened in a run.
public enum JournalEntry: Sendable {
  case started(attempt: Int64, Stage, worker: Int64?, threads: Int, device: String, at: Timestamp)
  /// A stage that was handed over has come to its turn: its time counts from now.
  case began(attempt: Int64, at: Timestamp)
  case progressed(attempt: Int64, StageProgress, at: Timestamp)
  case finished(attempt: Int64, Stage, StageOutcome, hasArtifact: Bool, files: [ArtifactFile], AttemptEnd)
  case failed(attempt: Int64, StageFailure, AttemptEnd)
  case stopped(attempt: Int64, AttemptEnd)
  case workerEnded(Int64, at: Timestamp)
}

/// When an attempt ended and what it had cost.
public struct AttemptEnd: Sendable, Hashable {
  public let time: Timestamp
  /// How long it ran, by a clock that is never set.
  public let seconds: Double
  /// nil where the worker did not live to tell.
  public let cost: StageCost?

  public init(time: Timestamp, seconds: Double, cost: StageCost?) {
    self.time = time
    self.seconds = seconds
    self.cost = cost
  }
}

/// The entries of one transaction. An attempt that starts and ends within it is written once.
private struct JournalBatch {
  let database: Database
  private var starts: [Int64: AttemptStart] = [:]
  private var order: [Int64] = []
  private var progress: [Int64: (StageProgress, Timestamp)] = [:]

  private struct AttemptStart {
    let stage: Stage
    let worker: Int64?
    let threads: Int
    let device: String
    var time: Timestamp
  }

  init(database: Database) { self.database = database }

  mutating func take(_ entry: JournalEntry) throws {
    switch entry {
    case .started(let attempt, let stage, let worker, let threads, let device, let time):
      starts[attempt] = AttemptStart(stage: stage, worker: worker, threads: threads, device: device, time: time)
      order.append(attempt)
    case .began(let attempt, let time):
      if starts[attempt] == nil {
        try database.cachedStatement(sql: "UPDATE attempt SET started = ? WHERE number = ? AND state = 'running'")
          .execute(arguments: [time.milliseconds, attempt])
      } else {
        starts[attempt]?.time = time
      }
    case .progressed(let attempt, let report, let time):
      progress[attempt] = (report, time)
    case .finished(let attempt, let stage, let outcome, let hasArtifact, let files, let end):
      try close(attempt, state: .done, failure: nil, end)
      try ResultRows.write(
        stage: try StageRows.id(of: stage, database), attempt: attempt, outcome: outcome, hasArtifact: hasArtifact,
        files: files, version: stage.kind.version, at: end.time, database)
    case .failed(let attempt, let failure, let end):
      try close(attempt, state: .failed, failure: failure, end)
    case .stopped(let attempt, let end):
      try close(attempt, state: .stopped, failure: nil, end)
    case .workerEnded(let worker, let time):
      // An attempt that has not been written yet may name the worker, so its row stays.
      try database.cachedStatement(sql: "UPDATE worker SET ended = ? WHERE id = ?")
        .execute(arguments: [time.milliseconds, worker])
    }
  }

  /// Writes the attempts that go on, and where they are.
  mutating func finish() throws {
    for attempt in order {
      if let start = starts[attempt] { try insert(attempt, start, state: .running, failure: nil, end: nil) }
    }
    let upsert = try database.cachedStatement(
      sql: """
        INSERT OR REPLACE INTO progress (attempt, fraction, position, loss, metric_name, metric, updated)
        SELECT number, ?, ?, ?, ?, ?, ? FROM attempt WHERE number = ? AND state = 'running'
        """)
    for (attempt, (report, time)) in progress {
      try upsert.execute(
        arguments: [
          report.fraction.isFinite ? report.fraction : 0, report.position, report.loss?.stored, report.metricName,
          report.metric?.stored, time.milliseconds, attempt,
        ])
    }
  }

  private mutating func close(_ attempt: Int64, state: AttemptState, failure: StageFailure?, _ end: AttemptEnd) throws {
    progress[attempt] = nil
    if let start = starts.removeValue(forKey: attempt) {
      try insert(attempt, start, state: state, failure: failure, end: end)
      return
    }
    try database.cachedStatement(
      sql: """
        UPDATE attempt SET state = ?, failure_class = ?, message = ?, remedy = ?, finished = max(started, ?),
          seconds = ?, cpu_seconds = ?, peak_memory = ?, peak_device_memory = ? WHERE number = ?
        """
    ).execute(
      arguments: [
        state.rawValue, failure?.failureClass.rawValue, failure?.message, failure?.remedy, end.time.milliseconds,
        end.seconds, end.cost?.cpuSeconds, end.cost?.peakMemory, end.cost?.peakDeviceMemory, attempt,
      ])
    try database.cachedStatement(sql: "DELETE FROM progress WHERE attempt = ?").execute(arguments: [attempt])
    guard state != .done else { return }
    try database.cachedStatement(
      sql: "UPDATE stage SET standing = ? WHERE id = (SELECT stage FROM attempt WHERE number = ?)"
    ).execute(arguments: [StageStanding(state).rawValue, attempt])
  }

  private func insert(
    _ attempt: Int64, _ start: AttemptStart, state: AttemptState, failure: StageFailure?, end: AttemptEnd?
  ) throws {
    let stage = try StageRows.id(of: start.stage, database)
    // That it is done is for its result to say, which comes with it.
    if state != .done { try StageRows.set(StageStanding(state), of: stage, database) }
    try database.cachedStatement(
      sql: """
        INSERT INTO attempt (number, stage, state, failure_class, message, remedy, worker, threads, device, started,
          finished, seconds, cpu_seconds, peak_memory, peak_device_memory)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
    ).execute(
      arguments: [
        attempt, stage, state.rawValue, failure?.failureClass.rawValue, failure?.message, failure?.remedy,
        start.worker, start.threads, start.device, start.time.milliseconds,
        // The clock may have been set back meanwhile.
        (end?.time).map { max($0, start.time).milliseconds }, end?.seconds, end?.cost?.cpuSeconds,
        end?.cost?.peakMemory, end?.cost?.peakDeviceMemory,
      ])
  }
}
