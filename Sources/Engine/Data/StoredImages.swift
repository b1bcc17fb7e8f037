import Files
import Foundation
import Hashing
import Synchronization

/// An image store, open for reading: mapped into memory, so opening costs no more than its index.
public final class StoredImages: Sendable {
  public let path: String
  public let facts: ImageStoreFacts
  public let count: Int
  private let file: MappedFile
  private let header: ImageStoreLayout.Header
  /// The samples on each device that asked for them; nil where they do not fit.
  private let residents = Mutex<[Device: ResidentSamples?]>([:])

  /// Opens a store and checks that it is whole: its format and version, its sizes, the digest of its index, and that every
  /// image lies inside it.
  ///
  /// - Throws: `DataFault`.
  public init(path: String) throws {
    self.path = path
    file = try MappedFile(path: path)
    let bytes = file.bytes
    guard bytes.count >= ImageStoreLayout.headerSize, bytes.starts(with: ImageStoreLayout.magic) else {
      throw DataFault.notAnImageStore(path: path, reason: "it does not begin like one")
    }
    let version: UInt32 = ImageStoreLayout.number(bytes, 8)
    let versions = ImageStoreLayout.versions
    guard versions.contains(version) else {
      throw DataFault.notAnImageStore(
        path: path,
        reason: "it is of version \(version), this program reads \(versions.lowerBound) to \(versions.upperBound)")
    }
    let header = ImageStoreLayout.Header(bytes)
    self.header = header
    let width = UInt64(ImageStoreLayout.recordSize(version: version)) + UInt64(header.labelWidth)
    let (records, tooMany) = header.count.multipliedReportingOverflow(by: width)
    var end = header.indexOffset
    var overflow = tooMany
    for part in [records, header.pathsLength, header.factsLength] {
      let sum = end.addingReportingOverflow(part)
      (end, overflow) = (sum.partialValue, overflow || sum.overflow)
    }
    guard !overflow, end == UInt64(bytes.count), header.indexOffset >= UInt64(ImageStoreLayout.headerSize),
      header.channels == 1 || header.channels == 3
    else { throw DataFault.damagedImageStore(path: path, reason: "its length does not fit its header") }
    let covered = UnsafeRawBufferPointer(rebasing: bytes[Int(header.indexOffset)...])
    let hash = SHA256()
    hash.update(covered)
    guard hash.finish().bytes == header.digest else {
      throw DataFault.damagedImageStore(path: path, reason: "its index does not fit its digest")
    }
    do {
      let json = bytes[(bytes.count - Int(header.factsLength))...]
      facts = try JSONDecoder().decode(ImageStoreFacts.self, from: Data(json))
    } catch {
      throw DataFault.damagedImageStore(path: path, reason: "its facts cannot be read")
    }
    count = Int(header.count)
    guard header.labelWidth == (facts.severalClasses == nil ? 0 : UInt32(facts.classes.count)) else {
      throw DataFault.damagedImageStore(path: path, reason: "its labels do not fit its classes")
    }
    for position in 0..<count {
      let record = record(position)
      let size = UInt64(record.height) * UInt64(record.width) * UInt64(record.channels)
      guard record.channels == 1 || record.channels == header.channels, record.offset <= header.indexOffset,
        size <= header.indexOffset - record.offset, size > 0,
        record.label < facts.classes.count, record.split < Split.allCases.count, record.pathEnd <= header.pathsLength
      else { throw DataFault.damagedImageStore(path: path, reason: "image \(position) lies outside it") }
    }
  }

  public var classes: [String] { facts.classes }
  /// Whether a network is to learn unknown classes as a third answer.
  public var learnsUnknown: Bool { facts.severalClasses?.isUnknownLearnt ?? false }
  /// Whether an image may show several classes, or none; else each is of one.
  public var showsSeveralClasses: Bool { facts.severalClasses != nil }
  /// Of images as they are read, 1 or 3; grey ones may lie in one all the same.
  public var channels: Int { Int(header.channels) }

  private func record(_ position: Int) -> ImageStoreLayout.Record {
    ImageStoreLayout.Record(
      file.bytes, at: Int(header.indexOffset) + position * ImageStoreLayout.recordSize(version: header.version),
      of: header)
  }

  /// Where the labels beside the records begin, and end.
  private var labelsOffset: Int {
    Int(header.indexOffset) + count * ImageStoreLayout.recordSize(version: header.version)
  }
  private var pathsOffset: Int { labelsOffset + count * Int(header.labelWidth) }

  /// The size of a stored image, and its own channels.
  ///
  /// - Precondition: `position` in 0..<count; likewise below.
  public func shape(_ position: Int) -> ImageShape {
    let record = record(position)
    return ImageShape(channels: Int(record.channels), height: Int(record.height), width: Int(record.width))
  }

