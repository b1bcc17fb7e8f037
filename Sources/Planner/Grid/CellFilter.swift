/// Which cells are meant: `dataset=isic*,backbone=deit_small|resnet18,seed<2`. Every term must hold.
public struct CellFilter: Sendable, Hashable {
  private let terms: [Term]
  /// As it was given.
  public let text: String

  private struct Term: Sendable, Hashable {
    let name: String
    let comparison: Comparison
    /// What it is compared with, alternatives apart.
    let alternatives: [Glob]
    let number: Double?
    /// What it is compared with on the axis `init`, where that is one of its names.
    let initialisations: [InitialisationSpec]
  }

  private enum Comparison: String, Sendable, Hashable, CaseIterable {
    // The longer ones first, as they are looked for in this order.
    case notEqual = "!="
    case atMost = "<="
    case atLeast = ">="
    case equal = "="
    case below = "<"
    case above = ">"

    var isOrdering: Bool { self != .equal && self != .notEqual }
  }

  /// Reads a filter.
  public init(_ text: String) throws(CellFilterFault) {
    self.text = text
    var terms: [Term] = []
    for part in Self.parts(of: text, by: ",") {
      let term = part.drop { $0 == " " }
      let start = term.firstIndex { "!=<>".contains($0) }
      guard let start, start > term.startIndex,
        let comparison = Comparison.allCases.first(where: { term[start...].hasPrefix($0.rawValue) })
      else { throw CellFilterFault(.notATerm(String(part)), in: text) }
      let name = Self.trimmed(term[..<start])
      let value = Self.trimmed(term[term.index(start, offsetBy: comparison.rawValue.count)...])
      guard !value.isEmpty else { throw CellFilterFault(.notATerm(String(part)), in: text) }
      let option = name.hasPrefix(Axis.trainingPrefix) ? String(name.dropFirst(Axis.trainingPrefix.count)) : ""
      guard Axis.fixed.contains(name) || TrainingOption.named(option) != nil else {
        throw CellFilterFault(.unknownAxis(name), in: text)
      }
      let number = Double(value)
      let alternatives = Self.parts(of: value, by: "|").filter { !$0.isEmpty }.map { Glob(Self.trimmed($0)) }
      let initialisations =
        name == Axis.initialisation ? alternatives.compactMap { InitialisationSpec($0.pattern) } : []
      if comparison.isOrdering {
        if name == Axis.initialisation, initialisations.count != 1 || alternatives.count != 1 {
          throw CellFilterFault(.notAnInitialisation(value), in: text)
        }
        if name != Axis.initialisation, number == nil || [Axis.dataset, Axis.backbone].contains(name) {
          throw CellFilterFault(.notANumber(name: name, value: value), in: text)
        }
      }
      terms.append(
        Term(
          name: name, comparison: comparison, alternatives: alternatives, number: number,
          initialisations: initialisations))
    }
    self.terms = terms
  }

  /// A text split at a sign outside brackets and braces, within which it belongs to the name of a value: `[0.9,0.99]`.
  private static func parts(of text: String, by sign: Character) -> [Substring] {
    var parts: [Substring] = []
    var start = text.startIndex
    var depth = 0
    for index in text.indices {
      switch text[index] {
      case "[", "{": depth += 1
      case "]", "}": depth = max(0, depth - 1)
      case sign where depth == 0:
        parts.append(text[start..<index])
        start = text.index(after: index)
      default: break
      }
    }
    return parts + [text[start...]]
  }

  private static func trimmed(_ text: Substring) -> String {
    var text = text
    while text.first == " " { text = text.dropFirst() }
    while text.last == " " { text = text.dropLast() }
    return String(text)
  }

  public func matches(_ cell: Cell) -> Bool {
    matches(
      dataset: cell.dataset, backbone: cell.backbone, fraction: cell.fraction,
      initialisation: InitialisationSpec(cell.initialisation), seed: cell.seed, further: cell.furtherAxes)
  }

  func matches(_ grid: Grid, _ point: GridPoint) -> Bool {
    matches(
      dataset: grid.datasets[Int(point.dataset)], backbone: grid.backbones[Int(point.backbone)].name,
      fraction: grid.fractions[Int(point.fraction)], initialisation: grid.initialisations[Int(point.initialisation)],
      seed: grid.seeds[Int(point.seed)], further: grid.further[Int(point.further)])
  }

  private func matches(
    dataset: String, backbone: String, fraction: Double, initialisation: InitialisationSpec?, seed: Int,
    further: [AxisValue]
  ) -> Bool {
    terms.allSatisfy { term in
      switch term.name {
      case Axis.dataset: Self.holds(term, dataset)
      case Axis.backbone: Self.holds(term, backbone)
      case Axis.initialisation: Self.holds(term, initialisation, on: BackboneCatalogue.named(backbone))
      case Axis.fraction: Self.holds(term, "\(fraction)", fraction)
      case Axis.seed: Self.holds(term, "\(seed)", Double(seed))
      default:
        // A cell without that axis is not equal to anything on it.
        further.first { $0.name == term.name }.map { Self.holds(term, $0.value, Double($0.value)) }
          ?? (term.comparison == .notEqual)
      }
    }
  }

  private static func holds(_ term: Term, _ text: String, _ number: Double? = nil) -> Bool {
    switch term.comparison {
    case .equal, .notEqual:
      let isEqual = term.alternatives.contains { glob in
        glob.matches(text) || number != nil && Double(glob.pattern) == number
      }
      return isEqual == (term.comparison == .equal)
    case .below: return compare(number, term) { $0 < $1 }
    case .atMost: return compare(number, term) { $0 <= $1 }
    case .above: return compare(number, term) { $0 > $1 }
    case .atLeast: return compare(number, term) { $0 >= $1 }
    }
  }

  /// Initialisations stand in the order from random to transferred; `WT-ST-12` means `WT` where it is that.
  private static func holds(_ term: Term, _ initialisation: InitialisationSpec?, on backbone: Backbone?) -> Bool {
    guard let initialisation, let backbone else { return false }
    guard term.comparison.isOrdering else {
      let isEqual =
        term.initialisations.contains { $0.resolved(on: backbone) == initialisation }
        || term.alternatives.contains { $0.matches(initialisation.name) }
      return isEqual == (term.comparison == .equal)
    }
    guard let bound = term.initialisations.first?.rank(on: backbone) else { return false }
    let rank = initialisation.rank(on: backbone)
    return switch term.comparison {
    case .below: rank < bound
    case .atMost: rank <= bound
    case .above: rank > bound
    case .atLeast: rank >= bound
    case .equal, .notEqual: false
    }
  }

  private static func compare(_ number: Double?, _ term: Term, _ order: (Double, Double) -> Bool) -> Bool {
    guard let number, let bound = term.number else { return false }
    return order(number, bound)
  }
}

/// What is wrong with a filter.
public struct CellFilterFault: Error, Sendable, Hashable, CustomStringConvertible {
  enum Kind: Sendable, Hashable {
    case notATerm(String)
    case unknownAxis(String)
    case notANumber(name: String, value: String)
    case notAnInitialisation(String)
  }

  let kind: Kind
  let filter: String

  init(_ kind: Kind, in filter: String) {
    self.kind = kind
    self.filter = filter
  }
}
