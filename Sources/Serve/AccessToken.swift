/// What a request that acts has to show: drawn anew whenever a server starts, and never part of an address that is requested.
public struct AccessToken: Sendable {
  /// 64 hexadecimal digits.
  public let text: String

  /// Draws one from the system's randomness.
  public init() {
    var generator = SystemRandomNumberGenerator()
    var text = ""
    for _ in 0..<32 {
      let byte = UInt8.random(in: .min ... .max, using: &generator)
      text += (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
    self.text = text
  }

  /// Whether this is it. How long that takes does not tell how much of it is right.
  public func admits(_ offered: String) -> Bool {
    let (own, other) = (Array(text.utf8), Array(offered.utf8))
    var difference: UInt8 = own.count == other.count ? 0 : 1
    for place in own.indices { difference |= own[place] ^ (place < other.count ? other[place] : 0) }
    return difference == 0
  }
}
