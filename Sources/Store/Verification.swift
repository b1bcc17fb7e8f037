import Files
import Foundation
import GRDB
import Hashing
import Planner

/// An artifact that is not what was recorded of it.
public struct DamagedArtifact: Sendable, Hashable {
  public enum Fault: Sendable, Hashable {
    case folderMissing
    case fileMissing(String)
    /// Another size or other bytes.
    case fileAltered(String)
    case unreadable(String)
  }

  public let kind: StageKind
  public let key: StageKey
  public let label: String
  public let folder: String
  public let faults: [Fault]

  /// `model.safetensors is altered`.
  public var sentence: String {
    faults.map { fault in
      switch fault {
      case .folderMissing: "it is gone"
      case .fileMissing(let name): "\(name) is gone"
      case .fileAltered(let name): "\(name) is altered"
      case .unreadable(let reason): reason
      }
    }.joined(separator: ", ")
  }
}

/// What a look at everything that is kept found.
public struct VerificationReport: Sendable {
  public var artifacts = 0
  public var files = 0
  public var bytes: Int64 = 0
  public var damaged: [DamagedArtifact] = []
  /// What SQLite finds wrong with the database.
  public var databaseFaults: [String] = []

  public var isFine: Bool { damaged.isEmpty && databaseFaults.isEmpty }
}

extension Workspace {
  /// Reads every file of every artifact that is recorded and compares it with its digest; has SQLite look over its tables.
  ///
  /// - Throws: `WorkspaceError`.
  public func verify() throws -> VerificationReport {
    var report = VerificationReport()
    var recorded: [(kind: StageKind, key: StageKey, label: String, files: [ArtifactFile])] = []
    try read(orElse: ()) { database in
      report.databaseFaults = try String.fetchAll(database, sql: "PRAGMA quick_check").filter { $0 != "ok" }
      report.databaseFaults += try Row.fetchAll(database, sql: "PRAGMA foreign_key_check").map { row in
        "a row of \(row[0] as String) refers to one of \(row[2] as String) that is not there"
      }
      let rows = try Row.fetchAll(
        database,
        sql: """
          SELECT stage.id, kind, key, label FROM stage JOIN result ON result.stage = stage.id
          JOIN stage_text ON stage_text.stage = stage.id WHERE has_artifact = 1 ORDER BY stage.id
          """)
      for row in rows {
        guard let kind = StageKind(rawValue: row[1]), let key = row.stageKey(at: 2) else { continue }
        recorded.append((kind, key, row[3], try ResultRows.files(of: row[0], database)))
      }
    }
    let artifacts = recorded
    let damaged = Parallel.map(artifacts.count) { [self] index -> DamagedArtifact? in
      let artifact = artifacts[index]
      let folder = artifactFolder(kind: artifact.kind, key: artifact.key)
      let faults = Self.faults(of: artifact.files, in: folder)
      guard !faults.isEmpty else { return nil }
      return DamagedArtifact(
        kind: artifact.kind, key: artifact.key, label: artifact.label, folder: folder, faults: faults)
    }
    report.damaged = damaged.compactMap { $0 }
    report.artifacts = artifacts.count
    report.files = artifacts.reduce(0) { $0 + $1.files.count }
    report.bytes = artifacts.reduce(0) { $0 + $1.files.reduce(0) { $0 + $1.bytes } }
    return report
  }

  private static func faults(of files: [ArtifactFile], in folder: String) -> [DamagedArtifact.Fault] {
    guard access(folder, F_OK) == 0 else { return [.folderMissing] }
    return files.compactMap { file in
      let path = "\(folder)/\(file.name)"
      var status = stat()
      guard stat(path, &status) == 0 else { return .fileMissing(file.name) }
      guard Int64(status.st_size) == file.bytes else { return .fileAltered(file.name) }
      do {
        return try SHA256Digest(ofFile: path).hex == file.sha256 ? nil : .fileAltered(file.name)
      } catch {
        return .unreadable("\(error)")
      }
    }
  }

  /// Moves damaged artifacts to `damaged/`, so that the next run makes them again, and nothing but them.
  ///
  /// - Throws: `WorkspaceError`.
  public func setAside(_ damaged: [DamagedArtifact]) throws {
    guard isWritable else { throw WorkspaceError.readOnly(path: folder) }
    try translatingFaults {
      for artifact in damaged where access(artifact.folder, F_OK) == 0 {
        let shelf = "\(folder)/damaged/\(artifact.kind.rawValue)"
        try DurableFiles.makeFolder(shelf)
        var target = "\(shelf)/\(artifact.key.hex)"
        var number = 1
        while access(target, F_OK) == 0 {
          number += 1
          target = "\(shelf)/\(artifact.key.hex)-\(number)"
        }
        guard rename(artifact.folder, target) == 0 else { throw FileFault.last("move", artifact.folder) }
      }
    }
  }
}
