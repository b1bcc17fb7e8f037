/// Expands blocks, rules and exclusions into the points of a grid.
struct GridExpansion {
  /// Cells of a study.
  static let cellLimit = 10_000_000

  let blocks: [Block]
  let rules: [Rule]
  let exclusions: [Condition]
  let faults: FaultCollector

  private var grid = Grid()
  private var datasetPositions: [String: Int32] = [:]
  private var backbonePositions: [String: Int32] = [:]
  private var fractionPositions: [Double: Int32] = [:]
  private var initialisationPositions: [InitialisationSpec: Int32] = [:]
  private var seedPositions: [Int: Int32] = [:]
  private var furtherPositions: [[AxisValue]: Int32] = [:]
  private var variantPositions: [String: Int32] = [:]
  private var analysesPositions: [[AnalysisSpec]: Int32] = [:]
  /// The place of each point's seed in its block's list.
  private var seedOrder: [Int32] = []

  init(blocks: [Block], rules: [Rule], exclusions: [Condition], faults: FaultCollector) {
    self.blocks = blocks
    self.rules = rules
    self.exclusions = exclusions
    self.faults = faults
  }

  /// The grid; nil where it has no cell, too many, or cells that contradict each other, with the fault recorded.
  consuming func expanded() -> Grid? {
    var total = 0
    for block in blocks {
      let (count, overflow) = dimensions(of: block).reduce((1, false)) { partial, dimension in
        let product = partial.0.multipliedReportingOverflow(by: block.axes[dimension[0]].values.count)
        return (product.partialValue, partial.1 || product.overflow)
      }
      if overflow || count > Self.cellLimit - total {
        faults.add(.tooManyCells(limit: Self.cellLimit), at: block.place)
        return nil
      }
      total += count
    }
    grid.points.reserveCapacity(total)
    var firstBlock: [GridPoint: (variant: Int32, title: String, position: Int)] = [:]
    for block in blocks {
      expand(block, firstBlock: &firstBlock)
    }
    if grid.points.isEmpty {
      faults.add(.nothingLeft, at: blocks[0].place)
      return nil
    }
    orderForRunning()
    return grid
  }

  /// Groups of axes that move together, in the order of a cell's name.
  private func dimensions(of block: Block) -> [[Int]] {
    let grouped = Set(block.groups.flatMap { $0 })
    let alone = block.axes.indices.filter { !grouped.contains($0) }.map { [$0] }
    let all = (alone + block.groups).map { axes in axes.sorted { block.axes[$0].rank < block.axes[$1].rank } }
    return all.enumerated().sorted { left, right in
      let (a, b) = (block.axes[left.element[0]].rank, block.axes[right.element[0]].rank)
      return a == b ? left.element[0] < right.element[0] : a < b
    }.map(\.element)
  }

  private mutating func expand(
    _ block: Block, firstBlock: inout [GridPoint: (variant: Int32, title: String, position: Int)]
  ) {
    let dimensions = dimensions(of: block)
    let resolved = BlockInitialisations(block)
    let compiledRules = rules.map { CompiledCondition($0.condition, for: block, resolved) }
    let compiledExclusions = exclusions.map { CompiledCondition($0, for: block, resolved) }
    let tables = positionTables(of: block, resolved)
    let furtherAxes = block.axes.indices.filter { block.axes[$0].rank == 3 }
    var variants: [VariantKey: Int32] = [:]
    var furtherOf: [[Int]: Int32] = [:]
    var positions = [Int](repeating: 0, count: block.axes.count)
    var key = VariantKey(backbone: 0, further: [], rules: [])
    let analyses = block.analyses.map(\.spec).filter { $0.kind != .test }
    let asked = Self.position(of: analyses, in: &analysesPositions, table: &grid.analyses)
    let presence = AxisPresence(block, resolved, dimensions: dimensions)
    var present = positions

    cells: while true {
      let isCell = presence?.settle(positions, into: &present) ?? true
      // While the cell is looked at, the positions say which axes it has.
      if presence != nil { swap(&positions, &present) }
      if isCell,
        let initialisation = tables.initialisations[positions[resolved.backboneAxis]][positions[resolved.axis]],
        !compiledExclusions.contains(where: { $0.holds(at: positions) })
      {
        key.backbone = positions[tables.backbone]
        key.further = furtherAxes.map { positions[$0] }
        key.rules.removeAll(keepingCapacity: true)
        for (index, rule) in compiledRules.enumerated() where rule.holds(at: positions) { key.rules.append(index) }
        let variant: Int32
        if let known = variants[key] {
          variant = known
        } else {
          variant = self.variant(key, of: block, furtherAxes: furtherAxes, backboneAxis: tables.backbone)
          variants[key] = variant
        }
        let further: Int32
        if let known = furtherOf[key.further] {
          further = known
        } else {
          let values = furtherAxes.filter { positions[$0] >= 0 }.map { axis in
            AxisValue(name: block.axes[axis].name, value: block.axes[axis].values[positions[axis]].text)
          }
          further = Self.position(of: values, in: &furtherPositions, table: &grid.further)
          furtherOf[key.further] = further
        }
        var point = GridPoint(
          dataset: tables.datasets[positions[tables.dataset]], backbone: tables.backbones[key.backbone],
          fraction: tables.fractions[positions[tables.fraction]],
          initialisation: initialisation,
          seed: tables.seeds[positions[tables.seed]], further: further, variant: 0)
        if blocks.count > 1 {
          if let first = firstBlock[point] {
            if first.variant != variant {
              faults.add(
                .contradictingCells(cell: GridNames(grid).cellID(point).text, first: first.title, second: block.title),
                at: block.place)
              return
            }
            ask(first.position, analyses)
          } else {
            firstBlock[point] = (variant, block.title, grid.points.count)
            point.variant = variant
            grid.points.append(point)
            grid.asked.append(asked)
            seedOrder.append(Int32(positions[tables.seed]))
          }
        } else {
          point.variant = variant
          grid.points.append(point)
          grid.asked.append(asked)
          seedOrder.append(Int32(positions[tables.seed]))
        }
      }
      if presence != nil { swap(&positions, &present) }
      var moving = dimensions.count - 1
      while true {
        if moving < 0 { break cells }
        let axes = dimensions[moving]
        let next = positions[axes[0]] + 1
        let wraps = next == block.axes[axes[0]].values.count
        for axis in axes { positions[axis] = wraps ? 0 : next }
        if !wraps { break }
        moving -= 1
      }
    }
  }

