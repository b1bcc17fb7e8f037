/// A backbone that there is: its name and what makes a network of it. The file of each family lists its own.
public struct Backbone: Sendable {
  public let name: String
  /// The image side that a study has where it does not say, in pixels.
  public let nativeImageSize: Int
  /// Whether its patches may have another size than its own.
  let hasPatchSizes: Bool
  /// Whether it is made of blocks with an identity around them, whose branches training may leave out.
  let hasDroppedPaths: Bool
  private let network: @Sendable (NetworkShape) throws -> any Network

  /// - Parameter network: Makes one for a shape.
  init(
    _ name: String, imageSize: Int = 224, hasPatchSizes: Bool = false, hasDroppedPaths: Bool = false,
    network: @escaping @Sendable (NetworkShape) throws -> any Network
  ) {
    self.name = name
    nativeImageSize = imageSize
    self.hasPatchSizes = hasPatchSizes
    self.hasDroppedPaths = hasDroppedPaths
    self.network = network
  }

  public static let all =
    VisionTransformer.backbones + SwinTransformer.backbones + ResNet.backbones + InceptionV3.backbones

  /// The backbone of a name; nil where there is none.
  public static func named(_ name: String) -> Backbone? { all.first { $0.name == name } }

  /// A network of the backbone with a head for the classes. Its weights are zeros until an initialisation fills them.
  ///
  /// - Parameters:
  ///   - name: A backbone's name.
  ///   - classes: At least 1.
  /// - Throws: `EngineError.specification` for what cannot be made.
  public static func make(
    name: String, classes: Int, options: NetworkOptions = NetworkOptions(), device: Device = .cpu
  ) throws -> any Network {
    guard let backbone = named(name) else {
      throw EngineError.specification(
        "unknown backbone '\(name)': the backbones are \(all.map(\.name).joined(separator: ", "))")
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
    return try network(shape)
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
    func refuse(_ text: String) -> EngineError { .specification("\(backbone.name): \(text)") }
    guard channels == 1 || channels == 3 else { throw refuse("images of \(channels) channels; give 1 or 3") }
    if let dropPath, !(0..<1).contains(dropPath) {
      throw refuse("drop_path is \(dropPath); give a number from 0 to less than 1")
    }
    if let patchSize, !backbone.hasPatchSizes {
      throw refuse("patch_size \(patchSize): only DeiT's patches have a size to choose")
    }
    if let dropPath, dropPath > 0, !backbone.hasDroppedPaths {
      throw refuse("drop_path \(dropPath): only transformers drop paths")
    }
  }
}
