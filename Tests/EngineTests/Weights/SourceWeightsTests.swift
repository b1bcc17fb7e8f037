import Engine
import Foundation
import Testing

/// Whatever a file calls its tensors, a network gets its own.
@Suite struct SourceWeightsTests {
  private static let names = FixtureFile.decode("source-names.json", as: [String: [String]].self)

  /// Heads and tables of real networks are left aside, all else finds its place, once.
  @Test(arguments: [
    ("swin_tiny", "swin_tiny", "head."), ("swin_tiny", "swin_tiny of the official release", "head."),
    ("swin_tiny", "swin_tiny of torchvision", "head."), ("deit_small", "deit_small", "head."),
    ("deit_tiny", "deit_tiny", "head."), ("resnet50", "resnet50", "fc."), ("resnet50", "resnet50 of timm", "fc."),
    ("resnet18", "resnet18", "fc."), ("inception_v3", "inception_v3", "fc."),
    ("inception_v3", "inception_v3 with its second head", "fc."),
  ])
  func realNamesFindTheirPlaces(_ network: String, _ file: String, _ head: String) throws {
    let expected = Set(
      try #require(Self.names[network]).filter { !$0.hasPrefix(head) && !$0.hasSuffix("num_batches_tracked") })
    let stored = try #require(Self.names[file])
    for prefix in ["", "module.", "module.backbone.", "encoder."] {
      let names = SourceNames(stored.map { prefix + $0 }, expected: expected)
      #expect(Set(names.own.values) == expected, "\(prefix)")
      #expect(names.own.count == expected.count)
      #expect(names.own.count + names.leftAside.count == stored.count)
      let aside = ["num_batches_tracked", "relative_position_index", "attn_mask"]
      #expect(
        names.leftAside.allSatisfy { name in
          aside.contains(where: name.hasSuffix) || name.contains("head.") || name.contains("fc.")
            || name.contains("AuxLogits.")
        })
    }
  }