  public func label(_ position: Int) -> ImageLabel {
    guard showsSeveralClasses else { return .one(Int(record(position).label)) }
    let width = Int(header.labelWidth)
    let start = labelsOffset + position * width
    return .each(file.bytes[start..<start + width].map { Presence(rawValue: $0) ?? .unknown })
  }

  /// A number that the images share which subsets must not part, e.g. those of a patient; nil for an image by itself.
  public func group(_ position: Int) -> Int? {
    let group = record(position).group
    return group == ImageStoreLayout.noGroup ? nil : Int(group)
  }

  public func split(_ position: Int) -> Split { Split.allCases[Int(record(position).split)] }

  /// The image's file, relative to the data set's root.
  public func imagePath(_ position: Int) -> String {
    let base = pathsOffset
    let start = position == 0 ? 0 : Int(record(position - 1).pathEnd)
    let end = max(start, Int(record(position).pathEnd))
    return String(decoding: file.bytes[(base + start)..<(base + end)], as: UTF8.self)
  }

  /// The stored positions of a split, in ascending order.
  public func positions(in split: Split) -> [Int] { (0..<count).filter { self.split($0) == split } }

  /// A part of a split's images, as positions in `positions(in:)`.
  public func subset(of split: Split, fraction: Double, seed: UInt64) -> [Int] {
    let all = positions(in: split)
    return Subset.positions(labels: all.map(label), groups: all.map(group), fraction: fraction, seed: seed)
  }

  /// A copy of a stored image.
  public func picture(_ position: Int) -> Picture {
    let shape = shape(position)
    return Picture(
      width: shape.width, height: shape.height, channels: shape.channels, pixels: Array(pixels(position)))
  }

  /// The samples of a stored image: [channel][row][column]. Valid while the store lives.
  func pixels(_ position: Int) -> UnsafeBufferPointer<UInt8> {
    let record = record(position)
    let size = Int(record.height) * Int(record.width) * Int(record.channels)
    let part = UnsafeRawBufferPointer(rebasing: file.bytes[Int(record.offset)..<(Int(record.offset) + size)])
    return part.bindMemory(to: UInt8.self)
  }

  /// Stored images on a device, as they are.
  ///
  /// - Parameter resident: Whether all of the store may go there, to stay, where it fits; else these images alone do.
  func images(_ positions: [Int], on device: Device, resident: Bool) throws -> DeviceImages {
    let shapes = positions.map(shape)
    if resident, let all = try residentSamples(on: device) {
      return try DeviceImages(
        shapes, in: all.tensor, offsets: positions.map { Int(record($0).offset) })
    }
    var samples: [UInt8] = []
    let offsets = positions.map { position in
      defer { samples += pixels(position) }
      return samples.count
    }
    let tensor = try samples.withUnsafeBufferPointer { try Tensor($0, device: device) }
    return try DeviceImages(shapes, in: tensor, offsets: offsets)
  }

  private func residentSamples(on device: Device) throws -> ResidentSamples? {
    try residents.withLock { known in
      if let decided = known[device] { return decided }
      let samples = UnsafeRawBufferPointer(rebasing: file.bytes[0..<Int(header.indexOffset)]).bindMemory(to: UInt8.self)
      let made =
        ResidentSamples.fit(samples.count, on: device) ? try ResidentSamples(samples, device: device) : nil
      known.updateValue(made, forKey: device)
      return made
    }
  }

  /// One split, or a part of it, as a network's input.
  ///
  /// - Parameters:
  ///   - subset: Positions within the split, as from `subset`; nil for all.
  ///   - threads: How many work on a batch. The result does not depend on it.
  /// - Throws: `DataFault` where the pipeline cannot give images of one size.
  public func source(
    split: Split, subset: [Int]? = nil, pipeline: ImagePipeline, threads: Int
  ) throws -> StoredImageSource {
    let all = positions(in: split)
    guard !all.isEmpty else { throw DataFault.emptySplit(split: split, path: path) }
    return try StoredImageSource(
      store: self, positions: subset.map { $0.map { all[$0] } } ?? all, pipeline: pipeline, threads: threads)
  }
}

/// A file's content as memory.
final class MappedFile: Sendable {
  /// Read-only memory that nobody changes while it is mapped: a store is replaced by renaming, never rewritten.
  nonisolated(unsafe) let bytes: UnsafeRawBufferPointer

  init(path: String) throws {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileFault.last("open", path) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FileFault.last("read", path) }
    guard status.st_mode & S_IFMT == S_IFREG, status.st_size > 0 else {
      throw DataFault.notAnImageStore(path: path, reason: "it is empty or no file")
    }
    guard let base = mmap(nil, Int(status.st_size), PROT_READ, MAP_SHARED, descriptor, 0), base != MAP_FAILED else {
      throw FileFault.last("map", path)
    }
    bytes = UnsafeRawBufferPointer(start: base, count: Int(status.st_size))
  }

  deinit { munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count) }
}
