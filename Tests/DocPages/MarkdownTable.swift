import Foundation

/// A table of a Markdown page, under a heading: rows of fields as they are written.
struct MarkdownTable {
  let rows: [[String]]

  /// The first table under `## heading`; without rows where there is none.
  init(under heading: String, of page: String) {
    var isThere = false
    var rows: [[String]] = []
    for line in page.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("## ") {
        if isThere { break }
        isThere = line == "## \(heading)"
      } else if isThere, line.hasPrefix("|") {
        rows.append(
          line.dropFirst().dropLast().components(separatedBy: "|").map { $0.trimmingCharacters(in: .whitespaces) })
      } else if isThere, !rows.isEmpty {
        break
      }
    }
    // Behind the names of the columns and the line below them.
    self.rows = Array(rows.dropFirst(2))
  }

  /// `[words](place)` as the words alone.
  static func withoutLinks(_ text: String) -> String {
    text.replacing(/\[([^\]]*)\]\([^)]*\)/) { "\($0.output.1)" }
  }
}
