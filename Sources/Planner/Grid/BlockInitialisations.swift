/// What each initialisation of a block is on each of its backbones: the axis hangs on the backbone, since each has its own
/// depths.
struct BlockInitialisations {
  /// Where the two axes stand in the block.
  let backboneAxis: Int
  let axis: Int
  /// The backbones in the order of their axis.
  let backbones: [Backbone]
  /// By the positions of backbone and initialisation; nil where the cell is no cell of its own: the backbone has no such
  /// depth, or a value before stands for the same.
  let table: [[InitialisationSpec?]]

  /// - Parameter block: One whose axes are complete and right, `WT-ST-*` written out.
  init(_ block: Block) {
    backboneAxis = block.axes.firstIndex { $0.name == Axis.backbone } ?? 0
    axis = block.axes.firstIndex { $0.name == Axis.initialisation } ?? 0
    backbones = block.axes[backboneAxis].values.compactMap { BackboneCatalogue.named($0.text) }
    let entries = block.axes[axis].values.map { InitialisationSpec($0.text) }
    // Values that move with others are of different cells even where they are equal.
    let movesAlone = !block.groups.contains { [axis] in $0.contains(axis) && $0.count > 1 }
    table = backbones.map { backbone in
      var seen: Set<InitialisationSpec> = []
      return entries.map { entry in
        guard let resolved = entry?.resolved(on: backbone) else { return nil }
        return seen.insert(resolved).inserted || !movesAlone ? resolved : nil
      }
    }
  }
}
