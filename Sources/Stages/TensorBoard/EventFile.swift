import Files
import Foundation

/// A file that TensorBoard shows: numbers by tag and step, each written out as it comes.
///
/// A training that goes on from a checkpoint begins a file of its own, and says in it from which step on what older files
/// of the folder hold is void: TensorBoard reads a folder's files in the order of their names.
package final class EventFile {
  /// One number.
  package struct Scalar {
    let tag: String
    let value: Double

    package init(tag: String, value: Double) {
      self.tag = tag
      self.value = value
    }
  }

  private let path: String
  private let descriptor: Int32
  private let clock: () -> Double

  /// - Parameters:
  ///   - path: The file to write; one that is there is replaced.
  ///   - firstStep: The first step that this file may hold.
  ///   - clock: Seconds since 1970.
  /// - Throws: `FileFault`.
  package init(path: String, firstStep: Int, clock: @escaping () -> Double) throws {
    self.path = path
    self.clock = clock
    try DurableFiles.makeFolder((path as NSString).deletingLastPathComponent)
    descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw FileFault.last("write", path) }
    try append(.version(at: clock()))
    try append(.sessionStart(firstStep: firstStep, at: clock()))
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// The name of an attempt's file: names in ascending order are attempts in order.
  package static func name(attempt: Int64) -> String {
    let number = String(attempt)
    return "events.out.tfevents.\(String(repeating: "0", count: max(0, 10 - number.count)))\(number).graft"
  }

  package func write(_ scalars: [Scalar], step: Int) throws { try append(.scalars(scalars, step: step, at: clock())) }

  private func append(_ event: EventMessage) throws {
    try DurableFiles.writeAll(EventRecord.framed(event.bytes), to: descriptor, path: path)
  }
}

/// TensorFlow's record format: a length, the masked checksum of the length, the bytes, their masked checksum; all numbers
/// little-endian.
enum EventRecord {
  static func framed(_ bytes: [UInt8]) -> [UInt8] {
    let length = littleEndian(UInt64(bytes.count))
    return length + littleEndian(maskedChecksum(length)) + bytes + littleEndian(maskedChecksum(bytes))
  }

  /// CRC-32C (Castagnoli), turned and shifted so that a checksum of checksums is no trap.
  static func maskedChecksum(_ bytes: [UInt8]) -> UInt32 {
    let checksum = checksum(bytes)
    return (checksum >> 15 | checksum << 17) &+ 0xa282_ead8
  }

  static func checksum(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(~UInt32(0)) { table[Int(($0 ^ UInt32($1)) & 0xff)] ^ ($0 >> 8) }
  }

  private static let table: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? 0x82f6_3b78 ^ (value >> 1) : value >> 1 }
  }

  static func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }
}
