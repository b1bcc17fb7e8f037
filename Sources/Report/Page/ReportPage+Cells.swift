import Planner
import Store

extension ReportPage {
  /// A page of many thousand rows opens slowly; from this number on, the rows are in cells.csv alone.
  private static let mostRows = 3000

  func writeCells(_ page: inout HTMLWriter) {
    page.element("p") { page in
      page.write(
        "Each row is one trained model. Point at a key to see it in full; for the stages, attempts, parameters and log "
      )
      page.write("behind a row: ")
      page.leaf("code", explainCommand)
    }
    let unfinished = analysis.unfinished
    if analysis.cells.count <= Self.mostRows {
      page.element("details", analysis.cells.count <= 60 ? "open" : "") { page in
        page.leaf("summary", "All \(analysis.cells.count) cells")
        writeRows(analysis.cells[...], &page)
      }
    } else {
      page.leaf("p", "All \(NumberText.count(analysis.cells.count)) cells are in cells.csv.")
      if !unfinished.isEmpty {
        page.element("details") { page in
          let shown = unfinished.prefix(Self.mostRows)
          page.leaf(
            "summary", "The first \(shown.count) of \(NumberText.count(unfinished.count)) cells that are not done")
          writeRows(shown, &page)
        }
      }
    }
  }

  private func writeRows(_ cells: ArraySlice<CellResult>, _ page: inout HTMLWriter) {
    let headings: [HTMLWriter.Heading] = [
      .text("Cell"), .number("Seed"), .text("State"), .text("Metric"), .number("Value"), .text("Train stage"),
      .text("Test stage"), .text("Reason"),
    ]
    page.table("Cells", headings: headings) { page in
      for result in cells {
        page.element("tr") { page in
          page.element("th", "scope=\"row\"") { $0.leaf("code", result.cell.id.text) }
          page.leaf("td", "class=\"number\"", String(result.cell.seed))
          page.leaf("td", result.state == .done ? "" : "class=\"alarm\"", result.state.rawValue)
          page.leaf("td", MetricName.plain(result.cell.metric))
          page.leaf("td", "class=\"number\"", result.score.map { NumberText.fixed($0, 4) } ?? "")
          for kind in [StageKind.train, .test] {
            page.element("td") { page in
              guard let key = result.cell.stages[kind] else { return }
              page.leaf("code", HTMLWriter.attribute("title", key.hex), key.short)
            }
          }
          page.leaf("td", "class=\"wide\"", result.reason ?? "")
        }
      }
    }
  }

  /// The command that leads from a row to its stages, with a cell of the study.
  private var explainCommand: String {
    let study = analysis.provenance["study_file"]?.stringValue ?? analysis.study
    let cell = analysis.cells.first?.cell.id.text ?? "CELL"
    return "graft explain \(Self.shellWord(study)) \(Self.shellWord(cell))"
  }

  /// The text as one word of a POSIX shell.
  private static func shellWord(_ text: String) -> String {
    let plain = text.utf8.allSatisfy { byte in
      (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
        || "/._-=+:,@".utf8.contains(byte)
    }
    if plain, !text.isEmpty { return text }
    return "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }
}
