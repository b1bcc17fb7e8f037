/// What a stage *is*: the SHA-256, as 64 lower-case hexadecimal digits, of its kind, its kind's version, its canonical
/// parameters and the keys of its inputs. Stages with equal keys are one stage.
public struct StageKey: Hashable, Sendable, Comparable, CustomStringConvertible {
  public let hex: String

  /// Takes a text of 64 lower-case hexadecimal digits; nil for any other.
  public init?(hex: String) {
    guard hex.utf8.count == 64, hex.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }) else {
      return nil
    }
    self.hex = hex
  }

  /// The first twelve digits: enough to name a stage to a person.
  public var short: String { String(hex.prefix(12)) }

  public var description: String { hex }

  public static func < (left: StageKey, right: StageKey) -> Bool { left.hex < right.hex }
}

extension StageKey: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let hex = try container.decode(String.self)
    guard let key = StageKey(hex: hex) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a stage key: \(hex)")
    }
    self = key
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(hex)
  }
}

/// The name of one point of the grid: its axis values joined by `/`, in the order data set, backbone, fraction,
/// initialisation, seed, then any further axis as `name=value`. Example: `brain-mri/resnet18/0.25/WT/3`.
public struct CellID: Hashable, Sendable, Comparable, Codable, CustomStringConvertible {
  public let text: String

  public init(_ text: String) { self.text = text }

  public var description: String { text }

  public static func < (left: CellID, right: CellID) -> Bool { left.text < right.text }

  public init(from decoder: any Decoder) throws {
    text = try decoder.singleValueContainer().decode(String.self)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}

/// The kinds of work in a study's graph.
public enum StageKind: String, Hashable, Sendable, Codable, CaseIterable {
  /// Locate, verify and convert a backbone's source weights.
  case weights
  /// Index, validate and decode a data set into an image store.
  case dataset
  /// Train a backbone on a source data set, so that its weights can be transferred.
  case pretrain
  /// Find a setting's learning rate.
  case lrSearch = "lr_search"
  /// Train one cell's model.
  case train
  /// Measure a trained model on its test set.
  case test
  /// Judge each test image by its nearest neighbours among the training images' features.
  case knn
  /// The same at every layer.
  case layerwiseKNN = "layerwise_knn"
  /// Put one module after the other back to its first weights and measure what that costs.
  case layerImportance = "layer_importance"
  /// How far each layer's weights moved in training.
  case l2
  /// How alike the layers' representations are, of a model before and after training.
  case cka
  /// The same of two models of different initialisation.
  case crossCKA = "cross_cka"
  /// The test images' features in two dimensions.
  case embedding
  /// How far a data set's features lie from those of a source.
  case distance
  /// Nothing, for measuring what orchestration costs.
  case noop

  /// Whether it measures one trained model: such stages of one model share passes over its images.
  public var isModelMeasure: Bool {
    switch self {
    case .test, .knn, .layerwiseKNN, .layerImportance, .l2, .cka, .embedding: true
    case .weights, .dataset, .pretrain, .lrSearch, .train, .crossCKA, .distance, .noop: false
    }
  }

  /// Moves when code changes what the kind computes; part of the key.
  public var version: Int { 1 }
}
