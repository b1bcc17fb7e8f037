/// Writes SVG elements in the order in which they are called for. Coordinates are pixels at 96 to the inch, y downwards,
/// with two decimals.
struct SVGWriter {
  private(set) var text = ""

  static let fontFamily = "Helvetica, Arial, DejaVu Sans, sans-serif"

  mutating func open(_ element: String, _ attributes: [(String, String)] = []) {
    begin(element, attributes)
    text += ">"
  }

  mutating func close(_ element: String) {
    text += "</"
    text += element
    text += ">\n"
  }

  mutating func empty(_ element: String, _ attributes: [(String, String)]) {
    begin(element, attributes)
    text += "/>\n"
  }

  /// An element that holds text alone.
  mutating func leaf(_ element: String, _ attributes: [(String, String)], _ content: String) {
    begin(element, attributes)
    text += ">"
    text += Self.escaped(content)
    close(element)
  }

  mutating func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ stroke: Stroke) {
    empty(
      "line",
      [("x1", Self.number(x1)), ("y1", Self.number(y1)), ("x2", Self.number(x2)), ("y2", Self.number(y2))]
        + stroke.attributes)
  }

  mutating func label(_ content: String, _ x: Double, _ y: Double, _ style: TextStyle) {
    var attributes = [("x", Self.number(x)), ("y", Self.number(y)), ("fill", Palette.ink)]
    attributes.append(("font-size", Self.number(style.size)))
    if style.anchor != .start { attributes.append(("text-anchor", style.anchor.rawValue)) }
    if style.isBold { attributes.append(("font-weight", "bold")) }
    if style.hasHalo {
      attributes += [("stroke", Palette.paper), ("stroke-width", "3"), ("paint-order", "stroke")]
    }
    if style.turn != 0 {
      attributes.append(("transform", "rotate(\(Self.number(style.turn)) \(Self.number(x)) \(Self.number(y)))"))
    }
    leaf("text", attributes, content)
  }

  static func number(_ value: Double) -> String { NumberText.trimmed(value, 2) }

  /// Text for an element or attribute; what XML cannot hold (control characters) is left out.
  static func escaped(_ text: String) -> String {
    // Nearly every text is as plain as it can be, and is taken whole. 0xEF begins what XML has no place for, among others.
    if text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x26 && $0 != 0x3C && $0 != 0x3E && $0 != 0x22 && $0 != 0xEF }) {
      return text
    }
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case _ where scalar.value < 0x20 && scalar != "\n" && scalar != "\t": continue
      case "\u{FFFE}", "\u{FFFF}": continue
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// A tag up to its end.
  private mutating func begin(_ element: String, _ attributes: [(String, String)]) {
    text += "<"
    text += element
    for (name, value) in attributes {
      text += " "
      text += name
      text += "=\""
      text += Self.escaped(value)
      text += "\""
    }
  }
}

/// How a line is drawn.
package struct Stroke: Sendable, Hashable {
  package var color: String
  package var width: Double
  package var dashes: String?
  package var opacity: Double

  package init(_ color: String, width: Double, dashes: String? = nil, opacity: Double = 1) {
    self.color = color
    self.width = width
    self.dashes = dashes
    self.opacity = opacity
  }

  package static let rule = Stroke(Palette.ink, width: 0.8)
  package static let grid = Stroke(Palette.grid, width: 0.6)

  var attributes: [(String, String)] {
    var list = [("stroke", color), ("stroke-width", SVGWriter.number(width))]
    if let dashes { list.append(("stroke-dasharray", dashes)) }
    if opacity < 1 { list.append(("stroke-opacity", SVGWriter.number(opacity))) }
    return list
  }
}

struct TextStyle {
  enum Anchor: String {
    case start, middle, end
  }

  var size = FontSize.body
  var anchor = Anchor.start
  var isBold = false
  /// Whether the paper shows round the letters, over what lies below.
  var hasHalo = false
  /// Degrees, clockwise.
  var turn = 0.0
}

/// Sizes of type in pixels: 8 points and more on a whole page's width, and still read where a figure of one or two
/// panels is set in a column.
enum FontSize {
  static let body = 12.0
  static let small = 11.0
}

/// How wide a text is set, at most: the widths of the widest of the fonts that a viewer may choose.
enum TextWidth {
  /// How much wider bold type is.
  static let bold = 1.12

  /// The text in at most three lines of bold type no wider than `width`, each broken after a space or another mark that
  /// parts words where there is one; what does not fit then is shortened in its middle.
  static func boldLines(_ text: String, width: Double, size: Double = FontSize.body) -> [String] {
    let room = width / bold
    let marks: Set<Character> = [" ", "_", "-", "/", "."]
    var lines: [String] = []
    var rest = Array(text)
    while lines.count < 2, pixels(String(rest), size: size) > room {
      var used = 0.0
      var fitting = 0
      while fitting < rest.count {
        used += pixels(String(rest[fitting]), size: size)
        if used > room { break }
        fitting += 1
      }
      let breaks = [[" "], marks].map { marks in rest[..<fitting].lastIndex(where: marks.contains).map { $0 + 1 } ?? 0 }
      let end = Swift.max(1, breaks.first { $0 > fitting / 3 } ?? fitting)
      // A separator between parts is not needed where the line parts them.
      lines.append(trimmed(rest[..<end]))
      rest = Array(trimmed(rest[end...]))
    }
    return lines + [fitted(String(rest), width: room, size: size)]
  }

  private static func trimmed(_ characters: ArraySlice<Character>) -> String {
    let edges: Set<Character> = [" ", "·"]
    var kept = characters
    while let last = kept.last, edges.contains(last) { kept.removeLast() }
    while let first = kept.first, edges.contains(first) { kept.removeFirst() }
    return String(kept)
  }

  static func pixels(_ text: String, size: Double = FontSize.body) -> Double {
    text.unicodeScalars.reduce(0) { $0 + share(of: $1) } * size
  }

  /// The text, or its beginning and end with an ellipsis between, no wider than `width`.
  static func fitted(_ text: String, width: Double, size: Double = FontSize.body) -> String {
    if pixels(text, size: size) <= width { return text }
    let characters = Array(text)
    var kept = characters.count - 1
    while kept > 2 {
      let front = (kept + 1) / 2
      let short = String(characters.prefix(front)) + "…" + String(characters.suffix(kept - front))
      if pixels(short, size: size) <= width { return short }
      kept -= 1
    }
    return String(characters.prefix(1)) + "…"
  }

  private static func share(of scalar: Unicode.Scalar) -> Double {
    switch scalar {
    case "i", "j", "l", "I", ".", ",", ":", ";", "'", "|", "!", " ": 0.34
    case "f", "r", "t", "(", ")", "[", "]", "/", "-": 0.42
    case "m", "w", "M", "W", "@", "%": 0.96
    case "A"..."Z": 0.72
    case "0"..."9", "a"..."z": 0.62
    case _ where scalar.value >= 0x2E80: 1.05
    default: 0.68
    }
  }
}
