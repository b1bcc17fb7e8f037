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

/// One try at running a stage of a study. An object that never changes: a large study has very many.
public final class AttemptOfWork: Sendable {
  public let kind: StageKind
  public let stage: StageKey
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
  private struct Entry {
    let stage: Int64
    let number: Int64
    let state: AttemptState
    let started: Timestamp
    let finished: Timestamp?
    let host: String
    let device: String
    let threads: Int
    let cpuSeconds: Double?
    let peakMemory: Int64?
  }

  /// By number.
  private let entries: [Entry]

  init(_ database: Database) throws {
    let hosts = Dictionary(
      try Row.fetchAll(database, sql: "SELECT id, host FROM worker").map { ($0[0] as Int64, $0[1] as String) }
    ) { first, _ in first }
    var entries: [Entry] = []
    entries.reserveCapacity(try Int.fetchOne(database, sql: "SELECT max(number) FROM attempt") ?? 0)
    try database.cachedStatement(
      sql: """
        SELECT stage, number, state, started, finished, worker, device, threads, cpu_seconds, peak_memory FROM attempt
        ORDER BY number
        """
    ).eachRow { row in
      guard let state = AttemptState(rawValue: row.text(2)) else { return }
      entries.append(
        Entry(
          stage: row.integer(0), number: row.integer(1), state: state,
          started: Timestamp(milliseconds: row.integer(3)),
          finished: row.number(4).map { Timestamp(milliseconds: Int64($0)) }, host: hosts[row.integer(5)] ?? "",
          device: row.text(6), threads: Int(row.integer(7)), cpuSeconds: row.number(8),
          peakMemory: row.number(9).map { Int64($0) }))
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
    // The numbers of rows lie close together.
    var places = [Int32](repeating: -1, count: Int(rows.ids.max() ?? 0) + 1)
    for (place, id) in rows.ids.enumerated() where id > 0 { places[Int(id)] = Int32(place) }
    return entries.compactMap { entry in
      guard entry.stage > 0, entry.stage < places.count, places[Int(entry.stage)] >= 0 else { return nil }
      let place = Int(places[Int(entry.stage)])
      return AttemptOfWork(
        kind: kinds[place], stage: keys[place], number: entry.number,
        state: entry.state == .running && !runIsLive ? .stopped : entry.state, started: entry.started,
        finished: entry.finished, host: entry.host, device: entry.device, threads: entry.threads,
        cpuSeconds: entry.cpuSeconds, peakMemory: entry.peakMemory)
    }
  }
}
