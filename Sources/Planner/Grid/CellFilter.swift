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
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
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
      if comparison.isOrdering, number == nil || [Axis.dataset, Axis.backbone, Axis.initialisation].contains(name) {
        throw CellFilterFault(.notANumber(name: name, value: value), in: text)
      }
      let alternatives = value.split(separator: "|").map { Glob(Self.trimmed($0)) }
      terms.append(Term(name: name, comparison: comparison, alternatives: alternatives, number: number))
    }
    self.terms = terms
  }

  private static func trimmed(_ text: Substring) -> String {
    var text = text
    while text.first == " " { text = text.dropFirst() }
    while text.last == " " { text = text.dropLast() }
    return String(text)
  }

  public func matches(_ cell: Cell) -> Bool {
    matches(
      dataset: cell.dataset, backbone: cell.backbone, fraction: cell.fraction, initialisation: cell.initialisation,
      seed: cell.seed, further: cell.furtherAxes)
  }

  func matches(_ grid: Grid, _ point: GridPoint) -> Bool {
    matches(
      dataset: grid.datasets[Int(point.dataset)], backbone: grid.backbones[Int(point.backbone)].name,
      fraction: grid.fractions[Int(point.fraction)], initialisation: grid.initialisations[Int(point.initialisation)],
      seed: grid.seeds[Int(point.seed)], further: grid.further[Int(point.further)])
  }

  private func matches(
    dataset: String, backbone: String, fraction: Double, initialisation: String, seed: Int, further: [AxisValue]
  ) -> Bool {
    terms.allSatisfy { term in
      switch term.name {
      case Axis.dataset: Self.holds(term, dataset)
      case Axis.backbone: Self.holds(term, backbone)
      case Axis.initialisation: Self.holds(term, initialisation)
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
  }

  let kind: Kind
  let filter: String

  init(_ kind: Kind, in filter: String) {
    self.kind = kind
    self.filter = filter
  }
}
