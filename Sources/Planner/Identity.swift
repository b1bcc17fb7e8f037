import Hashing

/// What a stage *is*: the SHA-256 of its kind, its kind's version, its canonical parameters and the keys of its inputs,
/// written as 64 lower-case hexadecimal digits. Stages with equal keys are one stage.
public struct StageKey: Hashable, Sendable, Comparable, CustomStringConvertible {
  // The digest's bytes, the first the most significant.
  private let first, second, third, fourth: UInt64

  /// Takes 32 bytes; nil for any other number.
  public init?(bytes: UnsafeRawBufferPointer) {
    guard bytes.count == Self.byteCount else { return nil }
    func word(_ index: Int) -> UInt64 {
      UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self))
    }
    (first, second, third, fourth) = (word(0), word(1), word(2), word(3))
  }

  /// Takes a text of 64 lower-case hexadecimal digits; nil for any other.
  public init?(hex: some StringProtocol) { self.init(hexDigits: hex.utf8) }

  /// Takes 64 lower-case hexadecimal digits; nil for anything else.
  public init?(hexDigits: some Sequence<UInt8>) {
    var (first, second, third, fourth): (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    var count = 0
    for digit in hexDigits {
      let value: UInt8
      switch digit {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = digit - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): value = digit - UInt8(ascii: "a") + 10
      default: return nil
      }
      switch count / 16 {
      case 0: first = first << 4 | UInt64(value)
      case 1: second = second << 4 | UInt64(value)
      case 2: third = third << 4 | UInt64(value)
      case 3: fourth = fourth << 4 | UInt64(value)
      default: return nil
      }
      count += 1
    }
    guard count == 2 * Self.byteCount else { return nil }
    (self.first, self.second, self.third, self.fourth) = (first, second, third, fourth)
  }

  public static let byteCount = 32

  /// Calls a function with the 32 bytes.
  public func withBytes<Value>(_ body: (UnsafeRawBufferPointer) throws -> Value) rethrows -> Value {
    try withUnsafeBytes(of: (first.bigEndian, second.bigEndian, third.bigEndian, fourth.bigEndian), body)
  }

  /// 64 lower-case hexadecimal digits.
  public var hex: String { withBytes { HexText.text(of: $0) } }

  /// The first twelve digits: enough to name a stage to a person.
  public var short: String { withBytes { HexText.text(of: $0.prefix(6)) } }

  public var description: String { hex }

  /// A number that spreads evenly over keys: a digest needs no hashing.
  var spread: UInt64 { first }

  public func hash(into hasher: inout Hasher) { hasher.combine(first) }

  public static func < (left: StageKey, right: StageKey) -> Bool {
    (left.first, left.second, left.third, left.fourth) < (right.first, right.second, right.third, right.fourth)
  }
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
  /// How much a test's metrics hang on which images are in the test set.
  case testBootstrap = "test_bootstrap"
  /// Nothing, for measuring what orchestration costs.
  case noop

  /// Its place among all kinds, which is how it lies in memory.
  public var ordinal: Int { Int(unsafeBitCast(self, to: UInt8.self)) }

  /// By its place among the kinds, not by its name, as an enumeration of texts would be.
  public func hash(into hasher: inout Hasher) { hasher.combine(ordinal) }

  /// Moves when code changes what the kind computes; part of the key.
  public var version: Int { 1 }
}
