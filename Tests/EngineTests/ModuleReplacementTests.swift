import Engine
import Testing

/// Networks begun again at a module.
@Suite struct ModuleReplacementTests {
  /// A network of a family with weights of a stream, and other weights for it.
  private func make(_ name: String) throws -> (network: any Network, other: StateDict, images: Tensor) {
    let size = ["inception_v3": 75, "swin_tiny": 32][name] ?? 32
    func network(_ seed: UInt64) throws -> any Network {
      let network = try Backbone.make(name: name, classes: 5, options: NetworkOptions(imageSize: size))
      try Initialisation.random.apply(to: network, seed: seed)
      return network
    }
    var draws = RandomStream(seed: 3, purpose: "images")
    let values = (0..<(3 * 3 * size * size)).map { _ in Float(draws.normal()) }
    return (try network(1), try network(2).stateDict(), try Tensor(values, shape: [3, 3, size, size]))
  }

  static let names = ["deit_tiny", "vit_micro", "swin_tiny", "resnet18", "resnet_micro", "inception_v3"]

  /// The logits are those of a network that has the replaced module's weights throughout, to the bit, and the network is as
  /// it was.
  @Test(arguments: names) func isAPassOfTheWholeNetwork(_ name: String) throws {
    // How a sum is split among threads shows in its last bits, and the threads that a busy machine grants may change.
    try Runtime.setThreads(1)
    let (network, other, images) = try make(name)
    let own = try network.stateDict()
    let replacement = try ModuleReplacement(network, modules: network.probes, from: other)
    let found = try replacement.logits(images)
    #expect(try network.stateDict() == own)
    #expect(try found.whole == network(images, pass: .evaluation).values())
    for (module, logits) in zip(replacement.modules, found.replaced) {
      var mixed = StateDict()
      var count = 0
      for entry in own.entries {
        let isReplaced = entry.name.hasPrefix("\(module).")
        if isReplaced { count += 1 }
        try mixed.append(
          entry.name, shape: entry.shape,
          values: isReplaced ? other[entry.name]?.values ?? [] : entry.values)
      }
      #expect(count > 0, "\(module) has no tensors")
      try network.load(mixed)
      #expect(try logits == network(images, pass: .evaluation).values(), "\(module)")
      #expect(logits != found.whole, "\(module)")
      try network.load(own)
    }
  }

  /// `head` is no part of another module's name, and layer1.1 is not layer1.10.
  @Test func modulesAreTakenByPath() throws {
    let network = try Backbone.make(name: "deit_tiny", classes: 2, options: NetworkOptions(imageSize: 32))
    try Initialisation.random.apply(to: network, seed: 1)
    var other = StateDict()
    // Every tensor whose name merely contains the module's is made worthless.
    for entry in try network.stateDict().entries {
      let isModule = entry.name.hasPrefix("blocks.1.mlp.")
      try other.append(
        entry.name, shape: entry.shape,
        values: isModule ? entry.values : [Float](repeating: 1e3, count: entry.values.count))
    }
    let images = try Tensor([Float](repeating: 0.5, count: 3 * 32 * 32), shape: [1, 3, 32, 32])
    let found = try ModuleReplacement(network, modules: ["blocks.1.mlp"], from: other).logits(images)
    #expect(found.replaced[0] == found.whole)
    #expect(throws: EngineError.self) { try ModuleReplacement(network, modules: ["blocks.1", "fc"], from: other) }
  }

  /// A probe of the sums sees what goes on to the next module.
  @Test func residualProbesSeeSums() throws {
    let (network, _, images) = try make("vit_micro")
    var branches: [String: [Float]] = [:]
    var sums: [String: [Float]] = [:]
    _ = try network.run(images, through: network.segments[...], pass: .evaluation) { branches[$0] = try $1.values() }
    _ = try network.run(images, through: network.segments[...], pass: .evaluation, probe: .residual) {
      sums[$0] = try $1.values()
    }
    #expect(Set(branches.keys) == Set(network.probes) && Set(sums.keys) == Set(network.probes))
    let before = try #require(sums["blocks.1.attn"])
    let branch = try #require(branches["blocks.1.mlp"])
    let after = try #require(sums["blocks.1.mlp"])
    for (index, value) in after.enumerated() { #expect(abs(value - before[index] - branch[index]) < 1e-5) }
    #expect(sums["head"] == branches["head"])
    let (convolutional, _, pictures) = try make("resnet_micro")
    var seen: [[String: [Float]]] = [[:], [:]]
    for (index, probe) in Probe.allCases.enumerated() {
      _ = try convolutional.run(pictures, through: convolutional.segments[...], pass: .evaluation, probe: probe) {
        seen[index][$0] = try $1.values()
      }
    }
    #expect(seen[0] == seen[1])
  }
}
