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
    for byte in bytes {
      text.append(digit(byte >> 4))
      text.append(digit(byte & 15))
    }
  }

  private static func digit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
  }
}
