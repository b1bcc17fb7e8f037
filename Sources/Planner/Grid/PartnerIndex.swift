/// Finds the cell that differs from another in its initialisation alone.
struct PartnerIndex {
  private let grid: Grid
  private let positions: [GridPoint: Int]

  /// Looks at every point where some analysis compares pairs, else at none.
  init(_ grid: Grid) {
    self.grid = grid
    let isNeeded = grid.analyses.contains { $0.contains { $0.subject == .pair } }
    guard isNeeded else {
      positions = [:]
      return
    }
    positions = Dictionary(grid.points.enumerated().map { (Self.bare($1), $0) }) { first, _ in first }
  }

  /// The position of the second of the pair, for the position of the first; nil for any other cell.
  func partner(of position: Int, _ spec: AnalysisSpec) -> Int? {
    guard let pair = spec.pair else { return nil }
    var point = Self.bare(grid.points[position])
    let backbone = grid.backbones[Int(point.backbone)]
    guard InitialisationSpec(pair.first)?.resolved(on: backbone) == grid.initialisations[Int(point.initialisation)],
      let wanted = InitialisationSpec(pair.second)?.resolved(on: backbone),
      let index = grid.initialisations.firstIndex(of: wanted)
    else { return nil }
    point.initialisation = Int32(index)
    return positions[point]
  }

  private static func bare(_ point: GridPoint) -> GridPoint {
    var point = point
    point.variant = 0
    return point
  }
}
