import GRDB
import Planner

/// What a study's stages are and what was done for them: the part of a report that says how its numbers were made.
public struct StudyWork: Sendable {
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
public struct AttemptOfWork: Sendable {
  public let kind: StageKind
  public let stage: StageKey
  public let course: AttemptCourse

  public init(kind: StageKind, stage: StageKey, course: AttemptCourse) {
    self.kind = kind
    self.stage = stage
    self.course = course
  }
}

/// How an attempt went, whatever its stage. An object that never changes: a large study has very many.
public final class AttemptCourse: Sendable {
  public let number: Int64
  public let state: AttemptState
  public let started: Timestamp
  /// Nil while it runs, and where its end was not seen.
  public let finished: Timestamp?
  /// The machine; empty where that is not recorded.
  public let host: String
  public let device: String
  public let threads: Int
  /// Of all its processes; nil where it was not measured.
  public let cpuSeconds: Double?
  /// In bytes; nil where it was not measured.
  public let peakMemory: Int64?

  public init(
    number: Int64, state: AttemptState, started: Timestamp, finished: Timestamp?, host: String, device: String,
    threads: Int, cpuSeconds: Double? = nil, peakMemory: Int64? = nil
  ) {
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

  /// The same of a run that is no more.
  var stopped: AttemptCourse {
    AttemptCourse(
      number: number, state: .stopped, started: started, finished: finished, host: host, device: device,
      threads: threads, cpuSeconds: cpuSeconds, peakMemory: peakMemory)
  }
}

extension KindOfWork {
  static func all(of stages: PlannedStages, recorded: [RecordedStage?]) -> [KindOfWork] {
    struct Tally {
      var planned = 0
      var done = 0
      /// By ordinal.
      var reads = Array(repeating: false, count: StageKind.allCases.count)
    }
    let kinds = stages.kinds
    var order: [StageKind] = []
    var tallies = Array(repeating: Tally(), count: StageKind.allCases.count)
    for place in stages.indices {
      let kind = kinds[place].ordinal
      if tallies[kind].planned == 0 { order.append(kinds[place]) }
      tallies[kind].planned += 1
      if recorded[place] == .done(hasArtifact: true) { tallies[kind].done += 1 }
      for input in stages.inputPlaces(of: place) where input >= 0 {
        tallies[kind].reads[kinds[Int(input)].ordinal] = true
      }
    }
    return order.map { kind in
      let tally = tallies[kind.ordinal]
      return KindOfWork(
        kind: kind, planned: tally.planned, done: tally.done, reads: order.filter { tally.reads[$0.ordinal] })
    }
  }
}

/// The attempts that a database has, at stages of whatever plan.
struct AttemptList: Sendable {
  /// By number, with the rows of their stages.
  private let entries: [(stage: Int64, course: AttemptCourse)]

  init(_ database: Database) throws {
    let hosts = Dictionary(
      try Row.fetchAll(database, sql: "SELECT id, host FROM worker").map { ($0[0] as Int64, $0[1] as String) }
    ) { first, _ in first }
    var entries: [(stage: Int64, course: AttemptCourse)] = []
    entries.reserveCapacity(try Int.fetchOne(database, sql: "SELECT max(number) FROM attempt") ?? 0)
    try database.cachedStatement(
      sql: """
        SELECT stage, number, state, started, finished, worker, device, threads, cpu_seconds, peak_memory FROM attempt
        ORDER BY number
        """
    ).eachRow { row in
      guard let state = AttemptState(rawValue: row.text(2)) else { return }
      let course = AttemptCourse(
        number: row.integer(1), state: state, started: Timestamp(milliseconds: row.integer(3)),
        finished: row.number(4).map { Timestamp(milliseconds: Int64($0)) }, host: hosts[row.integer(5)] ?? "",
        device: row.text(6), threads: Int(row.integer(7)), cpuSeconds: row.number(8),
        peakMemory: row.number(9).map { Int64($0) })
      entries.append((row.integer(0), course))
    }
    self.entries = entries
  }

  /// Those at a plan's stages.
  ///
  /// - Parameters:
  ///   - rows: Those of the plan's stages.
  ///   - runIsLive: Whether a run goes on: without one, nothing is running.
  func attempts(at stages: PlannedStages, rows: PlanRows, runIsLive: Bool) -> [AttemptOfWork] {
    let (kinds, keys) = (stages.kinds, stages.keys)
    let places = RowTable(rows.ids.indices.filter { rows.ids[$0] > 0 }.map { (rows.ids[$0], Int32($0)) })
    return entries.compactMap { entry in
      guard let place = places[entry.stage].map({ Int($0) }) else { return nil }
      let wasCutShort = entry.course.state == .running && !runIsLive
      return AttemptOfWork(
        kind: kinds[place], stage: keys[place], course: wasCutShort ? entry.course.stopped : entry.course)
    }
  }
}