  /// The official release counts a patch merging to the stage before it.
  @Test func swinsPatchMergingsMoveByAStage() throws {
    let expected = Set(try #require(Self.names["swin_tiny"]).filter { !$0.hasPrefix("head.") })
    let official = SourceNames(try #require(Self.names["swin_tiny of the official release"]), expected: expected)
    #expect(official.own["layers.0.downsample.norm.weight"] == "layers.1.downsample.norm.weight")
    #expect(official.own["layers.2.downsample.reduction.weight"] == "layers.3.downsample.reduction.weight")
    #expect(official.own["layers.1.blocks.0.norm1.weight"] == "layers.1.blocks.0.norm1.weight")
    let torchvision = SourceNames(try #require(Self.names["swin_tiny of torchvision"]), expected: expected)
    #expect(torchvision.own["features.0.0.weight"] == "patch_embed.proj.weight")
    #expect(torchvision.own["features.2.reduction.weight"] == "layers.1.downsample.reduction.weight")
    #expect(torchvision.own["features.5.4.mlp.3.bias"] == "layers.2.blocks.4.mlp.fc2.bias")
  }

  /// A network of the first blocks alone takes a deeper one's file; what it has no block for is told.
  @Test func aShallowerTransformerIsCutFromADeeperOnesFile() throws {
    let stored = try #require(Self.names["deit_small"])
    func isWithin(_ name: String) -> Bool {
      let parts = name.split(separator: ".")
      return parts[0] != "blocks" || (Int(parts[1]) ?? 99) < 5
    }
    let expected = Set(stored.filter { isWithin($0) && !$0.hasPrefix("head.") })
    let names = SourceNames(stored, expected: expected)
    #expect(Set(names.own.values) == expected)
    #expect(names.furtherBlocks == [5, 6, 7, 8, 9, 10, 11])
    #expect(SourceNames(stored, expected: Set(stored)).furtherBlocks.isEmpty)
  }

  private func write(_ state: StateDict, _ folder: ScratchFolder) throws -> String {
    let path = "\(folder.path)/weights.safetensors"
    try Safetensors.write(state, to: path)
    return path
  }

  @Test(arguments: ["resnet_micro", "vit_micro"]) func readsANetworksWeightsUnderOtherNames(_ backbone: String) throws {
    let network = try Backbone.make(name: backbone, classes: 3)
    let weights = try Fixture.weights(for: network)
    var file = StateDict()
    for entry in weights.entries where !entry.name.hasPrefix("fc.") {
      try file.append("module.backbone.\(entry.name)", shape: entry.shape, values: entry.values)
    }
    try file.append("fc.weight", shape: [7, 5], values: [Float](repeating: .nan, count: 35))
    try file.append("module.bn1.num_batches_tracked", shape: [], values: [1])
    let folder = try ScratchFolder()
    let source = try SourceWeights.read(write(file, folder), for: network)
    let own = network.tensors.filter { !$0.isHead }
    #expect(source.tensors.names == own.map(\.name))
    for tensor in own { #expect(source.tensors[tensor.name] == weights[tensor.name]) }
    #expect(source.leftAside.contains("fc.weight") && source.leftAside.contains("module.bn1.num_batches_tracked"))
    #expect(source.format == .safetensors)
  }

  /// The same from a file of torch.save, in a wrapper, with numbers that are not those of another tensor.
  @Test(arguments: [("resnet_micro", "model", "module."), ("vit_micro", "teacher", "backbone.")])
  func readsANetworksWeightsFromATorchFile(_ backbone: String, _ wrapper: String, _ prefix: String) throws {
    let network = try Backbone.make(name: backbone, classes: 3)
    let weights = try Fixture.weights(for: network)
    let folder = try ScratchFolder()
    let path = try folder.write("w.pth", ZipBytes.torch(weights, wrapper: wrapper, prefix: prefix).bytes)
    let source = try SourceWeights.read(path, for: network)
    #expect(source.format == .torch)
    #expect(
      source.tensors.entries == weights.entries.filter { !$0.name.hasPrefix("fc.") && !$0.name.hasPrefix("head.") })
    #expect(source.leftAside.count == 2)
  }

  @Test func namesEveryMisfitAtOnce() throws {
    let network = try Backbone.make(name: "resnet_micro", classes: 3)
    var file = StateDict()
    for entry in try Fixture.weights(for: network).entries where entry.name != "layer1.0.conv1.weight" {
      let isStem = entry.name == "conv1.weight"
      try file.append(
        "module.\(entry.name)", shape: isStem ? [16, 27] : entry.shape, values: entry.values)
    }
    try file.append("layer9.weight", shape: [1], values: [0])
    try file.append("bn1.bias", shape: [16], values: [Float](repeating: 0, count: 16))
    let folder = try ScratchFolder()
    let path = try write(file, folder)
    let error = #expect(throws: EngineError.self) { try SourceWeights.read(path, for: network) }
    let text = error?.message ?? ""
    #expect(text.hasPrefix("\(path) does not fit this backbone (4 tensor(s)):\n"), "\(text)")
    for line in [
      "wrong shape: conv1.weight is [16, 27], not [16, 3, 3, 3]", "missing: layer1.0.conv1.weight [16, 16, 3, 3]",
      "left over: layer9.weight [1]", "twice: bn1.bias, as module.bn1.bias and as bn1.bias",
    ] {
      #expect(text.contains(line), "\(text)")
    }
  }

  /// Another model's file lists both sides.
  @Test func anotherModelsFileIsRefused() throws {
    let folder = try ScratchFolder()
    let path = try write(Fixture.weights(for: Backbone.make(name: "vit_micro", classes: 3)), folder)
    let network = try Backbone.make(name: "resnet_micro", classes: 3)
    let error = #expect(throws: EngineError.self) { try SourceWeights.read(path, for: network) }
    let text = error?.message ?? ""
    #expect(text.contains("missing: conv1.weight") && text.contains("left over: blocks.3.mlp.fc2.bias"), "\(text)")
    #expect(text.contains("; use weights of this backbone"), "\(text)")
  }

  @Test func numbersThatAreNoneAreNamed() throws {
    let network = try Backbone.make(name: "vit_micro", classes: 3)
    var file = StateDict()
    for entry in try Fixture.weights(for: network).entries {
      var values = entry.values
      if entry.name == "blocks.1.attn.qkv.weight" { values[5] = .nan }
      if entry.name == "norm.bias" { values[0] = -.infinity }
      try file.append(entry.name, shape: entry.shape, values: values)
    }
    let folder = try ScratchFolder()
    let path = try write(file, folder)
    let error = #expect(throws: EngineError.self) { try SourceWeights.read(path, for: network) }
    let text = error?.message ?? ""
    #expect(text.hasPrefix("\(path) holds damaged weights"), "\(text)")
    #expect(text.contains("not a number or infinite: blocks.1.attn.qkv.weight, value 5"), "\(text)")
    #expect(text.contains("not a number or infinite: norm.bias, value 0"), "\(text)")
  }
}

/// Source weights at other sizes than they were made for.
@Suite struct SourceFittingTests {
  private struct Resized: Decodable, Sendable, CustomTestStringConvertible {
    let kind: String
    let from: [Int]
    let to: [Int]
    let values: [Float]
    var testDescription: String { "\(kind) \(from) to \(to)" }

    static let all: [Resized] = FixtureFile.decode("resampling.json")
  }

  /// timm's own functions compute in float32; 1e-5 is a few of its roundings, of numbers up to 1. A pseudoinverse rounds
  /// some more.
  @Test(arguments: Resized.all) private func agreesWithTimm(_ example: Resized) throws {
    let waves = (0..<example.from.reduce(1, *)).map { Float(sin(Double($0) * 0.7 + 0.1)) }
    let kind: TensorResizing.Kind =
      switch example.kind {
      case "positions": .positions
      case "relative": .relativePositions
      default: .patchFilters
      }
    let values = try #require(kind.resized(waves, from: example.from, to: example.to))
    #expect(relativeError(values, example.values) < 1e-5)
  }

  @Test func positionsFollowTheImageSize() throws {
    let source = try Fixture.weights(for: Backbone.make(name: "vit_micro", classes: 2))
    let network = try Backbone.make(name: "vit_micro", classes: 2, options: NetworkOptions(imageSize: 48))
    let (fitted, resized) = try source.fitted(to: network)
    #expect(resized.map(\.text) == ["pos_embed: bicubic from 4 x 4 to 6 x 6 patches"])
    #expect(fitted["pos_embed"]?.shape == [1, 37, 48])
    // The class token's own position stays.
    #expect(fitted["pos_embed"]?.values.prefix(48) == source["pos_embed"]?.values.prefix(48))
    try Initialisation.weights(fitted).apply(to: network, seed: 0)
    // At its own size nothing is touched.
    let same = try source.fitted(to: Backbone.make(name: "vit_micro", classes: 2))
    #expect(same.weights == source && same.resized.isEmpty)
    // Nor is a grid that no image has: what a file claims is not to fill the memory.
    #expect(TensorResizing.Kind.positions.resized([], from: [1, 1 + 4_000_000 * 4_000_000, 2], to: [1, 5, 2]) == nil)
    // Another width is no other size.
    #expect(TensorResizing.Kind.positions.resized([1, 2, 3, 4], from: [1, 2, 2], to: [1, 5, 3]) == nil)
    #expect(TensorResizing.Kind.positions.resized([1, 2, 3], from: [1, 3, 1], to: [1, 5, 1]) == nil)
  }

  @Test func aFileKeepsItsSizesUntilANetworkIsAtHand() throws {
    let larger = try Fixture.weights(
      for: Backbone.make(name: "vit_micro", classes: 2, options: NetworkOptions(imageSize: 64)))
    let folder = try ScratchFolder()
    let path = "\(folder.path)/weights.safetensors"
    try Safetensors.write(larger, to: path)
    let source = try SourceWeights.read(path, for: Backbone.make(name: "vit_micro", classes: 2))
    #expect(source.tensors["pos_embed"] == larger["pos_embed"])
  }

  /// A stem of one channel by the sum shows a grey image to the network as three equal channels do.
  @Test(arguments: ["resnet_micro", "vit_micro"]) func theSumOfTheFiltersIsWhatThreeEqualChannelsSee(
    _ backbone: String
  ) throws {
    let colour = try Backbone.make(name: backbone, classes: 4)
    let weights = try Fixture.weights(for: colour)
    try colour.load(weights)
    let grey = try Backbone.make(name: backbone, classes: 4, options: NetworkOptions(channels: 1))
    #expect(grey.parameterCount < colour.parameterCount)
    try grey.load(weights.withStem(.sum, for: grey))
    let image = Fixture.formula("grey", count: 2 * 32 * 32).map { Float($0) }
    let three = image[..<1024] + image[..<1024] + image[..<1024] + image[1024...] + image[1024...] + image[1024...]
    let seen = try grey(Tensor(image, shape: [2, 1, 32, 32]), pass: .evaluation).values()
    let expected = try colour(Tensor(Array(three), shape: [2, 3, 32, 32]), pass: .evaluation).values()
    #expect(relativeError(seen, expected) < 1e-5)
  }

  @Test func theFirstFilterIsKeptAsItIs() throws {
    let weights = try Fixture.weights(for: Backbone.make(name: "resnet_micro", classes: 4))
    let grey = try Backbone.make(name: "resnet_micro", classes: 4, options: NetworkOptions(channels: 1))
    let stem = try #require(weights["conv1.weight"])
    func filters(_ stem: Stem) throws -> [Float] {
      try #require(weights.withStem(stem, for: grey)["conv1.weight"]).values
    }
    let (first, sum, mean) = (try filters(.first), try filters(.sum), try filters(.mean))
    for output in 0..<16 {
      for pixel in 0..<9 {
        let channels = (0..<3).map { stem.values[(output * 3 + $0) * 9 + pixel] }
        #expect(first[output * 9 + pixel] == channels[0])
        #expect((sum[output * 9 + pixel] - channels.reduce(0, +)).magnitude < 1e-6)
        #expect((mean[output * 9 + pixel] - channels.reduce(0, +) / 3).magnitude < 1e-6)
      }
    }
    // A fresh stem is one of one channel from the start.
    try Initialisation.random.apply(to: grey, seed: 1)
    #expect(try grey.stateDict()["conv1.weight"]?.shape == [16, 1, 3, 3])
    #expect(throws: EngineError.self) {
      try Backbone.make(name: "resnet_micro", classes: 4, options: NetworkOptions(channels: 2))
    }
  }
}
