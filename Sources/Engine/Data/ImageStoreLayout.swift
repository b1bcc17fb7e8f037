import Foundation

/// How an image store lies on disk. All numbers are little-endian.
///
///     header    96 bytes: magic, version, channels, count, where the index begins, lengths, digest of the index
///     pixels    8 bits a sample; an image's channels one after the other, rows without padding
///     index     a record of 32 bytes an image
///     paths     UTF-8, one after the other
///     facts     `ImageStoreFacts` as JSON
///
/// The index, the paths and the facts are covered by the header's SHA-256. The facts hold a digest of the content.
enum ImageStoreLayout {
  static let magic: [UInt8] = Array("GRAFTIMG".utf8)
  static let version: UInt32 = 1
  static let headerSize = 96
  static let recordSize = 32

  struct Header {
    var channels: UInt32
    var count: UInt64
    var indexOffset: UInt64
    var pathsLength: UInt64
    var factsLength: UInt64
    /// 32 bytes.
    var digest: [UInt8]

    var bytes: [UInt8] {
      var bytes = magic
      append(version, to: &bytes)
      append(channels, to: &bytes)
      for number in [count, indexOffset, pathsLength, factsLength] { append(number, to: &bytes) }
      bytes += digest
      return bytes + Array(repeating: 0, count: headerSize - bytes.count)
    }

    /// - Precondition: `bytes` holds a header's size.
    init(_ bytes: UnsafeRawBufferPointer) {
      channels = number(bytes, 12)
      count = number(bytes, 16)
      indexOffset = number(bytes, 24)
      pathsLength = number(bytes, 32)
      factsLength = number(bytes, 40)
      digest = Array(bytes[48..<80])
    }

    init(
      channels: UInt32, count: UInt64, indexOffset: UInt64, pathsLength: UInt64, factsLength: UInt64, digest: [UInt8]
    ) {
      self.channels = channels
      self.count = count
      self.indexOffset = indexOffset
      self.pathsLength = pathsLength
      self.factsLength = factsLength
      self.digest = digest
    }
  }

  /// Where an image lies and what it is.
  struct Record {
    var offset: UInt64
    var height: UInt32
    var width: UInt32
    var label: UInt32
    /// Its place in `Split.allCases`.
    var split: UInt32
    /// Where its path ends among the paths.
    var pathEnd: UInt64

    func append(to bytes: inout [UInt8]) {
      ImageStoreLayout.append(offset, to: &bytes)
      for number in [height, width, label, split] { ImageStoreLayout.append(number, to: &bytes) }
      ImageStoreLayout.append(pathEnd, to: &bytes)
    }

    init(_ bytes: UnsafeRawBufferPointer, at place: Int) {
      offset = number(bytes, place)
      height = number(bytes, place + 8)
      width = number(bytes, place + 12)
      label = number(bytes, place + 16)
      split = number(bytes, place + 20)
      pathEnd = number(bytes, place + 24)
    }

    init(offset: UInt64, height: UInt32, width: UInt32, label: UInt32, split: UInt32, pathEnd: UInt64) {
      self.offset = offset
      self.height = height
      self.width = width
      self.label = label
      self.split = split
      self.pathEnd = pathEnd
    }
  }

  static func append(_ number: some FixedWidthInteger, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
  }

  static func number<Number: FixedWidthInteger>(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> Number {
    Number(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Number.self))
  }
}

/// What a data set's images were found to be when they were stored.
public struct ImageStoreFacts: Sendable, Hashable, Codable {
  public var classes: [String]
  /// Images of each class, per split.
  public var trainingImages: [Int]
  public var validationImages: [Int]
  public var testImages: [Int]
  /// Images left out because they could not be read, with the reason.
  public var unreadable: [UnreadableImage]
  /// Files in class folders that are no images by name.
  public var ignored: [String]
  /// 1 or 3.
  public var channels: Int
  /// Mean and standard deviation of each channel, from 0 to 1, over all pixels of the stored training images.
  public var mean: [Double]
  public var standardDeviation: [Double]
  /// SHA-256 over the classes and every stored image's path, class, split and file content: what the data set *is*,
  /// whatever size it is stored in.
  public var contentDigest: String

  /// Images of a split, all classes together.
  public func count(_ split: Split) -> Int { counts(split).reduce(0, +) }

  /// Images of each class in a split.
  public func counts(_ split: Split) -> [Int] {
    switch split {
    case .train: trainingImages
    case .validation: validationImages
    case .test: testImages
    }
  }
}
