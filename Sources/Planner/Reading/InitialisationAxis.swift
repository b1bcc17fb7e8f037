/// Checks the initialisations of blocks against their backbones, and writes `WT-ST-*` out.
struct InitialisationAxis {
  let faults: FaultCollector

  /// The block with an entry for each n that one of its backbones has in the place of `WT-ST-*`; a backbone passes over
  /// those that it does not have. A `WT-ST-n` that was written and that a backbone does not have is recorded as a fault.
  func completed(_ block: Block) -> Block {
    guard let axis = block.axes.firstIndex(where: { $0.name == Axis.initialisation }),
      let backboneAxis = block.axes.firstIndex(where: { $0.name == Axis.backbone })
    else { return block }
    let backbones = block.axes[backboneAxis].values.compactMap { BackboneCatalogue.named($0.text) }
    let moving = block.groups.first { $0.contains(axis) } ?? [axis]
    check(block.axes[axis].values, of: backbones, inStep: moving.contains(backboneAxis))
    guard let deepest = backbones.map(\.deepest).max(),
      block.axes[axis].values.contains(where: { $0.text == InitialisationSpec.everyDepth })
    else { return block }
    let written = block.axes[axis].values.map { entry in
      entry.text == InitialisationSpec.everyDepth ? Self.entries(upTo: deepest, at: entry.place) : [entry]
    }
    var block = block
    // Axes that move with this one repeat their value for each n.
    for other in moving where other != axis {
      block.axes[other].values = zip(block.axes[other].values, written).flatMap { entry, entries in
        Array(repeating: entry, count: entries.count)
      }
    }
    block.axes[axis].values = written.flatMap(\.self)
    return block
  }

  private static func entries(upTo deepest: Int, at place: Place) -> [AxisEntry] {
    (InitialisationSpec.shallowest...deepest).map { depth in
      let name = InitialisationSpec.mixture(upTo: depth).name
      return AxisEntry(text: name, value: .string(name), place: place)
    }
  }

  /// - Parameter inStep: Whether the backbones move with the initialisations, the first with the first.
  private func check(_ entries: [AxisEntry], of backbones: [Backbone], inStep: Bool) {
    for (index, entry) in entries.enumerated() {
      guard let initialisation = InitialisationSpec(entry.text) else { continue }
      let met = inStep ? Array(backbones.dropFirst(index).prefix(1)) : backbones
      if let lacking = met.first(where: { initialisation.resolved(on: $0) == nil }) {
        faults.add(
          .depthOutOfRange(initialisation: entry.text, backbone: lacking.name, deepest: lacking.deepest),
          at: entry.place)
      }
    }
  }
}
