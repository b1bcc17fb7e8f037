import Files
import Foundation
import GRDB
import Planner
import WorkerProtocol

/// What a start found of an earlier run that did not end by itself.
public struct RecoveryReport: Sendable, Hashable {
  /// Workers of an earlier run that had to be ended.
  public var endedWorkers = 0
  /// Workers of an earlier run on another machine that were given the time to end.
  public var awaitedWorkers = 0
  /// Attempts recorded as running that no longer were.
  public var interruptedAttempts = 0
  /// Labels of stages whose files lay complete but were not recorded.
  public var adopted: [String] = []
  /// Half-written folders removed.
  public var removedFolders = 0

  public init() {}
}

extension Workspace {
  /// Brings the workspace from wherever an earlier run was killed to a state from which a run may begin: no worker of
  /// that run lives, no attempt is recorded as running, complete artifacts of the given stages are recorded as results,
  /// half-written ones are gone.
  ///
  /// - Parameters:
  ///   - stages: Those whose complete artifacts count.
  ///   - grace: How long an orphan, which ends by itself once its stage has a checkpoint, may take before it is
  ///     killed, in seconds.
  ///   - sparing: Output folders in which somebody still writes.
  ///   - tell: Told how many seconds workers on another machine are waited for, before that.
  /// - Throws: `WorkspaceError`.
  public func recover(
    stages: PlannedStages, grace: Double = 10, sparing: Set<String> = [], tell: (Double) -> Void = { _ in }
  ) throws -> RecoveryReport {
    var report = RecoveryReport()
    report.endedWorkers = try endOrphans(grace: grace)
    report.awaitedWorkers = try awaitOrphansElsewhere(tell: tell)
    let plain = try translatingFaults { try sortOutTemporaryFolder(sparing: sparing) }
    report.removedFolders = plain
    try write { database in
      try database.execute(
        sql:
          "UPDATE attempt SET state = 'stopped', message = 'interrupted', finished = max(started, ?) WHERE state = 'running'",
        arguments: [Timestamp.now.milliseconds])
      report.interruptedAttempts = database.changesCount
      try database.execute(
        sql: "UPDATE stage SET standing = ? WHERE standing = ?",
        arguments: [StageStanding.stopped.rawValue, StageStanding.running.rawValue])
      try database.execute(sql: "DELETE FROM progress")
    }
    report.adopted = try adoptArtifacts(of: stages)
    try removeSpentCheckpoints(of: stages)
    return report
  }

  /// Ends what earlier runs left running on this machine and waits until it is gone.
  private func endOrphans(grace: Double) throws -> Int {
    let known = try write { database in
      try Row.fetchAll(
        database, sql: "SELECT id, pid, start_ticks, boot FROM worker WHERE ended IS NULL AND host = ?",
        arguments: [ProcessIdentity.currentHost])
    }
    var killed = 0
    for row in known {
      let process = ProcessIdentity(
        processID: row[1], startTicks: UInt64(bitPattern: row[2] as Int64), boot: row[3])
      if !Self.waits(for: process, atMost: grace) {
        killed += 1
        // The whole group: whatever the worker had started goes with it.
        kill(-process.processID, SIGKILL)
        kill(process.processID, SIGKILL)
        guard Self.waits(for: process, atMost: 30) else {
          throw WorkspaceError.orphanRemains(processID: process.processID)
        }
      }
    }
    try write { database in
      try database.execute(
        sql: "UPDATE worker SET ended = ? WHERE ended IS NULL AND host = ?",
        arguments: [Timestamp.now.milliseconds, ProcessIdentity.currentHost])
    }
    return killed
  }

  /// A worker whose coordinator is gone ends by itself, at the latest after this; in seconds.
  private static let longestOrphan = 130.0

