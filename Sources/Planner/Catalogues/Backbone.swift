/// A network architecture by name: plain data; the numerics know what it computes.
public struct Backbone: Sendable, Hashable {
  public let name: String
  public let family: Family
  /// The input size it is trained at where a study does not say, in pixels.
  public let imageSize: Int
  /// What the input size must be a multiple of: a DeiT's patch, a Swin's patches times its halvings; 1 for any.
  public let sizeMultiple: Int
  /// The depth of the last module before the head, counted as the study's released code counts: `WT-ST-n` of this n is
  /// `WT`, of -2 it is `ST`.
  public let deepest: Int
  /// Trained numbers with a head of 1,000 classes.
  public let parameters: Int
  /// Multiplications with addition of one image through it, at 224 pixels and in billions, as its makers or its library state
  /// them; nil for a network that is nobody's but Graft's.
  public let multiplyAdds: Double?
  /// The chance that a block's branches are left out in training, at the last block, where a study does not say.
  public let dropPath: Double
  public let meaning: String

  init(
    _ name: String, _ family: Family, imageSize: Int = 224, sizeMultiple: Int = 1, deepest: Int, parameters: Int,
    multiplyAdds: Double? = nil, dropPath: Double = 0, _ meaning: String
  ) {
    self.name = name
    self.family = family
    self.imageSize = imageSize
    self.sizeMultiple = sizeMultiple
    self.deepest = deepest
    self.parameters = parameters
    self.multiplyAdds = multiplyAdds
    self.dropPath = dropPath
    self.meaning = meaning
  }

  public enum Family: String, Sendable, Hashable, CaseIterable {
    case resnet
    case inception
    case deit
    case swin

    /// Whether it is made of blocks with an identity around them that `drop_path` can leave out.
    var hasDroppedPaths: Bool { self == .deit || self == .swin }
    /// Whether its patches may have another size than its own.
    var hasPatchSizes: Bool { self == .deit }
  }
}

/// The backbones a study may name.
public enum BackboneCatalogue {
  public static let all: [Backbone] = [
    Backbone(
      "deit_tiny", .deit, sizeMultiple: 16, deepest: 12, parameters: 5_717_416, multiplyAdds: 1.26,
      "Vision transformer of width 192, 12 blocks, patches of 16 pixels."),
    Backbone(
      "deit_small", .deit, sizeMultiple: 16, deepest: 12, parameters: 22_050_664, multiplyAdds: 4.61,
      "Vision transformer of width 384, 12 blocks, patches of 16 pixels."),
    Backbone(
      "deit_base", .deit, sizeMultiple: 16, deepest: 12, parameters: 86_567_656, multiplyAdds: 17.58,
      "Vision transformer of width 768, 12 blocks, patches of 16 pixels."),
    Backbone(
      "deit_small5b", .deit, sizeMultiple: 16, deepest: 5, parameters: 9_629_416, multiplyAdds: 1.96,
      "The first 5 blocks of deit_small."),
    Backbone(
      "swin_tiny", .swin, sizeMultiple: 32, deepest: 12, parameters: 28_288_354, multiplyAdds: 4.51, dropPath: 0.2,
      "Shifted-window transformer of widths 96 to 768, 2 + 2 + 6 + 2 blocks."),
    Backbone(
      "swin_small", .swin, sizeMultiple: 32, deepest: 24, parameters: 49_606_258, multiplyAdds: 8.77, dropPath: 0.2,
      "Shifted-window transformer of widths 96 to 768, 2 + 2 + 18 + 2 blocks."),
    Backbone(
      "swin_base", .swin, sizeMultiple: 32, deepest: 24, parameters: 87_768_224, multiplyAdds: 15.47, dropPath: 0.2,
      "Shifted-window transformer of widths 128 to 1024, 2 + 2 + 18 + 2 blocks."),
    // Made for images of 299 pixels; the study gives it 224, as it does all others.
    Backbone(
      "inception_v3", .inception, deepest: 5, parameters: 23_834_568, multiplyAdds: 2.85,
      "Inception v3 without its auxiliary head."),
    Backbone("resnet18", .resnet, deepest: 4, parameters: 11_689_512, multiplyAdds: 1.82, "ResNet of 18 layers."),
    Backbone("resnet34", .resnet, deepest: 4, parameters: 21_797_672, multiplyAdds: 3.68, "ResNet of 34 layers."),
    Backbone(
      "resnet50", .resnet, deepest: 4, parameters: 25_557_032, multiplyAdds: 4.12,
      "ResNet of 50 layers, in bottlenecks."),
    Backbone(
      "resnet101", .resnet, deepest: 4, parameters: 44_549_160, multiplyAdds: 7.85,
      "ResNet of 101 layers, in bottlenecks."),
    Backbone(
      "resnet152", .resnet, deepest: 4, parameters: 60_192_808, multiplyAdds: 11.58,
      "ResNet of 152 layers, in bottlenecks."),
    Backbone(
      "resnet_micro", .resnet, imageSize: 32, deepest: 3, parameters: 142_392,
      "A small residual network for images of about 32 pixels."),
    Backbone(
      "vit_micro", .deit, imageSize: 32, sizeMultiple: 8, deepest: 4, parameters: 172_312,
      "A small vision transformer for images of about 32 pixels, patches of 8 pixels."),
  ]

  private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

  /// The backbone of a name; nil where there is none.
  public static func named(_ name: String) -> Backbone? { byName[name] }
}
