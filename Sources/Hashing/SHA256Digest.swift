/// The 32 bytes of a SHA-256.
public struct SHA256Digest: Hashable, Sendable, CustomStringConvertible {
  public static let count = 32

  public let bytes: [UInt8]

  /// Takes exactly 32 bytes.
  public init(_ bytes: [UInt8]) {
    precondition(bytes.count == Self.count, "a SHA-256 of \(bytes.count) bytes")
    self.bytes = bytes
  }

  /// 64 lower-case hexadecimal digits.
  public var hex: String { HexText.text(of: bytes) }

  public var description: String { hex }
}

/// Bytes as lower-case hexadecimal digits, two each.
public enum HexText {
  public static func text(of bytes: some Collection<UInt8>) -> String {
    String(unsafeUninitializedCapacity: 2 * bytes.count) { buffer in
      var position = 0
      for byte in bytes {
        buffer[position] = digit(byte >> 4)
        buffer[position + 1] = digit(byte & 15)
        position += 2
      }
      return position
    }
  }

  /// Appends the digits of bytes to a text under way.
  public static func append(_ bytes: UnsafeRawBufferPointer, to text: inout [UInt8]) {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 2 * bytes.count) { digits in
      guard let start = digits.baseAddress else { return }
      write(bytes, to: start)
      text.append(contentsOf: digits)
    }
  }

  /// Writes the digits of bytes, two a byte, to where there is room for them.
  public static func write(_ bytes: UnsafeRawBufferPointer, to digits: UnsafeMutablePointer<UInt8>) {
    var place = 0
    while place + 4 <= bytes.count {
      let word = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt32.self))
      UnsafeMutableRawPointer(digits + 2 * place).storeBytes(of: eightDigits(word).bigEndian, as: UInt64.self)
      place += 4
    }
    for place in place..<bytes.count {
      digits[2 * place] = digit(bytes[place] >> 4)
      digits[2 * place + 1] = digit(bytes[place] & 15)
    }
  }

  /// The digits of four bytes as the bytes of one number, the first the most significant.
  private static func eightDigits(_ word: UInt32) -> UInt64 {
    var spread = UInt64(word)
    spread = (spread & 0xFFFF_0000) << 16 | (spread & 0xFFFF)
    spread = (spread & 0xFF00_0000_FF00) << 8 | (spread & 0xFF_0000_00FF)
    spread = (spread & 0x00F0_00F0_00F0_00F0) << 4 | (spread & 0x000F_000F_000F_000F)
    // A byte holds four bits now; above nine a letter stands for them.
    let isLetter = (spread + 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
    return spread + 0x3030_3030_3030_3030 + isLetter * 39
  }

  private static func digit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
  }
}
