import GRDB
import Hashing
import Planner

/// The study file as it was when it was last run, kept for provenance.
public struct StudySource: Sendable, Hashable {
  public let name: String
  /// The file's path as it was named.
  public let file: String
  public let text: String
  /// Versions, machine and what else the numbers depend on: an object.
  public let facts: JSONValue

  public init(name: String, file: String, text: String, facts: JSONValue) {
    self.name = name
    self.file = file
    self.text = text
    self.facts = facts
  }

  /// Lower-case hexadecimal SHA-256 of the text.
  public var digest: String { SHA256.digest(of: text.utf8).hex }
}

extension Workspace {
  /// Keeps a study's file as it is about to be run.
  ///
  /// - Throws: `WorkspaceError`.
  public func record(_ study: StudySource) throws {
    try write { database in
      try database.execute(
        sql: "INSERT OR REPLACE INTO study (name, file, source, digest, facts, recorded) VALUES (?, ?, ?, ?, ?, ?)",
        arguments: [
          study.name, study.file, study.text, study.digest, study.facts.canonicalText, Timestamp.now.milliseconds,
        ])
    }
  }

  /// The study of this name as it was last run; nil if it never was.
  ///
  /// - Throws: `WorkspaceError`.
  public func studySource(named name: String) throws -> StudySource? {
    try read(orElse: nil) { try StudySource.find(name, $0) }
  }
}

extension StudySource {
  static func find(_ name: String, _ database: Database) throws -> StudySource? {
    try Row.fetchOne(database, sql: "SELECT name, file, source, facts FROM study WHERE name = ?", arguments: [name])
      .map { StudySource(name: $0[0], file: $0[1], text: $0[2], facts: JSONValue(stored: $0[3])) }
  }

  /// As reports carry it: the facts with the file and its digest among them.
  var provenance: JSONValue {
    var members = facts.objectValue ?? [:]
    members["study_file"] = .string(file)
    members["study_digest"] = .string(digest)
    return .object(members)
  }
}
