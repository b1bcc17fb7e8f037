/// The backbones that there are.
public enum Backbone: String, Sendable, Codable, Hashable, CaseIterable {
  case resnet18
  case deit_tiny
  /// A residual network for images of 32 pixels and thereabouts, cheap enough for a study of minutes on a CPU.
  case resnet_micro
  /// A vision transformer for images of 32 pixels and thereabouts.
  case vit_micro

  /// The image side that it is made for.
  public var nativeImageSize: Int {
    switch self {
    case .resnet18, .deit_tiny: 224
    case .resnet_micro, .vit_micro: 32
    }
  }

  /// A network of the backbone with a head for the classes. Its weights are zeros until an initialisation fills them.
  ///
  /// - Parameters:
  ///   - name: A backbone's name.
  ///   - classes: At least 1.
  ///   - imageSize: Height and width of the images; nil means the native size. A transformer's must be a multiple of its
  ///     patch size.
  ///   - channels: Of the images: 3, or 1 for a stem that takes grey ones.
  /// - Throws: `EngineError.specification` for what cannot be made.
  public static func make(
    name: String, classes: Int, imageSize: Int? = nil, channels: Int = 3, device: Device = .cpu
  ) throws -> any Network {
    guard let backbone = Backbone(rawValue: name) else {
      throw EngineError.specification(
        "unknown backbone '\(name)': the backbones are \(allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return try backbone.make(classes: classes, imageSize: imageSize, channels: channels, device: device)
  }

  public func make(
    classes: Int, imageSize: Int? = nil, channels: Int = 3, device: Device = .cpu
  ) throws -> any Network {
    let side = imageSize ?? nativeImageSize
    guard classes >= 1 else { throw EngineError.specification("a head of \(classes) classes: give at least 1") }
    guard channels == 1 || channels == 3 else {
      throw EngineError.specification("images of \(channels) channels: a network takes 1 or 3")
    }
    switch self {
    case .resnet18:
      return try ResNet(.resnet18, classes: classes, imageSize: side, channels: channels, device: device)
    case .resnet_micro:
      return try ResNet(.micro, classes: classes, imageSize: side, channels: channels, device: device)
    case .deit_tiny:
      return try VisionTransformer(.deitTiny, classes: classes, imageSize: side, channels: channels, device: device)
    case .vit_micro:
      return try VisionTransformer(.micro, classes: classes, imageSize: side, channels: channels, device: device)
    }
  }
}
