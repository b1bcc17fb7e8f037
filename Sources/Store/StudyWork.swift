import GRDB
import Planner

/// What a study's stages are and what was done for them: the part of a report that says how its numbers were made.
public struct StudyWork: Sendable, Hashable {
  /// In the order in which the plan first has a stage of each.
  public var kinds: [KindOfWork]
  /// By number, the first first.
  public var attempts: [AttemptOfWork]

  public init(kinds: [KindOfWork] = [], attempts: [AttemptOfWork] = []) {
    self.kinds = kinds
    self.attempts = attempts
  }
}

/// The stages of a kind in a plan.
public struct KindOfWork: Sendable, Hashable {
  public var kind: StageKind
  public var planned: Int
  public var done: Int
  /// The kinds that these stages read, in the order of the plan's.
  public var reads: [StageKind]

  public init(kind: StageKind, planned: Int, done: Int, reads: [StageKind]) {
    self.kind = kind
    self.planned = planned
    self.done = done
    self.reads = reads
  }
}

/// One try at running a stage of a study.
public struct AttemptOfWork: Sendable, Hashable {
  public var kind: StageKind
  public var stage: StageKey
  public var number: Int64
  public var state: AttemptState
  public var started: Timestamp
  /// Nil while it runs, and where its end was not seen.
  public var finished: Timestamp?
  /// The machine; empty where that is not recorded.
  public var host: String
  public var device: String
  public var threads: Int
  /// Of all its processes; nil where it was not measured.
  public var cpuSeconds: Double?
  /// In bytes; nil where it was not measured.
  public var peakMemory: Int64?

  public init(
    kind: StageKind, stage: StageKey, number: Int64, state: AttemptState, started: Timestamp, finished: Timestamp?,
    host: String, device: String, threads: Int, cpuSeconds: Double? = nil, peakMemory: Int64? = nil
  ) {
    self.kind = kind
    self.stage = stage
    self.number = number
    self.state = state
    self.started = started
    self.finished = finished
    self.host = host
    self.device = device
    self.threads = threads
    self.cpuSeconds = cpuSeconds
    self.peakMemory = peakMemory
  }
}

extension StudyWork {
  /// - Parameters:
  ///   - plan: Whose stages.
  ///   - rows: Those of the plan's stages.
  ///   - recorded: What is known of them, in the plan's order.
  ///   - runIsLive: Whether a run goes on: without one, nothing is running.
  init(
    of plan: Plan, rows: PlanRows, recorded: [RecordedStage?], runIsLive: Bool, _ database: Database
  ) throws {
    self.init(
      kinds: KindOfWork.all(of: plan.stages, recorded: recorded),
      attempts: try AttemptOfWork.all(of: plan.stages, rows: rows, runIsLive: runIsLive, database))
  }
}

extension KindOfWork {
  static func all(of stages: PlannedStages, recorded: [RecordedStage?]) -> [KindOfWork] {
    let kinds = stages.kinds
    var order: [StageKind] = []
    var found: [StageKind: (planned: Int, done: Int, reads: Set<StageKind>)] = [:]
    for place in stages.indices {
      let kind = kinds[place]
      if found[kind] == nil { order.append(kind) }
      found[kind, default: (0, 0, [])].planned += 1
      if recorded[place] == .done(hasArtifact: true) { found[kind]?.done += 1 }
      for input in stages.inputPlaces(of: place) where input >= 0 { found[kind]?.reads.insert(kinds[Int(input)]) }
    }
    return order.compactMap { kind in
      found[kind].map { of in
        KindOfWork(kind: kind, planned: of.planned, done: of.done, reads: order.filter(of.reads.contains))
      }
    }
  }
}

extension AttemptOfWork {
  static func all(
    of stages: PlannedStages, rows: PlanRows, runIsLive: Bool, _ database: Database
  ) throws -> [AttemptOfWork] {
    let (kinds, keys) = (stages.kinds, stages.keys)
    let places = Dictionary(rows.ids.enumerated().lazy.filter { $1 > 0 }.map { ($1, $0) }) { first, _ in first }
    let hosts = Dictionary(
      try Row.fetchAll(database, sql: "SELECT id, host FROM worker").map { ($0[0] as Int64, $0[1] as String) }
    ) { first, _ in first }
    var attempts: [AttemptOfWork] = []
    try database.cachedStatement(
      sql: """
        SELECT stage, number, state, started, finished, worker, device, threads, cpu_seconds, peak_memory FROM attempt
        ORDER BY number
        """
    ).eachRow { row in
      guard let place = places[row.integer(0)], let recorded = AttemptState(rawValue: row.text(2)) else { return }
      attempts.append(
        AttemptOfWork(
          kind: kinds[place], stage: keys[place], number: row.integer(1),
          state: recorded == .running && !runIsLive ? .stopped : recorded,
          started: Timestamp(milliseconds: row.integer(3)),
          finished: row.number(4).map { Timestamp(milliseconds: Int64($0)) }, host: hosts[row.integer(5)] ?? "",
          device: row.text(6), threads: Int(row.integer(7)), cpuSeconds: row.number(8),
          peakMemory: row.number(9).map { Int64($0) }))
    }
    return attempts
  }
}
