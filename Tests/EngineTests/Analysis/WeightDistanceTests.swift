import Engine
import Testing

@Suite struct WeightDistanceTests {
  private let wanted = RepresentationFixture.content.distances

  private func state(_ prefix: String, without left: Set<String> = []) throws -> StateDict {
    var state = StateDict()
    for name in wanted.names where !left.contains(name) {
      let shape = try #require(wanted.shapes[name])
      let values = RepresentationFixture.floats("\(prefix) \(name)", count: shape.reduce(1, *))
      try state.append(name, shape: shape, values: values)
    }
    return state
  }

  private func roles() throws -> [String: NetworkTensor.Role] {
    try wanted.roles.mapValues { try #require(NetworkTensor.Role(rawValue: $0)) }
  }

  /// Sums of float32 values' differences in float64 on both sides.
  @Test func equalsNumpy() throws {
    let distance = try WeightDistance(from: state("a"), to: state("b"), modules: wanted.asked, roles: roles())
    #expect(distance.tensors.map(\.name) == wanted.names.filter { wanted.tensors[$0] != nil })
    for entry in distance.tensors {
      #expect(try (#require(entry.value) - #require(wanted.tensors[entry.name])).magnitude < 1e-12)
    }
    #expect(distance.modules.map(\.name) == wanted.asked)
    for entry in distance.modules {
      switch (entry.value, wanted.modules[entry.name] ?? nil) {
      case (nil, nil): #expect(entry.name == "norm")
      case (let value?, let reference?): #expect((value - reference).magnitude < 1e-12)
      default: Issue.record("\(entry)")
      }
    }
    #expect(try (#require(distance.total) - wanted.total).magnitude < 1e-12)
  }

  @Test func nothingMovedIsNoDistance() throws {
    let distance = try WeightDistance(from: state("a"), to: state("a"), modules: wanted.asked, roles: roles())
    #expect(distance.total == 0 && distance.tensors.allSatisfy { $0.value == 0 })
    #expect(try WeightDistance(from: state("a"), to: state("a"), modules: ["norm"], roles: roles()).total == nil)
  }

  @Test func namesAllThatDoesNotFit() throws {
    var trained = try state("b", without: ["fc.bias", "norm.weight"])
    try trained.append("fc.bias", shape: [1, 2], values: [0, 0])
    try trained.append("more", shape: [1], values: [0])
    let message =
      "two states of a network cannot be compared: 'more' is no tensor of the network; 'fc.bias' is of shape [2] in "
      + "the first and [1, 2] in the second; 'norm.weight' is missing in the second; 'positions' is missing in the "
      + "first. Both must be of one network"
    #expect(throws: EngineError.data(message)) {
      try WeightDistance(from: state("a", without: ["positions"]), to: trained, modules: ["fc"], roles: roles())
    }
    #expect(throws: EngineError.specification("no tensors of the modules 'layer.', 'f', 'fc.weight'")) {
      try WeightDistance(
        from: state("a"), to: state("b"), modules: ["layer.", "f", "fc", "fc.weight"], roles: roles())
    }
  }

  /// Names and roles as a network has them.
  @Test func measuresABackbone() throws {
    let network = try Backbone.make(name: "vit_micro", classes: 3, options: NetworkOptions(imageSize: 16))
    try Initialisation.random.apply(to: network, seed: 1)
    let before = try network.stateDict()
    try Initialisation.random.apply(to: network, seed: 2)
    let roles = Dictionary(uniqueKeysWithValues: network.tensors.map { ($0.name, $0.role) })
    let modules = ["patch_embed", "blocks.0.attn", "blocks.0.mlp", "blocks.0.norm1"]
    let distance = try WeightDistance(from: before, to: network.stateDict(), modules: modules, roles: roles)
    #expect(distance.modules.map { $0.value == nil } == [false, false, false, true])
    #expect(distance.modules.dropLast().allSatisfy { ($0.value ?? 0) > 0 })
    #expect(distance.tensors.allSatisfy { !$0.name.contains("norm") })
  }
}
