import Foundation

/// Goes through a page of Markdown and finds its fenced blocks and its comments; the rest it passes over.
struct PageReader {
  enum Piece: Equatable {
    /// Of one line or several, by its first, without the signs around it.
    case comment(line: Int, String)
    /// Lines without the indentation that the fence has, as within a list.
    case block(line: Int, language: String, lines: [String])
    /// A block or comment that the page ends in.
    case open(line: Int)
  }

  private let lines: [Substring]
  private var place = 0

  init(_ text: String) { lines = text.split(separator: "\n", omittingEmptySubsequences: false) }

  mutating func next() -> Piece? {
    while place < lines.count {
      let line = lines[place]
      let indent = line.prefix { $0 == " " }.count
      let text = line.dropFirst(indent)
      place += 1
      if text.hasPrefix("```") {
        return block(first: place, indent: indent, language: String(text.drop { $0 == "`" }))
      }
      if text.hasPrefix("<!--") { return comment(first: place, String(text.dropFirst(4))) }
    }
    return nil
  }

  private mutating func block(first: Int, indent: Int, language: String) -> Piece {
    var content: [String] = []
    while place < lines.count {
      let line = lines[place]
      place += 1
      if line.drop(while: { $0 == " " }).hasPrefix("```") {
        let language = language.trimmingCharacters(in: .whitespaces)
        return .block(line: first, language: language, lines: content)
      }
      content.append(String(line.dropFirst(min(indent, line.prefix { $0 == " " }.count))))
    }
    return .open(line: first)
  }

  private mutating func comment(first: Int, _ start: String) -> Piece {
    var text = start
    while true {
      if let end = text.range(of: "-->") { return .comment(line: first, String(text[..<end.lowerBound])) }
      guard place < lines.count else { return .open(line: first) }
      text += "\n" + lines[place]
      place += 1
    }
  }
}
