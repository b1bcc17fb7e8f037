/// The version that each kind of stage has in its keys.
///
/// A kind's version moves when code changes what the kind computes, and with it the keys of all its stages: what the code
/// before it made is stale. Where a person accepts those results as they are, the older version stays in the keys.
public struct KindVersions: Sendable, Hashable {
  private var code: [StageKind: Int] = [:]
  private var older: [StageKind: Int] = [:]

  /// Those of this code.
  public static let current = KindVersions()

  private init() {}

  /// Reads `train=2,test=3`, where a person wants to see what such versions of the code would make stale; nil for anything
  /// else.
  public init?(_ text: String) {
    for part in text.split(separator: ",") {
      let pair = part.split(separator: "=", maxSplits: 1)
      guard pair.count == 2, let kind = StageKind(rawValue: String(pair[0])), let version = Int(pair[1]), version > 0
      else { return nil }
      code[kind] = version
    }
  }

  /// The version in keys.
  public subscript(kind: StageKind) -> Int {
    get { older[kind] ?? ofCode(kind) }
    set { older[kind] = newValue == ofCode(kind) ? nil : newValue }
  }

  /// The version of the code, whatever is accepted.
  public func ofCode(_ kind: StageKind) -> Int { code[kind] ?? kind.version }

  /// These, with older ones where their results are accepted.
  public func accepting(_ acceptances: [Acceptance]) -> KindVersions {
    var versions = self
    for kind in StageKind.allCases {
      // One may have been accepted for the next, and that for the one after it.
      while let found = acceptances.first(where: { $0.kind == kind && $0.to == versions[kind] && $0.from < $0.to }) {
        versions[kind] = found.from
      }
    }
    return versions
  }
}

/// A person's word that what an older version of a kind made stands for what the newer one would make.
public struct Acceptance: Sendable, Hashable {
  public let kind: StageKind
  public let from: Int
  public let to: Int
  /// Who said so: a user's name and machine.
  public let by: String
  /// When, as a date and time.
  public let date: String
  /// Why, in that person's words; may be empty.
  public let note: String

  public init(kind: StageKind, from: Int, to: Int, by: String, date: String, note: String) {
    self.kind = kind
    self.from = from
    self.to = to
    self.by = by
    self.date = date
    self.note = note
  }

  /// `made by version 1 of train, accepted as version 2's by anna@node on 2026-03-01 10:00:00`.
  public var sentence: String {
    "made by version \(from) of \(kind.rawValue), accepted as version \(to)'s by \(by) on \(date)"
      + (note.isEmpty ? "" : ": \(note)")
  }
}
