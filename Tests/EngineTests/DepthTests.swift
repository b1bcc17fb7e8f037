import Engine
import Testing

/// Where tensors stand from input to output, as the study's released code counts the modules of WT-ST-n.
@Suite struct DepthTests {
  struct Case: CustomTestStringConvertible {
    let backbone: String
    let depths: [String: Int]
    var testDescription: String { backbone }
  }

  private static let all = [
    Case(
      backbone: "deit_tiny",
      depths: [
        "cls_token": -1, "pos_embed": -1, "patch_embed.proj.bias": -1, "blocks.0.norm1.weight": 0,
        "blocks.11.mlp.fc2.bias": 11, "norm.weight": 12,
      ]),
    Case(backbone: "deit_small5b", depths: ["pos_embed": -1, "blocks.4.attn.qkv.weight": 4, "norm.bias": 5]),
    Case(
      backbone: "resnet18",
      depths: [
        "conv1.weight": -1, "bn1.weight": 0, "bn1.running_var": 0, "layer1.0.conv1.weight": 1,
        "layer2.0.downsample.0.weight": 2, "layer4.1.bn2.bias": 4,
      ]),
    Case(
      backbone: "resnet50",
      depths: ["conv1.weight": -1, "bn1.bias": 0, "layer1.2.bn3.weight": 1, "layer4.0.downsample.1.weight": 4]),
    // Blocks of all stages one after the other; a merging of patches goes with the block behind it.
    Case(
      backbone: "swin_tiny",
      depths: [
        "patch_embed.proj.weight": -1, "patch_embed.norm.weight": -1,
        "layers.0.blocks.1.attn.relative_position_bias_table": 1, "layers.1.downsample.reduction.weight": 2,
        "layers.1.downsample.norm.bias": 2, "layers.1.blocks.0.norm1.weight": 2, "layers.2.blocks.5.mlp.fc2.bias": 9,
        "layers.3.downsample.norm.weight": 10, "layers.3.blocks.1.norm2.weight": 11, "norm.weight": 12,
      ]),
    Case(
      backbone: "inception_v3",
      depths: [
        "Conv2d_1a_3x3.conv.weight": -1, "Conv2d_1a_3x3.bn.weight": -1, "Conv2d_2a_3x3.conv.weight": 0,
        "Conv2d_2b_3x3.bn.bias": 0, "Conv2d_3b_1x1.conv.weight": 1, "Conv2d_4a_3x3.conv.weight": 2,
        "Mixed_5b.branch1x1.conv.weight": 3, "Mixed_5d.branch_pool.bn.weight": 3, "Mixed_6a.branch3x3.conv.weight": 4,
        "Mixed_6e.branch1x1.conv.weight": 4, "Mixed_7a.branch3x3_1.conv.weight": 5, "Mixed_7c.branch1x1.bn.bias": 5,
      ]),
  ]

  /// Those that the engine computes.
  static let cases = all.filter { Backbone.named($0.backbone) != nil }

  @Test(arguments: cases) func standsWhereTheReleasedCodeCountsIt(_ test: Case) throws {
    let network = try Backbone.make(name: test.backbone, classes: 2)
    let depths = Dictionary(uniqueKeysWithValues: network.tensors.map { ($0.name, $0.depth) })
    for (tensor, depth) in test.depths { #expect(depths[tensor] == depth, "\(tensor)") }
    // From input to output, none goes back.
    let order = network.tensors.filter { !$0.isHead }.map(\.depth)
    #expect(order == order.sorted())
  }

  /// Tables of position biases belong to their blocks.
  @Test func aSwinsTablesAreSampledBehindTheDepth() throws {
    let network = try Backbone.make(name: "swin_tiny", classes: 2)
    let source = try Fixture.weights(for: network)
    let kept = try Initialisation.transfer(source, upTo: 3).apply(to: network, seed: 1)
    let sampled = try Initialisation.transfer(source, upTo: 3, positional: .sampled).apply(to: network, seed: 1)
    let tables = network.tensors.indices.filter { network.tensors[$0].role == .biasTable }
    #expect(tables.count == 12)
    for index in tables {
      #expect(kept[index].treatment == .kept, "\(kept[index].name)")
      #expect((sampled[index].treatment == .kept) == (network.tensors[index].depth <= 3), "\(sampled[index].name)")
    }
    for index in network.tensors.indices where !tables.contains(index) { #expect(sampled[index] == kept[index]) }
  }
}
