import Foundation

/// A page for `man`, in the macros of man(7).
struct ManualPage {
  private(set) var text: String

  /// - Parameters:
  ///   - name: `graft-run`.
  ///   - section: 1 for commands, 5 for files.
  init(_ name: String, section: Int, version: String, summary: String) {
    text = """
      .\\" Made by `make reference` from the commands' own declarations; what is changed here is lost.
      .TH "\(Self.quoted(name.uppercased()))" "\(section)" "\(Self.date)" "Graft \(version)" "Graft"
      .nh
      .ad l
      .SH NAME
      \(Self.broken("\(Self.escaped(name)) \\- \(Self.escaped(summary))"))

      """
  }

  /// When the pages were last looked through as a whole. They do not follow the day on which they are made.
  private static let date = "2026-11-29"

  mutating func heading(_ title: String) { text += ".SH \"\(Self.quoted(title.uppercased()))\"\n" }

  mutating func synopsis(_ usages: [String]) {
    heading("Synopsis")
    text += usages.map { "\(Self.marked($0))\n" }.joined(separator: ".br\n")
  }

  /// Lines of text; an empty line parts paragraphs.
  mutating func paragraph(_ words: String) {
    for part in words.components(separatedBy: "\n\n") {
      let isFirst = text.split(separator: "\n").last?.hasPrefix(".SH") == true
      text += (isFirst ? "" : ".PP\n") + "\(Self.marked(part))\n"
    }
  }

  /// What is explained, and how.
  mutating func item(_ what: String, _ meaning: String) {
    text += ".TP\n\\fB\(Self.escaped(what))\\fR\n\(Self.marked(meaning))\n"
  }

  /// Text in which what stands in backticks is bold and what stands in angle brackets is a placeholder.
  private static func marked(_ text: String) -> String {
    var isBold = false
    let parts = text.split(separator: "`", omittingEmptySubsequences: false).map { part in
      defer { isBold.toggle() }
      return isBold ? "\\fB\(escaped(String(part)))\\fR" : escaped(String(part))
    }
    return broken(parts.joined())
  }

  /// In lines of at most 79 signs, none of which begins as a macro does.
  private static func broken(_ text: String) -> String {
    var lines = [""]
    for word in text.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
      // A long word may be broken behind its commas.
      let word = word.count > 40 ? word.replacingOccurrences(of: ",", with: ",\\:") : String(word)
      if !lines[lines.count - 1].isEmpty, lines[lines.count - 1].count + 1 + word.count > 79 { lines.append("") }
      let isFirst = lines[lines.count - 1].isEmpty
      lines[lines.count - 1] += isFirst ? (word.hasPrefix(".") ? "\\&\(word)" : word) : " \(word)"
    }
    return lines.joined(separator: "\n")
  }

  private static func escaped(_ text: String) -> String {
    text.replacingOccurrences(of: "\\", with: "\\e").replacingOccurrences(of: "-", with: "\\-")
      .replacingOccurrences(of: "'", with: "\\(aq")
      .replacingOccurrences(of: "^", with: "\\(ha").replacingOccurrences(of: "~", with: "\\(ti")
  }

  private static func quoted(_ text: String) -> String { text.replacingOccurrences(of: "\"", with: "") }
}
