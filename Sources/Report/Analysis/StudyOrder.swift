import Planner
import Store

/// The order in which a report lists things: data sets and backbones as the study names them, then fractions ascending,
/// further axes, initialisations from random to transferred, seeds. It depends on what the cells are, not on the order in
/// which they come.
struct StudyOrder {
  let datasets: [String]
  let backbones: [String]

  /// The cells in order. Names become ranks first, so that a large study is sorted by whole numbers.
  func sorted(_ cells: [CellResult]) -> [CellResult] {
    let datasetRanks = Self.ranks(datasets + cells.lazy.map(\.cell.dataset).uniqued().sorted())
    let backboneRanks = Self.ranks(backbones + cells.lazy.map(\.cell.backbone).uniqued().sorted())
    let furtherRanks = Self.ranks(cells.lazy.map(\.cell.furtherAxes).uniqued().sorted(by: Self.isBefore))
    let initialisationRanks = Self.ranks(Self.initialisations(cells.lazy.map(\.cell.initialisation).uniqued()))
    let places = cells.enumerated().map { index, result in
      Place(
        dataset: datasetRanks[result.cell.dataset] ?? 0, backbone: backboneRanks[result.cell.backbone] ?? 0,
        fraction: result.cell.fraction, furtherAxes: furtherRanks[result.cell.furtherAxes] ?? 0,
        initialisation: initialisationRanks[result.cell.initialisation] ?? 0, seed: result.cell.seed, index: index)
    }
    func isBefore(_ left: Place, _ right: Place) -> Bool {
      if left.dataset != right.dataset { return left.dataset < right.dataset }
      if left.backbone != right.backbone { return left.backbone < right.backbone }
      if left.fraction != right.fraction { return left.fraction < right.fraction }
      if left.furtherAxes != right.furtherAxes { return left.furtherAxes < right.furtherAxes }
      if left.initialisation != right.initialisation { return left.initialisation < right.initialisation }
      if left.seed != right.seed { return left.seed < right.seed }
      return cells[left.index].cell.id < cells[right.index].cell.id
    }
    // Most studies come in this order.
    if zip(places, places.dropFirst()).allSatisfy({ !isBefore($1, $0) }) { return cells }
    return places.sorted(by: isBefore).map { cells[$0.index] }
  }

  /// In the order of their first cells.
  func sorted(_ searches: [RateSearchResult], as cells: [CellResult]) -> [RateSearchResult] {
    guard !searches.isEmpty else { return [] }
    let places = Dictionary(cells.enumerated().map { ($1.cell.id, $0) }) { first, _ in first }
    return searches.sorted { (places[$0.cell.id] ?? 0) < (places[$1.cell.id] ?? 0) }
  }

  /// `RI`, `ST`, `WT-ST-n` by n, `WT`, then any other by name.
  static func initialisations(_ names: [String]) -> [String] {
    names.sorted { left, right in
      let ranks = (initialisationRank(left), initialisationRank(right))
      return ranks.0 == ranks.1 ? left < right : ranks.0 < ranks.1
    }
  }

  private struct Place {
    let dataset: Int
    let backbone: Int
    let fraction: Double
    let furtherAxes: Int
    let initialisation: Int
    let seed: Int
    let index: Int
  }

  /// The place of each name among those that come before it; of a name that comes twice, the first.
  private static func ranks<Name: Hashable>(_ names: [Name]) -> [Name: Int] {
    Dictionary(names.enumerated().map { ($1, $0) }) { first, _ in first }
  }

  private static func isBefore(_ left: [AxisValue], _ right: [AxisValue]) -> Bool {
    for (one, other) in zip(left, right) where one != other {
      if one.name != other.name { return one.name < other.name }
      if let low = Double(one.value), let high = Double(other.value), low != high { return low < high }
      return one.value < other.value
    }
    return left.count < right.count
  }

  private static func initialisationRank(_ name: String) -> (Int, Int) {
    switch name {
    case "RI": return (0, 0)
    case "ST": return (1, 0)
    case "WT": return (3, 0)
    default:
      if name.hasPrefix("WT-ST-"), let blocks = Int(name.dropFirst(6)) { return (2, blocks) }
      return (4, 0)
    }
  }
}

extension Sequence where Element: Hashable {
  /// Each element once, in the order of first appearance.
  func uniqued() -> [Element] {
    var seen: Set<Element> = []
    var last: Element?
    return filter { element in
      // Equal ones often follow one another.
      if element == last { return false }
      last = element
      return seen.insert(element).inserted
    }
  }
}

extension Array {
  /// The longest stretches in which each element is like the one before it: those of a setting, whose cells follow one another.
  func stretches(_ isLike: (_ before: Element, _ after: Element) -> Bool) -> [Range<Int>] {
    let starts = indices.filter { $0 == 0 || !isLike(self[$0 - 1], self[$0]) }
    return zip(starts, starts.dropFirst() + [count]).map { $0..<$1 }
  }
}
