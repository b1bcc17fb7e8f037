extension PerformanceTable {
  /// The table for LaTeX: a `table` float with booktabs rules, which needs `\usepackage{booktabs}` alone.
  package var latex: String {
    let headings = rowHeadings + initialisations
    var text = "% Needs \\usepackage{booktabs} in the preamble.\n"
    if headings.contains(where: Self.isBeyondLatin)
      || rows.contains(where: { $0.names.contains(where: Self.isBeyondLatin) })
    {
      text +=
        "% Names have characters that pdflatex does not know: compile with lualatex or xelatex, in a font that has them.\n"
    }
    text += "\\begin{table}\n  \\centering\n"
    text += "  \\caption{\(Self.escaped(Self.caption))}\n"
    text += "  \\begin{tabular}{\(String(repeating: "l", count: rowHeadings.count))"
    text += "\(String(repeating: "r", count: initialisations.count))}\n    \\toprule\n"
    text += Self.line(headings.map(Self.escaped))
    text += "    \\midrule\n"
    var dataset = rows.first?.names.first
    for row in rows {
      if row.names.first != dataset {
        text += "    \\addlinespace\n"
        dataset = row.names.first
      }
      text += Self.line(row.names.map(Self.escaped) + row.entries.map { $0.map(Self.text) ?? "" })
    }
    text += "    \\bottomrule\n  \\end{tabular}\n"
    if !notes.isEmpty || hasFewRuns {
      text += "\n  \\smallskip\n  \\begin{minipage}{\\linewidth}\n    \\footnotesize\n"
      if hasFewRuns { text += "    \(Self.mark(Self.fewRunsMark)) \(Self.fewRunsNote)\n" }
      if !notes.isEmpty { text += "    \(Self.mark(Self.incompleteMark)) Fewer runs than planned.\n" }
      for note in notesForPrint { text += "    \(Self.escaped(note))\n" }
      text += "  \\end{minipage}\n"
    }
    return text + "\\end{table}\n"
  }

  /// Whether a text has letters beyond those of the Latin scripts that LaTeX reads by itself.
  private static func isBeyondLatin(_ text: String) -> Bool {
    text.unicodeScalars.contains { $0.value > 0x17F }
  }

  private static func line(_ fields: [String]) -> String { "    " + fields.joined(separator: " & ") + " \\\\\n" }

  private static func text(_ entry: Entry) -> String {
    let mark = entry.marks.map { Self.mark(String($0)) }.joined()
    guard let mean = entry.mean else { return "-- (0)\(mark)" }
    let value = entry.sd.map { "$\(mean) \\pm \($0)$" } ?? "$\(mean)$"
    return (entry.isBest ? "\\textbf{\\boldmath\(value)}" : value) + " (\(entry.n))\(mark)"
  }

  private static func mark(_ mark: String) -> String {
    "\\textsuperscript{\(mark == incompleteMark ? "\\dag" : "\\ddag")}"
  }

  private static func escaped(_ text: String) -> String {
    var result = ""
    for character in text {
      switch character {
      case "\\": result += "\\textbackslash{}"
      case "&", "%", "$", "#", "_", "{", "}": result += "\\\(character)"
      case "~": result += "\\textasciitilde{}"
      case "^": result += "\\textasciicircum{}"
      case "<": result += "\\textless{}"
      case ">": result += "\\textgreater{}"
      case "±": result += "$\\pm$"
      case "−": result += "$-$"
      // A bracket that opens a line would be read as the argument of the line break before it.
      case "[": result += "{[}"
      case "]": result += "{]}"
      case _ where character.isNewline: result += " "
      default: result.append(character)
      }
    }
    return result
  }
}
