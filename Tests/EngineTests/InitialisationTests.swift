import Engine
import Foundation
import Testing

/// Where files that cannot be part of the project lie, for the tests that use them.
private let sharedFolder = ProcessInfo.processInfo.environment["GRAFT_SHARED"]

@Suite struct InitialisationTests {
  /// A source of known statistics for a network with another head.
  private func source(_ backbone: String) throws -> StateDict {
    let network = try Backbone.make(name: backbone, classes: 7)
    return try Fixture.weights(for: network)
  }

  private func moments(_ values: [Float]) -> (mean: Double, deviation: Double) {
    let mean = values.reduce(0) { $0 + Double($1) } / Double(values.count)
    let squares = values.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) }
    return (mean, (squares / Double(max(1, values.count - 1))).squareRoot())
  }

  @Test func drawsAResidualNetworkAsTorchvisionDoes() throws {
    let network = try Backbone.make(name: "resnet18", classes: 1000)
    try Initialisation.random.apply(to: network, seed: 3)
    let state = try network.stateDict()
    for (name, deviation) in [
      ("layer4.1.conv2.weight", (2.0 / (512 * 9)).squareRoot()), ("conv1.weight", (2.0 / (64 * 49)).squareRoot()),
    ] {
      let measured = moments(try #require(state[name]).values)
      #expect((measured.deviation / deviation - 1).magnitude < 0.05)
      #expect(measured.mean.magnitude < 0.1 * deviation)
    }
    let head = try #require(state["fc.weight"]).values
    #expect(head.allSatisfy { $0.magnitude <= Float(1 / 512.0.squareRoot()) })
    #expect((moments(head).deviation * (3.0 * 512).squareRoot() - 1).magnitude < 0.01)
    #expect(try #require(state["bn1.weight"]).values.allSatisfy { $0 == 1 })
    #expect(try #require(state["bn1.running_var"]).values.allSatisfy { $0 == 1 })
    #expect(try #require(state["layer1.0.bn1.bias"]).values.allSatisfy { $0 == 0 })
  }

  @Test func drawsATransformerAsTimmDoes() throws {
    let network = try Backbone.make(name: "deit_tiny", classes: 10)
    try Initialisation.random.apply(to: network, seed: 3)
    let state = try network.stateDict()
    for name in ["blocks.3.mlp.fc1.weight", "head.weight", "pos_embed"] {
      #expect((moments(try #require(state[name]).values).deviation / 0.02 - 1).magnitude < 0.1, "\(name)")
    }
    for name in ["blocks.3.attn.qkv.bias", "head.bias", "norm.bias"] {
      #expect(try #require(state[name]).values.allSatisfy { $0 == 0 }, "\(name)")
    }
    #expect(
      try #require(state["patch_embed.proj.weight"]).values.allSatisfy { $0.magnitude <= 1 / Float(768).squareRoot() })
  }

  @Test(arguments: ["resnet_micro", "vit_micro"]) func statisticsTransferKeepsMomentsAlone(_ backbone: String) throws {
    let source = try source(backbone)
    let network = try Backbone.make(name: backbone, classes: 3)
    let record = try Initialisation.statistics(source).apply(to: network, seed: 11)
    let state = try network.stateDict()
    #expect(record.map(\.name) == network.tensors.map(\.name))
    for (tensor, done) in zip(network.tensors, record) {
      let values = try #require(state[tensor.name]).values
      switch done.treatment {
      case .sampled(let mean, let deviation):
        let original = try #require(source[tensor.name]).values
        #expect(
          (mean - moments(original).mean).magnitude < 1e-9 && (deviation - moments(original).deviation).magnitude < 1e-9
        )
        #expect(values != original)
        let count = Double(values.count)
        // Five standard errors.
        #expect((moments(values).mean - mean).magnitude < 5 * deviation / count.squareRoot(), "\(tensor.name)")
        #expect((moments(values).deviation / deviation - 1).magnitude < 5 / (2 * count).squareRoot(), "\(tensor.name)")
      case .kept:
        #expect(["cls_token", "pos_embed"].contains(tensor.name))
        #expect(values == source[tensor.name]?.values)
      case .reset:
        #expect(tensor.name.contains("norm") || tensor.name.contains("bn") || tensor.name.contains("downsample.1"))
        #expect(Set(values) == [tensor.role == .normScale || tensor.role == .runningVariance ? 1 : 0])
      case .fresh: #expect(tensor.isHead)
      }
    }
  }

  @Test(arguments: ["resnet_micro", "vit_micro"]) func weightTransferKeepsAllButTheHead(_ backbone: String) throws {
    let source = try source(backbone)
    let network = try Backbone.make(name: backbone, classes: 3)
    let record = try Initialisation.weights(source).apply(to: network, seed: 11)
    let state = try network.stateDict()
    for (tensor, done) in zip(network.tensors, record) {
      #expect(done.treatment == (tensor.isHead ? .fresh : .kept))
      if !tensor.isHead { #expect(state[tensor.name] == source[tensor.name]) }
    }
    // The head is the same in every initialisation of a seed: comparisons are paired.
    try Initialisation.random.apply(to: network, seed: 11)
    let random = try network.stateDict()
    for tensor in network.tensors where tensor.isHead { #expect(random[tensor.name] == state[tensor.name]) }
  }

  /// What two mixtures of a seed sample is the same in both; up to its depth, each has the source.
  @Test(arguments: ["resnet_micro", "vit_micro"]) func mixturesOfASeedAreNested(_ backbone: String) throws {
    let source = try source(backbone)
    let network = try Backbone.make(name: backbone, classes: 3)
    let deepest = try #require(network.tensors.filter { !$0.isHead }.map(\.depth).max())
    try Initialisation.statistics(source).apply(to: network, seed: 11)
    let sampled = try network.stateDict()
    for depth in -2...deepest {
      let record = try Initialisation.transfer(source, upTo: depth).apply(to: network, seed: 11)
      let state = try network.stateDict()
      for (tensor, done) in zip(network.tensors, record) where !tensor.isHead {
        let expected = tensor.depth <= depth ? source : sampled
        #expect(state[tensor.name] == expected[tensor.name], "\(tensor.name) at \(depth)")
        #expect(tensor.depth > depth || done.treatment == .kept, "\(tensor.name) at \(depth)")
        #expect(done.depth == tensor.depth && done.count == state[tensor.name]?.values.count)
      }
    }
    try Initialisation.weights(source).apply(to: network, seed: 11)
    let weights = try network.stateDict()
    try Initialisation.transfer(source, upTo: deepest).apply(to: network, seed: 11)
    #expect(try network.stateDict() == weights)
  }

  @Test func positionsAreSampledWhereThatIsAskedFor() throws {
    let source = try source("vit_micro")
    let network = try Backbone.make(name: "vit_micro", classes: 3)
    try Initialisation.statistics(source).apply(to: network, seed: 11)
    let kept = try network.stateDict()
    let record = try Initialisation.statistics(source, positional: .sampled).apply(to: network, seed: 11)
    let state = try network.stateDict()
    for (tensor, done) in zip(network.tensors, record) {
      guard tensor.role == .embedding else {
        // The draws of all others are as they were.
        #expect(state[tensor.name] == kept[tensor.name], "\(tensor.name)")
        continue
      }
      let original = moments(try #require(source[tensor.name]).values)
      guard case .sampled(let mean, let deviation) = done.treatment else {
        Issue.record("\(tensor.name) was \(done.treatment)")
        continue
      }
      #expect((mean - original.mean).magnitude < 1e-9 && (deviation - original.deviation).magnitude < 1e-9)
      let drawn = moments(try #require(state[tensor.name]).values)
      let count = Double(done.count)
      // Five standard errors.
      #expect((drawn.mean - mean).magnitude < 5 * deviation / count.squareRoot(), "\(tensor.name)")
      #expect((drawn.deviation / deviation - 1).magnitude < 5 / (2 * count).squareRoot(), "\(tensor.name)")
    }
    // They belong to the first module, which a mixture takes from the source.
    try Initialisation.transfer(source, upTo: -1, positional: .sampled).apply(to: network, seed: 11)
    let mixed = try network.stateDict()
    for name in ["cls_token", "pos_embed"] { #expect(mixed[name] == source[name]) }
  }

  /// The draws of two sources differ by the sources' moments alone: nothing of a place or a name enters them.
  @Test func drawsFollowTheContentOfTheSource() throws {
    let source = try source("resnet_micro")
    var twice = StateDict()
    for entry in source.entries {
      try twice.append(entry.name, shape: entry.shape, values: entry.values.map { 2 * $0 })
    }
    let network = try Backbone.make(name: "resnet_micro", classes: 3)
    try Initialisation.statistics(source).apply(to: network, seed: 4, source: "here.safetensors")
    let one = try network.stateDict()
    try Initialisation.statistics(source).apply(to: network, seed: 4, source: "there.safetensors")
    #expect(try network.stateDict() == one)
    try Initialisation.statistics(twice).apply(to: network, seed: 4)
    let other = try network.stateDict()
    for tensor in network.tensors where tensor.role == .convolutionWeight {
      let pairs = zip(try #require(one[tensor.name]).values, try #require(other[tensor.name]).values)
      #expect(pairs.allSatisfy { (2 * $0 - $1).magnitude <= 1e-5 * max(1, $1.magnitude) }, "\(tensor.name)")
    }
  }

  @Test func dependsOnTheSeedAlone() throws {
    func weights(_ seed: UInt64) throws -> StateDict {
      let network = try Backbone.make(name: "vit_micro", classes: 3)
      try Initialisation.random.apply(to: network, seed: seed)
      return try network.stateDict()
    }
    #expect(try weights(1) == weights(1))
    #expect(try weights(1) != weights(2))
  }

  @Test func namesEveryMisfitOfSourceWeights() throws {
    let network = try Backbone.make(name: "resnet_micro", classes: 3)
    var broken = StateDict()
    for entry in try source("resnet_micro").entries {
      switch entry.name {
      case "conv1.weight":
        try broken.append(entry.name, shape: [16, 3, 9], values: Array(entry.values.prefix(16 * 27)))
      case "bn1.bias": try broken.append(entry.name, shape: entry.shape, values: entry.values.map { _ in .nan })
      case "layer1.0.conv1.weight": continue
      default: try broken.append(entry.name, shape: entry.shape, values: entry.values)
      }
    }
    try broken.append("bn1.num_batches_tracked", shape: [], values: [3])
    try broken.append("classifier.weight", shape: [1], values: [0])
    #expect {
      try Initialisation.weights(broken).apply(to: network, seed: 0, source: "weights/x.safetensors")
    } throws: { error in
      let text = "\(error)"
      return text.hasPrefix("weights/x.safetensors does not fit")
        && [
          "(4 tensor(s))", "wrong shape: conv1.weight", "infinite: bn1.bias", "missing: layer1.0.conv1.weight",
          "left over: classifier.weight",
        ].allSatisfy(text.contains)
    }
  }

  @Test(
    .enabled(if: sharedFolder != nil, "needs GRAFT_SHARED"),
    arguments: [("resnet18", "resnet18"), ("deit_tiny", "deit_tiny_patch16_224")])
  func loadsPublishedWeights(_ backbone: String, _ file: String) throws {
    let weights = try Safetensors.read("\(try #require(sharedFolder))/weights/\(file).safetensors").tensors
    let network = try Backbone.make(name: backbone, classes: 1000)
    let record = try Initialisation.weights(weights).apply(to: network, seed: 0)
    #expect(record.count { $0.treatment == .kept } == network.tensors.count { !$0.isHead })
  }
}
