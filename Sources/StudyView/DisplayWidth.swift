/// How many columns of a terminal text takes, and text cut to so many.
///
/// East Asian wide and full-width characters and emoji take two columns, combining marks none (Unicode Standard Annex 11).
enum DisplayWidth {
  /// Blocks of which every character is wide.
  private static let wide: [ClosedRange<UInt32>] = [
    0x1100...0x115F, 0x2329...0x232A, 0x2E80...0x303E, 0x3041...0x4DBF, 0x4E00...0xA4CF, 0xA960...0xA97F,
    0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6,
    0x16FE0...0x18DFF, 0x1AFF0...0x1B2FF, 0x20000...0x3FFFD,
  ]

  static func of(_ text: some StringProtocol) -> Int {
    if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.utf8.count }
    return text.reduce(0) { $0 + of($1) }
  }

  static func of(_ character: Character) -> Int {
    if character.isASCII { return 1 }
    var width = 0
    for scalar in character.unicodeScalars {
      // An emoji that is asked for as such.
      if scalar.value == 0xFE0F { return 2 }
      width = max(width, of(scalar))
    }
    return width
  }

  private static func of(_ scalar: Unicode.Scalar) -> Int {
    let properties = scalar.properties
    switch properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format: return 0
    default: break
    }
    if properties.isEmojiPresentation || wide.contains(where: { $0.contains(scalar.value) }) { return 2 }
    // Vowels and final consonants that join the syllable before.
    return (0x1160...0x11FF).contains(scalar.value) ? 0 : 1
  }
}

extension String {
  /// The text as one line that a terminal shows as it is: what would move the cursor, change the direction of writing or
  /// begin a control sequence is a space.
  var plain: String {
    func isPlain(_ scalar: Unicode.Scalar) -> Bool {
      switch scalar.properties.generalCategory {
      case .control, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned: false
      // The two joiners make letters and emoji of several.
      case .format: scalar.value == 0x200C || scalar.value == 0x200D
      default: true
      }
    }
    if utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) { return self }
    var text = ""
    for scalar in unicodeScalars { text.unicodeScalars.append(isPlain(scalar) ? scalar : " ") }
    return text
  }

  /// The first characters that fit.
  func head(_ width: Int) -> String {
    var left = width
    return String(
      prefix { character in
        left -= DisplayWidth.of(character)
        return left >= 0
      })
  }

  /// The last characters that fit.
  func tail(_ width: Int) -> String { String(String(reversed()).head(width).reversed()) }

  /// The text where it fits, else its beginning and an ellipsis.
  func cut(_ width: Int) -> String {
    if DisplayWidth.of(self) <= width { return self }
    return width < 1 ? "" : head(width - 1) + "…"
  }

  /// The text with spaces behind it up to a width.
  func padded(_ width: Int) -> String { self + String.spaces(width - DisplayWidth.of(self)) }

  /// The text with spaces before it up to a width.
  func set(_ width: Int) -> String { String.spaces(width - DisplayWidth.of(self)) + self }

  static func spaces(_ count: Int) -> String { String(repeating: " ", count: count < 0 ? 0 : count) }
}
