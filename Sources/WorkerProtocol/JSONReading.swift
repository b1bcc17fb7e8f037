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
    while let byte = next {
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."),
        UInt8(ascii: "e"), UInt8(ascii: "E"):
        position += 1
      default: return try number(from: start)
      }
    }
    return try number(from: start)
  }

  private func number(from start: Int) throws -> Double {
    if let value = shortNumber(from: start) { return value }
    let digits = bytes[start..<position]
    guard let first = digits.first, first != UInt8(ascii: "+"),
      let value = Double(String(decoding: digits, as: UTF8.self))
    else {
      throw JSONReadingError(problem: "not a value", offset: start)
    }
    return value
  }

  /// A number of few digits, which most are: its digits as a whole number below 2^53, times or divided by a power of ten that
  /// is a double itself, is rounded once and so correctly (Clinger, "How to read floating point numbers accurately", 1990).
  /// Nil for any other.
  private func shortNumber(from start: Int) -> Double? {
    var place = start
    var digits: UInt64 = 0
    var exponent = 0
    /// How many digits there are.
    func readDigits() -> Int {
      let first = place
      while place < position, bytes[place] >= UInt8(ascii: "0"), bytes[place] <= UInt8(ascii: "9") {
        if place - first > 18 { return 0 }
        digits = digits &* 10 &+ UInt64(bytes[place] - UInt8(ascii: "0"))
        place += 1
      }
      return place - first
    }
    func skip(_ byte: UInt8) -> Bool {
      guard place < position, bytes[place] == byte else { return false }
      place += 1
      return true
    }
    let isNegative = skip(UInt8(ascii: "-"))
    let whole = readDigits()
    guard whole > 0 else { return nil }
    if skip(UInt8(ascii: ".")) {
      exponent = -readDigits()
      guard exponent < 0, whole - exponent <= 18 else { return nil }
    }
    let mantissa = digits
    if skip(UInt8(ascii: "e")) || skip(UInt8(ascii: "E")) {
      let isBelow = skip(UInt8(ascii: "-"))
      if !isBelow { _ = skip(UInt8(ascii: "+")) }
      digits = 0
      let count = readDigits()
      guard count > 0, count < 4 else { return nil }
      exponent += isBelow ? -Int(digits) : Int(digits)
    }
    guard place == position, mantissa <= 1 << 53, exponent.magnitude < Self.powersOfTen.count else { return nil }
    let power = Self.powersOfTen[Int(exponent.magnitude)]
    let value = exponent < 0 ? Double(mantissa) / power : Double(mantissa) * power
    return isNegative ? -value : value
  }

  /// Those that are doubles.
  private static let powersOfTen: [Double] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
  ]

  private mutating func readString() throws -> String {
    position += 1
    let start = position
    var bits: UInt8 = 0
    while let byte = next {
      if byte == UInt8(ascii: "\"") {
        if bits < 0x80 {
          defer { position += 1 }
          return String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<position]), as: UTF8.self)
        }
        guard let text = String(validating: bytes[start..<position], as: UTF8.self) else { throw error("not UTF-8") }
        position += 1
        return text
      }
      if byte == UInt8(ascii: "\\") { return try readEscapedString(from: start) }
      guard byte >= 0x20 else { throw error("a control character in a string") }
      bits |= byte
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
