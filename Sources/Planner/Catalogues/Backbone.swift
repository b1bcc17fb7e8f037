/// A network architecture by name: plain data; the numerics know what it computes.
public struct Backbone: Sendable, Hashable {
  public let name: String
  public let family: Family
  /// The input size it is trained at where a study does not say, in pixels.
  public let imageSize: Int
  /// What the input size must be a multiple of: a transformer's patch; 1 for any.
  public let sizeMultiple: Int
  public let meaning: String

  public enum Family: String, Sendable, Hashable, CaseIterable {
    case resnet
    case deit
  }
}

/// The backbones a study may name.
public enum BackboneCatalogue {
  public static let all: [Backbone] = [
    Backbone(name: "resnet18", family: .resnet, imageSize: 224, sizeMultiple: 1, meaning: "ResNet of 18 layers."),
    Backbone(
      name: "deit_tiny", family: .deit, imageSize: 224, sizeMultiple: 16,
      meaning: "Vision transformer of width 192, 12 blocks, patches of 16 pixels."),
    Backbone(
      name: "resnet_micro", family: .resnet, imageSize: 32, sizeMultiple: 1,
      meaning: "A small residual network for images of about 32 pixels."),
    Backbone(
      name: "vit_micro", family: .deit, imageSize: 32, sizeMultiple: 8,
      meaning: "A small vision transformer for images of about 32 pixels, patches of 8 pixels."),
  ]

  /// The backbone of a name; nil where there is none.
  public static func named(_ name: String) -> Backbone? { all.first { $0.name == name } }
}

/// How a cell's weights begin, of those this version can do.
public enum InitialisationCatalogue {
  /// `RI` random, `ST` statistics transfer, `WT` weight transfer.
  public static let all = ["RI", "ST", "WT"]

  /// Whether it reads source weights.
  public static func readsWeights(_ initialisation: String) -> Bool { initialisation != "RI" }
}