  /// Workers of a run on another machine of a shared file system cannot be seen from here, let alone ended. They end by
  /// themselves when their coordinator is gone: so they are gone for sure when that has given no sign of life for long enough.
  private func awaitOrphansElsewhere(tell: (Double) -> Void) throws -> Int {
    let known = try write { database in
      try Int.fetchOne(
        database, sql: "SELECT count(*) FROM worker WHERE ended IS NULL AND host <> ?",
        arguments: [ProcessIdentity.currentHost]) ?? 0
    }
    guard known > 0 else { return 0 }
    let left = Self.longestOrphan + Workspace.signOfLife - quietBefore
    if left > 0 {
      tell(left)
      let end = ContinuousClock.now + .seconds(left)
      while ContinuousClock.now < end {
        if isToldToStop.withLock({ $0 }) { throw WorkspaceError.stoppedWaiting }
        usleep(100_000)
      }
    }
    try write { database in
      try database.execute(
        sql: "UPDATE worker SET ended = ? WHERE ended IS NULL",
        arguments: [Timestamp.now.milliseconds])
    }
    return known
  }

  /// Whether the process is gone within so many seconds.
  private static func waits(for process: ProcessIdentity, atMost seconds: Double) -> Bool {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while process.isRunning {
      if ContinuousClock.now >= deadline { return false }
      usleep(20_000)
    }
    return true
  }

  /// Complete outputs go to the artifacts, all else goes.
  private func sortOutTemporaryFolder(sparing: Set<String>) throws -> Int {
    var removed = 0
    for name in try DurableFiles.names(in: temporaryFolder) ?? [] {
      let path = "\(temporaryFolder)/\(name)"
      if sparing.contains(path) { continue }
      let parts = name.split(separator: "-", omittingEmptySubsequences: false)
      if parts.count == 3, let kind = StageKind(rawValue: String(parts[1])), let key = StageKey(hex: String(parts[2])),
        StageOutcome(leftIn: path) != nil, access(artifactFolder(kind: kind, key: key), F_OK) != 0
      {
        _ = try keepArtifact(from: path, kind: kind, key: key)
      } else {
        try DurableFiles.remove(path)
        removed += 1
      }
    }
    return removed
  }

  /// A stage that is done needs no checkpoint.
  private func removeSpentCheckpoints(of stages: PlannedStages) throws {
    let left = try translatingFaults { try DurableFiles.names(in: "\(folder)/checkpoints") ?? [] }
    let suspects = left.compactMap { StageKey(hex: $0) }.compactMap { stages[$0] }
    guard !suspects.isEmpty else { return }
    let known = try records(of: suspects)
    for stage in suspects where known[stage.key]?.isDone ?? false { try removeCheckpoints(key: stage.key) }
  }

  /// Records the stages whose artifact is there while the database knows no result.
  private func adoptArtifacts(of stages: PlannedStages) throws -> [String] {
    let present = try presentArtifacts(of: stages)
    let standings = try read(orElse: PlanRows(none: stages)) { try PlanRows(of: stages, $0) }.standings
    let suspects = stages.indices.filter { place in
      present[place] && standings[place] != .doneWithArtifact && standings[place] != .done
    }.map { stages[$0] }
    let known = try records(of: suspects)
    var adopted: [String] = []
    for stage in suspects {
      guard let outcome = artifactOutcome(kind: stage.kind, key: stage.key) else { continue }
      let files = try artifactFiles(kind: stage.kind, key: stage.key)
      try write { database in
        let id = try StageRows.id(of: stage, database)
        let attempt = known[stage.key]?.lastAttempt?.number
        if let attempt {
          try database.execute(
            sql: """
              UPDATE attempt SET state = 'done', message = NULL, remedy = NULL, failure_class = NULL WHERE number = ?
              """, arguments: [attempt])
        }
        try ResultRows.write(
          stage: id, attempt: attempt, outcome: outcome, hasArtifact: true, files: files,
          version: stage.kind.version, at: .now, database)
      }
      adopted.append(stage.label)
    }
    return adopted
  }
}
