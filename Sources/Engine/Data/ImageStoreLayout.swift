import Foundation

/// How an image store lies on disk. All numbers are little-endian.
///
///     header    96 bytes: magic, version, channels, count, where the index begins, lengths, digest of the index
///     pixels    8 bits a sample; an image's channels one after the other, rows without padding
///     index     a record of 32 bytes an image, in version 2 of 40
///     labels    version 2: a byte a class and image where images may show several classes, else nothing
///     paths     UTF-8, one after the other
///     facts     `ImageStoreFacts` as JSON
///
/// The index, the labels, the paths and the facts are covered by the header's SHA-256. The facts hold a digest of the
/// content. Version 1 is written wherever it can say all that there is: images of one class each, in no groups, all
/// of as many channels as they are read with.
enum ImageStoreLayout {
  static let magic: [UInt8] = Array("GRAFTIMG".utf8)
  /// Those that are read.
  static let versions: ClosedRange<UInt32> = 1...2
  static let headerSize = 96
  /// A record's group where the image is in none.
  static let noGroup = UInt32.max

  static func recordSize(version: UInt32) -> Int { version == 1 ? 32 : 40 }

  struct Header {
    var version: UInt32
    var channels: UInt32
    var count: UInt64
    var indexOffset: UInt64
    var pathsLength: UInt64
    var factsLength: UInt64
    /// 32 bytes.
    var digest: [UInt8]
    /// Bytes of an image's label beside its record; 0 where its record says its class.
    var labelWidth: UInt32

    var bytes: [UInt8] {
      var bytes = magic
      append(version, to: &bytes)
      append(channels, to: &bytes)
      for number in [count, indexOffset, pathsLength, factsLength] { append(number, to: &bytes) }
      bytes += digest
      append(labelWidth, to: &bytes)
      return bytes + Array(repeating: 0, count: headerSize - bytes.count)
    }

    /// - Precondition: `bytes` holds a header's size.
    init(_ bytes: UnsafeRawBufferPointer) {
      version = number(bytes, 8)
      channels = number(bytes, 12)
      count = number(bytes, 16)
      indexOffset = number(bytes, 24)
      pathsLength = number(bytes, 32)
      factsLength = number(bytes, 40)
      digest = Array(bytes[48..<80])
      labelWidth = version == 1 ? 0 : number(bytes, 80)
    }

    init(
      version: UInt32, channels: UInt32, count: UInt64, indexOffset: UInt64, pathsLength: UInt64, factsLength: UInt64,
      digest: [UInt8], labelWidth: UInt32
    ) {
      self.version = version
      self.labelWidth = labelWidth
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
    /// Version 2: a number that the images of its group share; `noGroup` for none.
    var group: UInt32 = noGroup
    /// Version 2: 1 where the image is grey, whatever the store's images are read with.
    var channels: UInt32

    func append(to bytes: inout [UInt8], version: UInt32) {
      ImageStoreLayout.append(offset, to: &bytes)
      for number in [height, width, label, split] { ImageStoreLayout.append(number, to: &bytes) }
      ImageStoreLayout.append(pathEnd, to: &bytes)
      guard version > 1 else { return }
      for number in [group, channels] { ImageStoreLayout.append(number, to: &bytes) }
    }

    init(_ bytes: UnsafeRawBufferPointer, at place: Int, of header: Header) {
      offset = number(bytes, place)
      height = number(bytes, place + 8)
      width = number(bytes, place + 12)
      label = number(bytes, place + 16)
      split = number(bytes, place + 20)
      pathEnd = number(bytes, place + 24)
      channels = header.channels
      guard header.version > 1 else { return }
      group = number(bytes, place + 32)
      channels = number(bytes, place + 36)
    }

    init(
      offset: UInt64, height: UInt32, width: UInt32, label: UInt32, split: UInt32, pathEnd: UInt64, group: UInt32,
      channels: UInt32
    ) {
      self.channels = channels
      self.group = group
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
  /// Images that show each class, per split.
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
  /// Where images may show several classes; nil where each is of one.
  public var severalClasses: SeveralClassCounts?
  /// The mean and standard deviation that the data set's users publish for it, where they do.
  public var published: PublishedStatistics?

  /// What counts of classes do not say where images show several. Both in the order of `Split.allCases`.
  public struct SeveralClassCounts: Sendable, Hashable, Codable {
    public var images: [Int]
    /// Images of which nobody can say whether they show the class: [split][class].
    public var unknown: [[Int]]
    /// Whether unknown is a third answer to be learnt; nil as false.
    public var isUnknownLearnt: Bool?
  }

  /// Of each channel, from 0 to 1.
  public struct PublishedStatistics: Sendable, Hashable, Codable {
    public var mean: [Double]
    public var standardDeviation: [Double]

    public init(mean: [Double], standardDeviation: [Double]) {
      self.mean = mean
      self.standardDeviation = standardDeviation
    }
  }

  /// Images of a split, all classes together.
  public func count(_ split: Split) -> Int {
    guard let severalClasses else { return counts(split).reduce(0, +) }
    return severalClasses.images[Split.allCases.firstIndex(of: split) ?? 0]
  }

  /// Images that show each class in a split.
  public func counts(_ split: Split) -> [Int] {
    switch split {
    case .train: trainingImages
    case .validation: validationImages
    case .test: testImages
    }
  }
}
