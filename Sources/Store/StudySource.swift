import GRDB
import Hashing
import Planner

/// The study file as it was when it was last run, with the files that it extends: kept for provenance.
public struct StudySource: Sendable, Equatable {
  /// A file that the study extends.
  public struct Base: Sendable, Hashable {
    /// The file's path as messages name it.
    public let file: String
    public let text: String

    public init(file: String, text: String) {
      self.file = file
      self.text = text
    }

    /// Lower-case hexadecimal SHA-256 of the text.
    public var digest: String { SHA256.digest(of: text.utf8).hex }
  }

  public let name: String
  /// The file's path as it was named.
  public let file: String
  public let text: String
  /// Versions, machine and what else the numbers depend on: an object.
  public let facts: JSONValue
  /// What it extends, directly or not, in the order in which it was read.
  public let bases: [Base]
  /// Values that were set over those of the text, in their order.
  public let overrides: [(name: String, value: String)]

  public init(
    name: String, file: String, text: String, facts: JSONValue, overrides: [(name: String, value: String)] = [],
    bases: [Base] = []
  ) {
    self.name = name
    self.file = file
    self.text = text
    self.facts = facts
    self.bases = bases
    self.overrides = overrides
  }

  public static func == (left: StudySource, right: StudySource) -> Bool {
    left.name == right.name && left.file == right.file && left.text == right.text && left.facts == right.facts
      && left.bases == right.bases && left.overrides.elementsEqual(right.overrides, by: ==)
  }

  /// Lower-case hexadecimal SHA-256 of the text; of a study that extends others, of the digests of all of its texts.
  public var digest: String {
    let own = SHA256.digest(of: text.utf8).hex
    if bases.isEmpty { return own }
    return SHA256.digest(of: ([own] + bases.map(\.digest)).joined(separator: "\n").utf8).hex
  }
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
          study.name, study.file, study.text, study.digest, study.storedFacts.canonicalText, Timestamp.now.milliseconds,
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
      .map { StudySource(name: $0[0], file: $0[1], text: $0[2], stored: JSONValue(stored: $0[3])) }
  }

  /// The member of the facts that keeps what the study extends.
  private static let extends = "extends"
  /// The member of the facts that keeps what was set over the text.
  private static let overridden = "set"

  private init(name: String, file: String, text: String, stored: JSONValue) {
    var facts = stored.objectValue ?? [:]
    let bases = facts.removeValue(forKey: Self.extends)?.arrayValue ?? []
    let overrides = facts.removeValue(forKey: Self.overridden)?.arrayValue ?? []
    self.init(
      name: name, file: file, text: text, facts: .object(facts),
      overrides: overrides.map { ($0["name"]?.stringValue ?? "", $0["value"]?.stringValue ?? "") },
      bases: bases.map { Base(file: $0["file"]?.stringValue ?? "", text: $0["text"]?.stringValue ?? "") })
  }

  /// The facts as the database has them, the texts of what is extended among them.
  var storedFacts: JSONValue {
    var members = facts.objectValue ?? [:]
    if !bases.isEmpty {
      members[Self.extends] = .array(bases.map { ["file": .string($0.file), "text": .string($0.text)] })
    }
    if !overrides.isEmpty {
      members[Self.overridden] = .array(
        overrides.map { ["name": .string($0.name), "value": .string($0.value)] })
    }
    return .object(members)
  }

  /// As reports carry it: the facts with the file and its digest among them.
  var provenance: JSONValue {
    var members = facts.objectValue ?? [:]
    members["study_file"] = .string(file)
    members["study_digest"] = .string(digest)
    if !bases.isEmpty {
      members["study_extends"] = .array(
        bases.map { ["file": .string($0.file), "digest": .string($0.digest)] })
    }
    if !overrides.isEmpty { members["study_set"] = .texts(overrides.map { "\($0.name)=\($0.value)" }) }
    return .object(members)
  }
}
