/// What a network says when one of its modules has other weights: for one module after the other, on every image.
///
/// A module's weights change nothing before it, so each batch goes through the network once, and from each module on again
/// with that module replaced: of what stands before a module nothing is computed twice.
package struct ModuleReplacement {
  package let modules: [String]
  private let network: any Network
  private let positions: [Int]
  /// For each module its tensors with their own values and the others.
  private let exchanges: [[Exchange]]

  private struct Exchange {
    let tensor: Tensor
    let own: [Float]
    let other: [Float]
  }

  /// - Parameters:
  ///   - modules: Names of probes; a module's tensors are those whose names go on with a dot after its own.
  ///   - state: The weights that replace; of the whole network.
  /// - Throws: `EngineError.specification` for a module that the network does not have, `EngineError.data` for a state that
  ///   is not of this network.
  package init(_ network: any Network, modules: [String], from state: StateDict) throws {
    try StrictLoading.check(state, against: network.tensors, what: "the weights to put back")
    let probes = network.probes
    let unknown = modules.filter { !probes.contains($0) }
    guard unknown.isEmpty else {
      throw EngineError.specification(
        "no module \(unknown.map { "'\($0)'" }.joined(separator: ", ")); the modules are \(probes.joined(separator: ", "))"
      )
    }
    self.network = network
    self.modules = modules
    positions = modules.compactMap { probes.firstIndex(of: $0) }
    exchanges = try modules.map { module in
      try network.tensors.filter { $0.name.hasPrefix("\(module).") }.map { entry in
        Exchange(tensor: entry.tensor, own: try entry.tensor.values(), other: state[entry.name]?.values ?? [])
      }
    }
  }

  /// The logits of images [n, channels, h, w]: of the network as it is, and with each of the modules replaced, in order. The
  /// network has its own weights afterwards.
  ///
  /// - Parameter afterEach: Called when a module is done, with how many are; what it throws ends the pass.
  package func logits(
    _ images: Tensor, afterEach: (Int) throws -> Void = { _ in }
  ) throws -> (whole: [Float], replaced: [[Float]]) {
    try Native.recording(false) {
      var replaced = [[Float]](repeating: [], count: modules.count)
      var done = 0
      var x = images
      for (index, _) in network.segments.enumerated() {
        for (place, position) in positions.enumerated() where position == index {
          replaced[place] = try self.replaced(place, from: index, x)
          done += 1
          try afterEach(done)
        }
        x = try network.run(x, through: network.segments[index...index], pass: .evaluation)
      }
      return (try x.values(), replaced)
    }
  }

  private func replaced(_ place: Int, from index: Int, _ x: Tensor) throws -> [Float] {
    let logits = Result {
      for exchange in exchanges[place] { try exchange.tensor.write(exchange.other) }
      return try network.run(x, through: network.segments[index...], pass: .evaluation).values()
    }
    for exchange in exchanges[place] { try exchange.tensor.write(exchange.own) }
    return try logits.get()
  }
}
