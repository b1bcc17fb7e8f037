/// The backbones that there are.
public enum Backbone: String, Sendable, Codable, Hashable, CaseIterable {
  case deit_tiny, deit_small, deit_base
  /// DeiT-S cut to its first five blocks.
  case deit_small5b
  case swin_tiny, swin_small, swin_base
  case resnet18, resnet34, resnet50, resnet101, resnet152
  case inception_v3
  /// A residual network for images of 32 pixels and thereabouts, cheap enough for a study of minutes on a CPU.
  case resnet_micro
  /// A vision transformer for images of 32 pixels and thereabouts.
  case vit_micro

  /// The image side that a study has where it does not say. Inception v3 was trained at 299 pixels; the study shows it 224 as
  /// the others.
  public var nativeImageSize: Int {
    switch self {
    case .resnet_micro, .vit_micro: 32
    default: 224
    }
  }

  /// A network of the backbone with a head for the classes. Its weights are zeros until an initialisation fills them.
  ///
  /// - Parameters:
  ///   - name: A backbone's name.
  ///   - classes: At least 1.
  /// - Throws: `EngineError.specification` for what cannot be made.
  public static func make(
    name: String, classes: Int, options: NetworkOptions = NetworkOptions(), device: Device = .cpu
  ) throws -> any Network {
    guard let backbone = Backbone(rawValue: name) else {
      throw EngineError.specification(
        "unknown backbone '\(name)': the backbones are \(allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return try backbone.make(classes: classes, options: options, device: device)
  }

  public func make(classes: Int, options: NetworkOptions = NetworkOptions(), device: Device = .cpu) throws
    -> any Network
  {
    guard classes >= 1 else { throw EngineError.specification("a head of \(classes) classes: give at least 1") }
    let shape = NetworkShape(
      classes: classes, imageSize: options.imageSize ?? nativeImageSize, channels: options.channels,
      patchSize: options.patchSize, dropPath: options.dropPath, device: device)
    try shape.check(for: self)
    switch self {
    case .deit_tiny: return try VisionTransformer(.deitTiny, shape)
    case .deit_small: return try VisionTransformer(.deitSmall, shape)
    case .deit_base: return try VisionTransformer(.deitBase, shape)
    case .deit_small5b: return try VisionTransformer(.deitSmall5b, shape)
    case .vit_micro: return try VisionTransformer(.micro, shape)
    case .swin_tiny: return try SwinTransformer(.tiny, shape)
    case .swin_small: return try SwinTransformer(.small, shape)
    case .swin_base: return try SwinTransformer(.base, shape)
    case .resnet18: return try ResNet(.resnet18, shape)
    case .resnet34: return try ResNet(.resnet34, shape)
    case .resnet50: return try ResNet(.resnet50, shape)
    case .resnet101: return try ResNet(.resnet101, shape)
    case .resnet152: return try ResNet(.resnet152, shape)
    case .resnet_micro: return try ResNet(.micro, shape)
    case .inception_v3: return try InceptionV3(shape)
    }
  }
}

/// What may differ between two networks of one backbone.
public struct NetworkOptions: Sendable, Codable, Hashable {
  /// Height and width of the images; nil means the backbone's own.
  public var imageSize: Int?
  /// A transformer's patch in pixels; nil means its own. Other families have none.
  public var patchSize: Int?
  /// 3, or 1 for a stem that sees one channel.
  public var channels: Int
  /// The greatest probability of stochastic depth, that of the last block; nil means the backbone's own: 0.2 for Swin, else 0.
  public var dropPath: Double?

  public init(imageSize: Int? = nil, patchSize: Int? = nil, channels: Int = 3, dropPath: Double? = nil) {
    self.imageSize = imageSize
    self.patchSize = patchSize
    self.channels = channels
    self.dropPath = dropPath
  }
}

/// What a network is made for: the options with what the backbone adds.
struct NetworkShape {
  let classes: Int
  let imageSize: Int
  let channels: Int
  let patchSize: Int?
  let dropPath: Double?
  let device: Device

  fileprivate func check(for backbone: Backbone) throws {
    func refuse(_ text: String) -> EngineError { .specification("\(backbone.rawValue): \(text)") }
    guard channels == 1 || channels == 3 else { throw refuse("images of \(channels) channels; give 1 or 3") }
    if let dropPath, !(0..<1).contains(dropPath) {
      throw refuse("drop_path is \(dropPath); give a number from 0 to less than 1")
    }
    let isTransformer = backbone.rawValue.hasPrefix("deit") || backbone == .vit_micro
    if let patchSize, !isTransformer {
      throw refuse("patch_size \(patchSize): only DeiT's patches have a size to choose")
    }
    let hasBranches = isTransformer || backbone.rawValue.hasPrefix("swin")
    if let dropPath, dropPath > 0, !hasBranches { throw refuse("drop_path \(dropPath): only transformers drop paths") }
  }
}
