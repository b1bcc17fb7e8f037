import Files
import Foundation
import GRDB
import Planner

extension Workspace {
  /// What is recorded of a plan's stages, in their order; nil for those never begun. One transaction, and one look into the
  /// folder of each kind: no look at single artifacts.
  ///
  /// - Parameters:
  ///   - plan: Whose stages are asked about.
  ///   - present: As `presentArtifacts(of:)` found it; nil to look.
  /// - Throws: `WorkspaceError`.
  public func records(of plan: Plan, present: [Bool]? = nil) throws -> [RecordedStage?] {
    let present = try present ?? presentArtifacts(of: plan.stages)
    let runIsLive = currentRun != nil
    let rows = try read(orElse: PlanRows(none: plan.stages)) { try PlanRows(of: plan.stages, $0) }
    return rows.recorded(present, runIsLive: runIsLive)
  }

  /// Which of a plan's stages have an artifact that is there, in their order: one look into the folder of each kind.
  ///
  /// - Throws: `WorkspaceError.file`.
  public func presentArtifacts(of stages: PlannedStages) throws -> [Bool] {
    var present = [Bool](repeating: false, count: stages.count)
    for kind in Set(stages.kinds) {
      try translatingFaults {
        try DurableFiles.eachName(in: "\(folder)/artifacts/\(kind.rawValue)") { name in
          if let place = StageKey(hexDigits: name).flatMap({ stages.place(of: $0) }), stages.kinds[place] == kind {
            present[place] = true
          }
        }
      }
    }
    return present
  }
}

/// The rows of all stages of a database, of whatever plan.
struct StageRowList: Sendable {
  let rows: [(id: Int64, standing: Int, key: StageKey)]
  let kinds: RowTable<StageKind>

  /// How many rows there are, at most.
  static func count(_ database: Database) throws -> Int {
    try Int.fetchOne(database, sql: "SELECT max(id) FROM stage") ?? 0
  }

  init(_ database: Database) throws {
    var rows: [(id: Int64, standing: Int, key: StageKey)] = []
    var kinds: [(id: Int64, value: StageKind)] = []
    let named = Dictionary(uniqueKeysWithValues: StageKind.allCases.map { ($0.rawValue, $0) })
    try database.cachedStatement(sql: "SELECT id, standing, key, kind FROM stage").eachRow { row in
      guard let key = row.stageKey(2), let kind = named[row.text(3)] else { return }
      rows.append((row.integer(0), Int(row.integer(1)), key))
      kinds.append((row.integer(0), kind))
    }
    self.rows = rows
    self.kinds = RowTable(kinds)
  }
}

/// The rows of a plan's stages.
struct PlanRows {
  /// In the plan's order; 0 for a stage that has none.
  private(set) var ids: [Int64]
  /// In the plan's order; nil for a stage that was never begun.
  private(set) var standings: [StageStanding?]

  /// Where nothing is recorded.
  init(none stages: PlannedStages) {
    ids = Array(repeating: 0, count: stages.count)
    standings = Array(repeating: nil, count: stages.count)
  }

  init(of stages: PlannedStages, _ database: Database) throws {
    self.init(none: stages)
    let rows = try StageRowList.count(database)
    guard rows > 0 else { return }
    // One look at every row costs as much as some twenty searches for one.
    if stages.count * 20 < rows {
      let statement = try database.cachedStatement(sql: "SELECT id, standing FROM stage WHERE key = ?")
      for (place, key) in stages.keys.enumerated() {
        if let row = try Row.fetchOne(statement, arguments: [key.bytes]) {
          take(id: row[0], standing: row[1], at: place)
        }
      }
      return
    }
    try database.cachedStatement(sql: "SELECT id, standing, key FROM stage").eachRow { row in
      guard let place = row.stageKey(2).flatMap({ stages.place(of: $0) }) else { return }
      take(id: row.integer(0), standing: Int(row.integer(1)), at: place)
    }
  }

  init(of stages: PlannedStages, among list: StageRowList) {
    self.init(none: stages)
    for row in list.rows {
      if let place = stages.place(of: row.key) { take(id: row.id, standing: row.standing, at: place) }
    }
  }

  mutating func take(id: Int64, standing: Int, at place: Int) {
    ids[place] = id
    let standing = StageStanding(rawValue: standing)
    standings[place] = standing == .waiting ? nil : standing
  }

  /// As reasons are found from it.
  func recorded(_ present: [Bool], runIsLive: Bool) -> [RecordedStage?] {
    zip(standings, present).map { standing, isPresent in
      standing?.recorded(hasArtifact: isPresent, runIsLive: runIsLive)
    }
  }
}

extension Row {
  /// The key in a column; nil where there is none.
  func stageKey(at index: Int) -> StageKey? {
    // A column of another type holds no key.
    (try? withUnsafeData(atIndex: index) { data in data?.withUnsafeBytes { StageKey(bytes: $0) } }) ?? nil
  }
}

extension StageStanding {
  /// As reasons are found from it.
  func recorded(hasArtifact: Bool, runIsLive: Bool) -> RecordedStage {
    switch self {
    case .waiting: .waiting
    // An attempt that is recorded as running can be so only while a run lives.
    case .running: runIsLive ? .running : .stopped
    case .done: .done(hasArtifact: true)
    case .doneWithArtifact: .done(hasArtifact: hasArtifact)
    case .failed: .failed
    case .stopped: .stopped
    }
  }
}
