/// What a rule or an exclusion asks of a cell: every named axis must have a value that matches.
struct Condition {
  let terms: [(axis: String, matcher: Matcher)]

  /// What is asked of one axis.
  enum Matcher {
    case anyOf(Alternatives)
    /// Between two numbers, ends included; nil: no end.
    case range(low: Double?, high: Double?)
    /// Between two initialisations from random to transferred, ends included; nil: no end.
    case initialisations(from: InitialisationSpec?, to: InitialisationSpec?)
  }

  /// Values, any of which is meant.
  struct Alternatives {
    /// Numbers, and texts as they were written.
    var values: Set<JSONValue> = []
    var globs: [Glob] = []
    /// Those of the texts that are initialisations.
    var initialisations: [InitialisationSpec] = []
  }
}

extension Condition.Matcher {
  func matches(_ entry: AxisEntry) -> Bool {
    switch self {
    case .anyOf(let alternatives):
      alternatives.values.contains(entry.value) || alternatives.values.contains(.string(entry.text))
        || alternatives.globs.contains { $0.matches(entry.text) }
    case .range(let low, let high):
      entry.value.doubleValue.map { $0 >= low ?? -.infinity && $0 <= high ?? .infinity } ?? false
    case .initialisations: false
    }
  }

  /// Whether it means an initialisation, resolved, on a backbone. A pattern is laid on the name that the cell has.
  func matches(_ initialisation: InitialisationSpec, on backbone: Backbone) -> Bool {
    switch self {
    case .anyOf(let alternatives):
      alternatives.initialisations.contains { $0.resolved(on: backbone) == initialisation }
        || alternatives.globs.contains { $0.matches(initialisation.name) }
    case .range: false
    case .initialisations(let first, let last):
      first.map { $0.rank(on: backbone) <= initialisation.rank(on: backbone) } ?? true
        && last.map { $0.rank(on: backbone) >= initialisation.rank(on: backbone) } ?? true
    }
  }
}

/// A condition made ready for one block: for each axis that it asks of, which of its values match.
struct CompiledCondition {
  private let tables: [(axis: Int, matching: [Bool])]
  /// What it asks of the initialisation, whose meaning hangs on the backbone: by the positions of both.
  private let initialisations: (backboneAxis: Int, axis: Int, matching: [[Bool]])?
  private let isImpossible: Bool

  init(_ condition: Condition, for block: Block, _ resolved: BlockInitialisations) {
    var tables: [(axis: Int, matching: [Bool])] = []
    var initialisations: (backboneAxis: Int, axis: Int, matching: [[Bool]])?
    var isImpossible = false
    for term in condition.terms {
      guard let axis = block.axes.firstIndex(where: { $0.name == term.axis }) else {
        isImpossible = true
        continue
      }
      if term.axis == Axis.initialisation {
        let matching = zip(resolved.backbones, resolved.table).map { backbone, row in
          row.map { entry in entry.map { term.matcher.matches($0, on: backbone) } ?? false }
        }
        initialisations = (resolved.backboneAxis, axis, matching)
      } else {
        tables.append((axis, block.axes[axis].values.map(term.matcher.matches)))
      }
    }
    self.tables = tables
    self.initialisations = initialisations
    self.isImpossible = isImpossible
  }

  /// Whether the cell at these positions of the block's axes is meant; a negative position is an axis that the cell does not
  /// have, of which nothing holds.
  func holds(at positions: [Int]) -> Bool {
    if isImpossible { return false }
    if let asked = initialisations, !asked.matching[positions[asked.backboneAxis]][positions[asked.axis]] {
      return false
    }
    for table in tables {
      let position = positions[table.axis]
      if position < 0 || !table.matching[position] { return false }
    }
    return true
  }
}

/// A pattern with `*` for any text and `?` for any one letter.
public struct Glob: Sendable, Hashable {
  public let pattern: String
  private let letters: [UInt8]

  public init(_ pattern: String) {
    self.pattern = pattern
    letters = Array(pattern.utf8)
  }

  static func isGlob(_ text: String) -> Bool { text.contains("*") || text.contains("?") }

  /// Whether the whole text matches; linear in pattern times text at worst.
  public func matches(_ text: String) -> Bool {
    let text = Array(text.utf8)
    var (at, position) = (0, 0)
    var star: (pattern: Int, text: Int)?
    while position < text.count {
      if at < letters.count, letters[at] == UInt8(ascii: "*") {
        star = (at, position)
        at += 1
      } else if at < letters.count, letters[at] == text[position] || letters[at] == UInt8(ascii: "?") {
        at += 1
        position += 1
      } else if let last = star {
        at = last.pattern + 1
        position = last.text + 1
        star = (last.pattern, last.text + 1)
      } else {
        return false
      }
    }
    return letters[at...].allSatisfy { $0 == UInt8(ascii: "*") }
  }
}
