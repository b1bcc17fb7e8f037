/// Which axes the cells of a block have, where some of its axes hang on conditions.
struct AxisPresence {
  private struct ConditionalAxis {
    let axis: Int
    /// Nil holds for every cell.
    let cases: [CompiledCondition?]
    /// For each value of the axis the case that it belongs to.
    let choices: [Int]
  }

  /// Each after those that its conditions ask of.
  private let axes: [ConditionalAxis]
  /// The dimensions of the block that move conditional axes only: without any of them, their first position stands for all.
  private let optional: [[Int]]

  /// - Parameters:
  ///   - block: One whose conditions do not hang on each other in a circle.
  ///   - dimensions: The groups of its axes that move together.
  /// - Returns: Nil where every cell has every axis.
  init?(_ block: Block, _ resolved: BlockInitialisations, dimensions: [[Int]]) {
    guard block.axes.contains(where: { !$0.cases.isEmpty }) else { return nil }
    axes = AxisOrder(block).ordered.map { axis in
      ConditionalAxis(
        axis: axis,
        cases: block.axes[axis].cases.map { $0.map { CompiledCondition($0, for: block, resolved) } },
        choices: block.axes[axis].values.map(\.choice))
    }
    optional = dimensions.filter { $0.allSatisfy { !block.axes[$0].cases.isEmpty } }
  }

  /// Marks the axes that the cell at these positions does not have by a negative position.
  ///
  /// - Returns: Whether these positions are a cell of their own.
  func settle(_ positions: [Int], into present: inout [Int]) -> Bool {
    for index in positions.indices { present[index] = positions[index] }
    for conditional in axes {
      let holding = conditional.cases.firstIndex { $0?.holds(at: present) ?? true }
      if let holding {
        if conditional.choices[positions[conditional.axis]] != holding { return false }
      } else {
        present[conditional.axis] = -1
      }
    }
    for dimension in optional where positions[dimension[0]] > 0 {
      if dimension.allSatisfy({ present[$0] < 0 }) { return false }
    }
    return true
  }
}

/// The order in which a block's conditional axes can be decided: each after those that its conditions ask of.
struct AxisOrder {
  /// Positions of the conditional axes in the block; without those of a circle.
  private(set) var ordered: [Int] = []
  /// The names of axes whose conditions hang on each other, the first again at the end; nil where there are none.
  private(set) var circle: [String]?

  init(_ block: Block) {
    var isSettled = block.axes.map(\.cases.isEmpty)
    var path: [Int] = []

    func visit(_ axis: Int, _ order: inout AxisOrder) {
      if isSettled[axis] { return }
      if let start = path.firstIndex(of: axis) {
        order.circle = order.circle ?? (path[start...] + [axis]).map { block.axes[$0].name }
        return
      }
      path.append(axis)
      for term in block.axes[axis].cases.compactMap({ $0 }).flatMap(\.terms) {
        if let asked = block.axes.firstIndex(where: { $0.name == term.axis }) { visit(asked, &order) }
      }
      path.removeLast()
      isSettled[axis] = true
      order.ordered.append(axis)
    }
    for axis in block.axes.indices { visit(axis, &self) }
  }
}
