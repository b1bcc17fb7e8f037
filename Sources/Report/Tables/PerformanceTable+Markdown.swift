extension PerformanceTable {
  /// The table in the pipe syntax that GitHub, GitLab and pandoc read.
  package var markdown: String {
    var text = "\(Self.caption)\n\n"
    let headings = rowHeadings + initialisations
    text += Self.line(headings.map(Self.escaped))
    text += Self.line(rowHeadings.map { _ in ":---" } + initialisations.map { _ in "---:" })
    for row in rows {
      text += Self.line(row.names.map(Self.escaped) + row.entries.map { $0.map(Self.text) ?? "" })
    }
    if rows.isEmpty { text += "\nThe study has no cells.\n" }
    if hasFewRuns { text += "\n\(Self.fewRunsMark) \(Self.fewRunsNote)\n" }
    if !notes.isEmpty {
      text += "\n\(Self.incompleteMark) Fewer runs than planned:\n\n"
      for note in notesForPrint { text += "- \(Self.escaped(note))\n" }
    }
    return text
  }

  private static func line(_ fields: [String]) -> String { "| " + fields.joined(separator: " | ") + " |\n" }

  private static func text(_ entry: Entry) -> String {
    guard let mean = entry.mean else { return "– (0)\(entry.marks)" }
    let value = mean + (entry.sd.map { " ± \($0)" } ?? "")
    return (entry.isBest ? "**\(value)**" : value) + " (\(entry.n))\(entry.marks)"
  }

  /// Names may hold what Markdown takes for syntax.
  private static func escaped(_ text: String) -> String {
    var result = ""
    for character in text {
      switch character {
      case "|", "*", "_", "`", "\\", "<", ">", "[", "]": result += "\\\(character)"
      case _ where character.isNewline: result += " "
      default: result.append(character)
      }
    }
    return result
  }
}
