internal import CZlib
import Files

/// Writes a ZIP file (PKWARE's APPNOTE 6.3.10) whose bytes depend on nothing but its entries: no clock, no owner.
/// Entries and the whole are smaller than 4 GiB.
struct ZipWriter {
  private let path: String
  private let file: OutputFile
  private var table: [UInt8] = []
  private var count = 0

  /// 1 January 1980, the first day that the format knows.
  private static let date = 1 << 5 | 1
  /// Of compression by zlib: its own default.
  private static let level: Int32 = 6

  /// - Throws: `FileFault`.
  init(_ path: String) throws {
    self.path = path
    file = try OutputFile(path: path)
  }

  /// - Throws: `EngineError.specification` where the file would be 4 GiB or more; `FileFault`.
  mutating func append(_ name: String, _ bytes: [UInt8], deflated: Bool) throws {
    let stored = deflated ? try Self.deflated(bytes) : bytes
    let place = file.length
    let checksum = bytes.withUnsafeBufferPointer { UInt32(crc32_z(0, $0.baseAddress, $0.count)) }
    guard bytes.count < 1 << 32, place + stored.count + name.utf8.count + 30 < 1 << 32, count < 0xffff else {
      throw EngineError.specification("\(path) would be 4 GiB or more, or of too many parts: write several files")
    }
    // What both headers say: version 2.0 and UTF-8 names; method, time, date, checksum, sizes.
    var common: [UInt8] = []
    common.append(number: 20, bytes: 2)
    common.append(number: 1 << 11, bytes: 2)
    common.append(number: deflated ? 8 : 0, bytes: 2)
    common.append(number: 0, bytes: 2)
    common.append(number: Self.date, bytes: 2)
    common.append(number: Int(checksum), bytes: 4)
    common.append(number: stored.count, bytes: 4)
    common.append(number: bytes.count, bytes: 4)
    common.append(number: name.utf8.count, bytes: 2)
    common.append(number: 0, bytes: 2)

    var header = [UInt8]()
    header.append(number: 0x0403_4b50, bytes: 4)
    header += common + Array(name.utf8)
    try header.withUnsafeBytes { try file.append($0) }
    try stored.withUnsafeBytes { try file.append($0) }

    table.append(number: 0x0201_4b50, bytes: 4)
    table.append(number: 20, bytes: 2)
    table += common
    // No comment, on the first disk, no attributes.
    table += [UInt8](repeating: 0, count: 10)
    table.append(number: place, bytes: 4)
    table += Array(name.utf8)
    count += 1
  }

  /// Writes the table of contents and puts the file in its place.
  ///
  /// - Throws: `EngineError.specification` where the file would be 4 GiB or more; `FileFault`.
  mutating func finish() throws {
    let place = file.length
    guard place + table.count < 1 << 32 else {
      throw EngineError.specification("\(path) would be 4 GiB or more: write several files")
    }
    var end = table
    end.append(number: 0x0605_4b50, bytes: 4)
    end.append(number: 0, bytes: 4)
    end.append(number: count, bytes: 2)
    end.append(number: count, bytes: 2)
    end.append(number: table.count, bytes: 4)
    end.append(number: place, bytes: 4)
    end.append(number: 0, bytes: 2)
    try end.withUnsafeBytes { try file.append($0) }
    try file.commit()
  }

  /// Deflate without zlib's own header.
  private static func deflated(_ bytes: [UInt8]) throws -> [UInt8] {
    var state = z_stream()
    guard
      deflateInit2_(
        &state, level, Z_DEFLATED, Inflation.Form.bare.rawValue, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
        Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { throw EngineError.memory("no memory to compress \(bytes.count) bytes") }
    defer { deflateEnd(&state) }
    let room = Int(deflateBound(&state, UInt(bytes.count)))
    guard bytes.count < 1 << 32, room < 1 << 32 else {
      throw EngineError.specification("\(bytes.count) bytes are too many for one part of a ZIP file")
    }
    var input = bytes
    return try input.withUnsafeMutableBufferPointer { input in
      var status = Z_OK
      let output = [UInt8](unsafeUninitializedCapacity: room) { output, filled in
        state.next_in = input.baseAddress
        state.avail_in = UInt32(input.count)
        state.next_out = output.baseAddress
        state.avail_out = UInt32(output.count)
        status = deflate(&state, Z_FINISH)
        filled = output.count - Int(state.avail_out)
      }
      guard status == Z_STREAM_END else { throw EngineError.native("zlib did not compress to the end: \(status)") }
      return output
    }
  }
}

extension [UInt8] {
  /// Adds a number, lowest byte first.
  fileprivate mutating func append(number: Int, bytes: Int) {
    for byte in 0..<bytes { append(UInt8(truncatingIfNeeded: number >> (8 * byte))) }
  }
}
