import Foundation

/// The one way in which a report writes numbers: no locale, a point for decimals, no grouping.
package enum NumberText {
  /// The shortest text that reads back as the same double; whole numbers below 2^53 without a fraction. Empty for NaN and
  /// infinities, which a table has no place for.
  package static func exact(_ value: Double) -> String {
    guard value.isFinite else { return "" }
    if value == value.rounded(), value.magnitude < 0x1p53 { return String(Int64(value)) }
    return "\(value)"
  }

  /// With `digits` decimals (0 to 9), rounded half away from zero; never `-0.00`.
  package static func fixed(_ value: Double, _ digits: Int) -> String { decimal(value, digits, trims: false) }

  private static func decimal(_ value: Double, _ digits: Int, trims: Bool) -> String {
    guard value.isFinite else { return "" }
    let digits = Swift.min(Swift.max(digits, 0), powersOfTen.count - 1)
    let unit = powersOfTen[digits]
    let scaled = (value.magnitude * Double(unit)).rounded(.toNearestOrAwayFromZero)
    guard scaled < 0x1p53 else { return exact(value) }
    var rest = Int64(scaled)
    let isNegative = value < 0 && rest > 0
    var decimals = digits
    while trims, decimals > 0, rest.isMultiple(of: 10) {
      rest /= 10
      decimals -= 1
    }
    // From the last digit to the first: at most 16 of them, a point and a sign.
    return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 32) { text in
      var place = text.count
      func put(_ byte: UInt8) {
        place -= 1
        text[place] = byte
      }
      for _ in 0..<decimals {
        put(UInt8(ascii: "0") + UInt8(rest % 10))
        rest /= 10
      }
      if decimals > 0 { put(UInt8(ascii: ".")) }
      repeat {
        put(UInt8(ascii: "0") + UInt8(rest % 10))
        rest /= 10
      } while rest > 0
      if isNegative { put(UInt8(ascii: "-")) }
      return String(decoding: UnsafeBufferPointer(rebasing: text[place...]), as: UTF8.self)
    }
  }

  /// Like `fixed`, without the zeros that end it.
  package static func trimmed(_ value: Double, _ digits: Int) -> String {
    decimal(value, digits, trims: true)
  }

  /// A number of any size above zero with so many significant digits, small ones as `3.16e-4`.
  package static func scientific(_ value: Double, _ digits: Int) -> String {
    guard value.isFinite, value > 0 else { return exact(value) }
    var power = Int(log10(value).rounded(.down))
    var leading = trimmed(value / pow(10, Double(power)), digits - 1)
    if leading == "10" { (leading, power) = ("1", power + 1) }
    guard power < -2 || power >= digits else { return trimmed(value, Swift.max(0, digits - 1 - power)) }
    return "\(leading)e\(power)"
  }

  /// A difference: `fixed` with its sign always shown.
  package static func signed(_ value: Double, _ digits: Int) -> String {
    let text = fixed(value, digits)
    return text.isEmpty || text.hasPrefix("-") ? text : "+" + text
  }

  /// A p value: three decimals, four below 0.1, and `<0.0001` below that.
  package static func probability(_ value: Double) -> String {
    if value < 0.0001 { return "<0.0001" }
    return trimmed(value, value < 0.1 ? 4 : 3)
  }

  /// A count for people: thousands set apart by a narrow no-break space.
  package static func count(_ value: Int) -> String {
    let digits = String(value.magnitude)
    var text = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index).isMultiple(of: 3), digits.count > 4 { text += "\u{202F}" }
      text.append(digit)
    }
    return (value < 0 ? "-" : "") + text
  }

  private static let powersOfTen: [Int64] = (0...9).map { (0..<$0).reduce(1) { power, _ in power * 10 } }
}
