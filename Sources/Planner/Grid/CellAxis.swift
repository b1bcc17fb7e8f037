/// An axis on which the cells of a plan lie: its values, and which of them each cell has.
public struct CellAxis: Sendable, Hashable {
  /// As a study file and a filter name it: `dataset`, `init`, `training.epochs`.
  public let name: String
  /// As cells' names have them, in the order of the study file; each at least one cell has.
  public let values: [String]
  /// Of each cell the position of its value; -1 for a cell without this axis.
  public let positions: [Int32]

  public init(name: String, values: [String], positions: [Int32]) {
    self.name = name
    self.values = values
    self.positions = positions
  }

  /// - Parameters:
  ///   - texts: All values that there may be, in their order; some may be the same.
  ///   - places: Of each cell a place in `texts`, or -1.
  init(name: String, texts: [String], places: [Int32]) {
    var isUsed = [Bool](repeating: false, count: texts.count)
    for place in places where place >= 0 { isUsed[Int(place)] = true }
    var values: [String] = []
    var known: [String: Int32] = [:]
    let positions = texts.indices.map { place -> Int32 in
      guard isUsed[place] else { return -1 }
      if let position = known[texts[place]] { return position }
      let position = Int32(values.count)
      values.append(texts[place])
      known[texts[place]] = position
      return position
    }
    self.init(name: name, values: values, positions: places.map { $0 < 0 ? -1 : positions[Int($0)] })
  }
}

extension PlannedCells {
  /// The axes of the cells, in the order of a cell's name: those that every study has, then the further ones.
  public var axes: [CellAxis] {
    guard let grid = stages.study?.grid else { return axesOfWhole }
    let points = table.subjects.map { grid.points[Int($0)] }
    func axis(_ name: String, _ texts: [String], _ position: (GridPoint) -> Int32) -> CellAxis {
      CellAxis(name: name, texts: texts, places: points.map(position))
    }
    return [
      axis(Axis.dataset, grid.datasets) { $0.dataset },
      axis(Axis.backbone, grid.backbones.map(\.name)) { $0.backbone },
      axis(Axis.fraction, grid.fractions.map { "\($0)" }) { $0.fraction },
      axis(Axis.initialisation, grid.initialisations.map(\.name)) { $0.initialisation },
      axis(Axis.seed, grid.seeds.map { "\($0)" }) { $0.seed },
    ] + Self.further(grid.further, of: points.map(\.further))
  }

  /// The axes of cells that are kept as they are.
  private var axesOfWhole: [CellAxis] {
    let cells = Array(self)
    func axis(_ name: String, _ value: (Cell) -> String) -> CellAxis {
      CellAxis(name: name, texts: cells.map(value), places: cells.indices.map { Int32($0) })
    }
    return [
      axis(Axis.dataset, \.dataset), axis(Axis.backbone, \.backbone), axis(Axis.fraction) { "\($0.fraction)" },
      axis(Axis.initialisation, \.initialisation), axis(Axis.seed) { "\($0.seed)" },
    ] + Self.further(cells.map(\.furtherAxes), of: cells.indices.map { Int32($0) })
  }

  /// - Parameters:
  ///   - combinations: Values of the further axes.
  ///   - places: The combination of each cell.
  private static func further(_ combinations: [[AxisValue]], of places: [Int32]) -> [CellAxis] {
    var names: [String] = []
    for name in combinations.joined().map(\.name) where !names.contains(name) { names.append(name) }
    return names.map { name in
      var texts: [String] = []
      let own = combinations.map { combination -> Int32 in
        guard let value = combination.first(where: { $0.name == name })?.value else { return -1 }
        texts.append(value)
        return Int32(texts.count - 1)
      }
      return CellAxis(name: name, texts: texts, places: places.map { own[Int($0)] })
    }.filter { !$0.values.isEmpty }
  }
}