  /// Asks a cell that an earlier block has for analyses too.
  private mutating func ask(_ position: Int, _ analyses: [AnalysisSpec]) {
    let before = grid.analyses[Int(grid.asked[position])]
    let further = analyses.filter { !before.contains($0) }
    if further.isEmpty { return }
    grid.asked[position] = Self.position(of: before + further, in: &analysesPositions, table: &grid.analyses)
  }

  /// What decides the training options of a cell within a block.
  private struct VariantKey: Hashable {
    var backbone: Int
    var further: [Int]
    var rules: [Int]
  }

  /// The options that the block, then the rules in order, then the further axes give.
  private mutating func variant(_ key: VariantKey, of block: Block, furtherAxes: [Int], backboneAxis: Int) -> Int32 {
    var changes = block.training
    for rule in key.rules { changes.merge(rules[rule].changes) { _, later in later } }
    for (axis, position) in zip(furtherAxes, key.further) where position >= 0 {
      guard let option = block.axes[axis].trainingOption else { continue }
      let entry = block.axes[axis].values[position]
      changes[option] = OptionChange(value: entry.value, place: entry.place)
    }
    let entry = block.axes[backboneAxis].values[key.backbone]
    guard let backbone = BackboneCatalogue.named(entry.text) else { return 0 }
    let variant = TrainingCheck(faults: faults).complete(changes, backbone: backbone, otherwiseAt: entry.place)
    let name = variant.whole.text + variant.manner.canonicalText
    if let known = variantPositions[name] { return known }
    let position = Int32(grid.variants.count)
    grid.variants.append(variant)
    variantPositions[name] = position
    return position
  }

  /// Where each value of a block's fixed axes stands in the grid's tables, and where those axes stand in the block.
  private struct PositionTables {
    var dataset = 0
    var backbone = 0
    var fraction = 0
    var seed = 0
    var datasets: [Int32] = []
    var backbones: [Int32] = []
    var fractions: [Int32] = []
    /// By the positions of backbone and initialisation; nil where that is no cell.
    var initialisations: [[Int32?]] = []
    var seeds: [Int32] = []
  }

  private mutating func positionTables(of block: Block, _ resolved: BlockInitialisations) -> PositionTables {
    var tables = PositionTables()
    tables.initialisations = resolved.table.map { row in
      row.map { entry in
        entry.map { Self.position(of: $0, in: &initialisationPositions, table: &grid.initialisations) }
      }
    }
    for (index, axis) in block.axes.enumerated() {
      switch axis.name {
      case Axis.dataset:
        tables.dataset = index
        tables.datasets = axis.values.map {
          Self.position(of: $0.text, in: &datasetPositions, table: &grid.datasets)
        }
      case Axis.backbone:
        tables.backbone = index
        for entry in axis.values {
          guard let backbone = BackboneCatalogue.named(entry.text) else { continue }
          if let known = backbonePositions[entry.text] {
            tables.backbones.append(known)
          } else {
            let position = Int32(grid.backbones.count)
            grid.backbones.append(backbone)
            backbonePositions[entry.text] = position
            tables.backbones.append(position)
          }
        }
      case Axis.fraction:
        tables.fraction = index
        tables.fractions = axis.values.map {
          Self.position(of: $0.value.doubleValue ?? 1, in: &fractionPositions, table: &grid.fractions)
        }
      case Axis.seed:
        tables.seed = index
        tables.seeds = axis.values.map {
          Self.position(of: $0.value.intValue ?? 0, in: &seedPositions, table: &grid.seeds)
        }
      default: break
      }
    }
    return tables
  }

  private static func position<Value: Hashable>(
    of value: Value, in positions: inout [Value: Int32], table: inout [Value]
  ) -> Int32 {
    if let known = positions[value] { return known }
    let position = Int32(table.count)
    table.append(value)
    positions[value] = position
    return position
  }

  /// Points by the place of their seed, otherwise as they are: a counting sort.
  private mutating func orderForRunning() {
    var counts = [Int](repeating: 0, count: Int(seedOrder.max() ?? 0) + 2)
    for seed in seedOrder { counts[Int(seed) + 1] += 1 }
    for index in 1..<counts.count { counts[index] += counts[index - 1] }
    var order = [Int](repeating: 0, count: seedOrder.count)
    for (position, seed) in seedOrder.enumerated() {
      order[counts[Int(seed)]] = position
      counts[Int(seed)] += 1
    }
    grid.runningOrder = order
  }
}
