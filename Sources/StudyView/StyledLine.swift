/// How a piece of text is to look; said in colours only where those are wanted.
public enum TextStyle: Sendable, Hashable {
  case plain, strong, faint, done, running, failed, notice

  /// The parameters of the terminal's sequence (ECMA-48, 8.3.117).
  fileprivate var parameters: String {
    switch self {
    case .plain: "0"
    case .strong: "1"
    case .faint: "2"
    case .done: "32"
    case .running: "36"
    case .failed: "31"
    case .notice: "33"
    }
  }
}

/// A line of a screen: pieces of text with their looks. It holds nothing that moves a cursor.
public struct StyledLine: Sendable, Hashable {
  struct Piece: Sendable, Hashable {
    var text: String
    var style: TextStyle
  }

  private(set) var pieces: [Piece] = []
  /// In columns.
  public private(set) var width = 0

  init() {}

  init(_ text: String, _ style: TextStyle = .plain) { add(text, style) }

  /// Adds text; what could upset a terminal is taken out of it.
  mutating func add(_ text: String, _ style: TextStyle = .plain) {
    let text = text.plain
    if text.isEmpty { return }
    pieces.append(Piece(text: text, style: style))
    width += DisplayWidth.of(text)
  }

  mutating func add(_ line: StyledLine) {
    pieces += line.pieces
    width += line.width
  }

  /// Adds a column of a table: so many spaces, then the content and spaces up to its width.
  mutating func add(_ content: StyledLine, width: Int, gap: Int) {
    add(String.spaces(gap))
    add(content)
    add(String.spaces(width - content.width))
  }

  /// The line where it fits, else its beginning and an ellipsis.
  func cut(_ width: Int) -> StyledLine {
    if self.width <= width { return self }
    var line = StyledLine()
    for piece in pieces {
      let room = width - line.width
      if DisplayWidth.of(piece.text) < room {
        line.add(piece.text, piece.style)
      } else {
        line.add(piece.text.head(room - 1) + "…", piece.style)
        break
      }
    }
    return line
  }

  /// The line without the spaces at its end.
  var trimmed: StyledLine {
    var line = StyledLine()
    line.pieces = pieces
    while var last = line.pieces.popLast() {
      while last.text.last == " " { last.text.removeLast() }
      if last.text.isEmpty { continue }
      line.pieces.append(last)
      break
    }
    line.width = line.pieces.reduce(0) { $0 + DisplayWidth.of($1.text) }
    return line
  }

  /// Without looks.
  public var text: String { pieces.map(\.text).joined() }

  /// As a terminal is sent it, looks put back at its end.
  public func rendered(isColoured: Bool) -> String {
    guard isColoured else { return text }
    return pieces.map { piece in
      piece.style == .plain ? piece.text : "\u{1B}[\(piece.style.parameters)m\(piece.text)\u{1B}[0m"
    }.joined()
  }
}
