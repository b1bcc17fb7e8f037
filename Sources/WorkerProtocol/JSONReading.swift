import Planner

/// Why a text is not JSON, and the byte at which that shows.
public struct JSONReadingError: Error, Hashable, CustomStringConvertible {
  public let problem: String
  public let offset: Int

  public var description: String { "not JSON at byte \(offset): \(problem)" }
}

extension JSONValue {
  /// Reads one JSON value that fills the whole text (white space around it allowed).
  ///
  /// The bounded counterpart of `canonicalText`: no more than 512 levels deep, the last of equal member names wins.
  ///
  /// - Throws: `JSONReadingError`.
  public init(json bytes: some Collection<UInt8>) throws {
    let contiguous = ContiguousArray(bytes)
    self = try contiguous.withUnsafeBufferPointer { buffer in
      var reader = JSONReader(bytes: buffer)
      return try reader.readDocument()
    }
  }

  public init(json text: String) throws {
    try self.init(json: text.utf8)
  }
}

/// A recursive-descent reader over the bytes of one document.
private struct JSONReader {
  let bytes: UnsafeBufferPointer<UInt8>
  var position = 0

  private static let deepest = 512

  mutating func readDocument() throws -> JSONValue {
    let value = try readValue(depth: 0)
    skipSpace()
    guard position == bytes.count else { throw error("text after the value") }
    return value
  }

  private func error(_ problem: String) -> JSONReadingError { JSONReadingError(problem: problem, offset: position) }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard next == byte else { return false }
    position += 1
    return true
  }

  private mutating func readValue(depth: Int) throws -> JSONValue {
    guard depth < Self.deepest else { throw error("more than \(Self.deepest) levels") }
    skipSpace()
    switch next {
    case UInt8(ascii: "{"): return try readObject(depth: depth)
    case UInt8(ascii: "["): return try readArray(depth: depth)
    case UInt8(ascii: "\""): return .string(try readString())
    case UInt8(ascii: "t"): return try readWord("true", .bool(true))
    case UInt8(ascii: "f"): return try readWord("false", .bool(false))
    case UInt8(ascii: "n"): return try readWord("null", .null)
    case nil: throw error("the text ends where a value is expected")
    default: return .number(try readNumber())
    }
  }

  private mutating func readWord(_ word: StaticString, _ value: JSONValue) throws -> JSONValue {
    let length = word.utf8CodeUnitCount
    guard position + length <= bytes.count else { throw error("unknown word") }
    for index in 0..<length where bytes[position + index] != word.utf8Start[index] { throw error("unknown word") }
    position += length
    return value
  }

  private mutating func readObject(depth: Int) throws -> JSONValue {
    position += 1
    var members: [String: JSONValue] = [:]
    skipSpace()
    if take(UInt8(ascii: "}")) { return .object(members) }
    while true {
      skipSpace()
      guard next == UInt8(ascii: "\"") else { throw error("a member name is expected") }
      let name = try readString()
      skipSpace()
      guard take(UInt8(ascii: ":")) else { throw error("':' is expected") }
      members[name] = try readValue(depth: depth + 1)
      skipSpace()
      if take(UInt8(ascii: "}")) { return .object(members) }
      guard take(UInt8(ascii: ",")) else { throw error("',' or '}' is expected") }
    }
  }

  private mutating func readArray(depth: Int) throws -> JSONValue {
    position += 1
    var values: [JSONValue] = []
    skipSpace()
    if take(UInt8(ascii: "]")) { return .array(values) }
    while true {
      values.append(try readValue(depth: depth + 1))
      skipSpace()
      if take(UInt8(ascii: "]")) { return .array(values) }
      guard take(UInt8(ascii: ",")) else { throw error("',' or ']' is expected") }
    }
  }

  private mutating func readNumber() throws -> Double {
    let start = position
    var whole = true
    while let byte = next {
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): break
      case UInt8(ascii: "+"), UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"): whole = false
      default:
        return try number(from: start, whole: whole)
      }
      position += 1
    }
    return try number(from: start, whole: whole)
  }

  private func number(from start: Int, whole: Bool) throws -> Double {
    let digits = bytes[start..<position]
    // Eighteen digits always fit an Int64, and text this short is the common case.
    if whole, !digits.isEmpty, digits.count < 18, let value = Int64(String(decoding: digits, as: UTF8.self)) {
      return Double(value)
    }
    guard let first = digits.first, first != UInt8(ascii: "+"),
      let value = Double(String(decoding: digits, as: UTF8.self))
    else {
      throw JSONReadingError(problem: "not a value", offset: start)
    }
    return value
  }

  private mutating func readString() throws -> String {
    position += 1
    let start = position
    while let byte = next {
      if byte == UInt8(ascii: "\"") {
        guard let text = String(validating: bytes[start..<position], as: UTF8.self) else { throw error("not UTF-8") }
        position += 1
        return text
      }
      if byte == UInt8(ascii: "\\") { return try readEscapedString(from: start) }
      guard byte >= 0x20 else { throw error("a control character in a string") }
      position += 1
    }
    throw error("a string without its end")
  }

  private mutating func readEscapedString(from start: Int) throws -> String {
    var decoded = [UInt8](bytes[start..<position])
    while let byte = next {
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let text = String(validating: decoded, as: UTF8.self) else { throw error("not UTF-8") }
        return text
      case UInt8(ascii: "\\"):
        try readEscape(into: &decoded)
      case 0..<0x20:
        throw error("a control character in a string")
      default:
        decoded.append(byte)
      }
    }
    throw error("a string without its end")
  }

  private mutating func readEscape(into decoded: inout [UInt8]) throws {
    guard let byte = next else { throw error("a string without its end") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): decoded.append(byte)
    case UInt8(ascii: "n"): decoded.append(0x0A)
    case UInt8(ascii: "r"): decoded.append(0x0D)
    case UInt8(ascii: "t"): decoded.append(0x09)
    case UInt8(ascii: "b"): decoded.append(0x08)
    case UInt8(ascii: "f"): decoded.append(0x0C)
    case UInt8(ascii: "u"):
      var code = UInt32(try readHexUnit())
      if (0xD800..<0xDC00).contains(code) {
        guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else { throw error("half a surrogate pair") }
        let low = UInt32(try readHexUnit())
        guard (0xDC00..<0xE000).contains(low) else { throw error("half a surrogate pair") }
        code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw error("half a surrogate pair") }
      decoded.append(contentsOf: UTF8.encode(scalar).map { Array($0) } ?? [])
    default: throw error("an unknown escape")
    }
  }

  private mutating func readHexUnit() throws -> UInt16 {
    guard position + 4 <= bytes.count,
      let unit = UInt16(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
    else { throw error("four hexadecimal digits are expected") }
    position += 4
    return unit
  }
}
