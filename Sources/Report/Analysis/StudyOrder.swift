import Planner
import Store

/// The order in which a report lists things: data sets and backbones as the study names them, then fractions ascending,
/// further axes, initialisations from random to transferred, seeds. It depends on what the cells are, not on the order in
/// which they come.
struct StudyOrder {
  private let datasets: [String: Int]
  private let backbones: [String: Int]

  init(datasets: [String], backbones: [String]) {
    self.datasets = Self.ranks(datasets)
    self.backbones = Self.ranks(backbones)
  }

  private static func ranks(_ names: [String]) -> [String: Int] {
    Dictionary(names.enumerated().map { ($1, $0) }) { first, _ in first }
  }

  func sorted(_ cells: [CellResult]) -> [CellResult] {
    cells.map { (place(of: $0.cell), $0) }.sorted { isBefore($0.0, $1.0) }.map(\.1)
  }

  private struct Place {
    let dataset: Int
    let backbone: Int
    let initialisation: (Int, Int)
    let cell: Cell
  }

  private func place(of cell: Cell) -> Place {
    Place(
      dataset: datasets[cell.dataset] ?? Int.max, backbone: backbones[cell.backbone] ?? Int.max,
      initialisation: Self.initialisationRank(cell.initialisation), cell: cell)
  }

  private func isBefore(_ left: Place, _ right: Place) -> Bool {
    if left.dataset != right.dataset { return left.dataset < right.dataset }
    if left.cell.dataset != right.cell.dataset { return left.cell.dataset < right.cell.dataset }
    if left.backbone != right.backbone { return left.backbone < right.backbone }
    if left.cell.backbone != right.cell.backbone { return left.cell.backbone < right.cell.backbone }
    if left.cell.fraction != right.cell.fraction { return left.cell.fraction < right.cell.fraction }
    for (one, other) in zip(left.cell.furtherAxes, right.cell.furtherAxes) where one != other {
      if one.name != other.name { return one.name < other.name }
      if let low = Double(one.value), let high = Double(other.value), low != high { return low < high }
      return one.value < other.value
    }
    let counts = (left.cell.furtherAxes.count, right.cell.furtherAxes.count)
    if counts.0 != counts.1 { return counts.0 < counts.1 }
    if left.initialisation != right.initialisation { return left.initialisation < right.initialisation }
    if left.cell.initialisation != right.cell.initialisation {
      return left.cell.initialisation < right.cell.initialisation
    }
    if left.cell.seed != right.cell.seed { return left.cell.seed < right.cell.seed }
    return left.cell.id < right.cell.id
  }

  /// `RI`, `ST`, `WT-ST-n` by n, `WT`, then any other by name.
  static func initialisationRank(_ name: String) -> (Int, Int) {
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
    return filter { seen.insert($0).inserted }
  }
}
