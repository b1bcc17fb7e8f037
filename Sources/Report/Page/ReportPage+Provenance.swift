import Planner

extension ReportPage {
  /// The study's file as one word of a shell.
  var studyWord: String { ShellText.word(analysis.provenance["study_file"]?.stringValue ?? "\(analysis.study).yaml") }

  /// The command that makes all of this again.
  func writeRepeat(_ page: inout HTMLWriter) {
    page.leaf("pre", "graft run \(studyWord) && graft report \(studyWord)")
    page.leaf(
      "p",
      "What is done already is not done again, neither here nor after an interruption; in an empty folder everything is. The same"
        + " results give the same bytes of this report. On the same machine, with the same number of threads for each stage, the"
        + " results are the same too; on another they differ by rounding.")
  }

  /// What made the results, as recorded with them.
  func writeProvenance(_ page: inout HTMLWriter) {
    page.table("Provenance", headings: [.text("What"), .text("Value")]) { page in
      for (name, value) in Self.flattened(analysis.provenance, prefix: "") {
        page.element("tr") { page in
          page.leaf("th", "scope=\"row\"", name)
          page.leaf("td", "class=\"wide\"", value)
        }
      }
    }
    page.leaf("p", "class=\"quiet\"", "The same is in provenance.json.")
    page.element("p", "class=\"quiet\"") { page in
      page.write("Beside this page: ")
      for (index, path) in besides.enumerated() {
        page.write(index == 0 ? "" : ", ")
        page.element("a", HTMLWriter.attribute("href", path)) { $0.write(path) }
      }
      page.write(
        ", and each figure in figures/, as SVG with its numbers as CSV. The same results give the same bytes.")
    }
  }

  private static func flattened(_ json: JSONValue, prefix: String) -> [(name: String, value: String)] {
    (json.objectValue ?? [:]).sorted { $0.key < $1.key }.flatMap { key, value -> [(name: String, value: String)] in
      let name = prefix + key.split(separator: "_").joined(separator: " ")
      if value.objectValue != nil { return flattened(value, prefix: "\(name), ") }
      if let texts = value.arrayValue?.map({ $0.stringValue ?? $0.canonicalText }) {
        return [(name, texts.joined(separator: ", "))]
      }
      return [(name, value.stringValue ?? value.canonicalText)]
    }
  }
}

/// Text for a shell.
enum ShellText {
  /// The text as one word of a POSIX shell.
  static func word(_ text: String) -> String {
    let plain = text.utf8.allSatisfy { byte in
      (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
        || "/._-=+:,@".utf8.contains(byte)
    }
    if plain, !text.isEmpty { return text }
    return "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }
}
