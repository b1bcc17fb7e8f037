/// A key that a person pressed.
public enum Key: Sendable, Hashable {
  case character(Character)
  case up, down, left, right, pageUp, pageDown, home, end
  /// Ctrl-C, where the terminal hands it on.
  case interrupt
  /// Ctrl-L.
  case redraw
  case other
}

/// Makes keys of what a terminal sends.
public struct KeyReader: Sendable {
  /// The beginning of a sequence whose end has not come yet.
  private var rest: [UInt8] = []

  public init() {}

  public mutating func take(_ bytes: some Sequence<UInt8>) -> [Key] {
    rest += bytes
    var keys: [Key] = []
    while let (key, length) = Self.first(of: rest) {
      keys.append(key)
      rest.removeFirst(length)
    }
    // What makes no sense after so many bytes never will.
    if rest.count > 16 { rest = [] }
    return keys
  }

  /// The key at the beginning and its length; nil where it is not whole.
  private static func first(of bytes: [UInt8]) -> (Key, Int)? {
    guard let byte = bytes.first else { return nil }
    switch byte {
    case 0x03: return (.interrupt, 1)
    case 0x0C: return (.redraw, 1)
    case 0x1B: return escape(bytes)
    case 0x20..<0x7F: return (.character(Character(UnicodeScalar(byte))), 1)
    default: return (.other, 1)
    }
  }

  /// `ESC [ A`, `ESC O A`, `ESC [ 5 ~`, with parameters or without.
  private static func escape(_ bytes: [UInt8]) -> (Key, Int)? {
    guard bytes.count > 1 else { return nil }
    guard bytes[1] == UInt8(ascii: "[") || bytes[1] == UInt8(ascii: "O") else { return (.other, 1) }
    guard let end = bytes.dropFirst(2).firstIndex(where: { (0x40...0x7E).contains($0) }) else { return nil }
    let parameters = bytes[2..<end].split(separator: UInt8(ascii: ";"))
    let number = parameters.first.flatMap { Int(String(decoding: $0, as: UTF8.self)) }
    let key: Key =
      switch (bytes[end], number) {
      case (UInt8(ascii: "A"), _): .up
      case (UInt8(ascii: "B"), _): .down
      case (UInt8(ascii: "C"), _): .right
      case (UInt8(ascii: "D"), _): .left
      case (UInt8(ascii: "H"), _), (UInt8(ascii: "~"), 1?), (UInt8(ascii: "~"), 7?): .home
      case (UInt8(ascii: "F"), _), (UInt8(ascii: "~"), 4?), (UInt8(ascii: "~"), 8?): .end
      case (UInt8(ascii: "~"), 5?): .pageUp
      case (UInt8(ascii: "~"), 6?): .pageDown
      default: .other
      }
    return (key, end + 1)
  }
}
