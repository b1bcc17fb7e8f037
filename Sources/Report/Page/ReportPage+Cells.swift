import Planner
import Store

extension ReportPage {
  /// A page of very many rows is large and opens slowly; from this number on, the rows are in cells.csv alone.
  private static let mostRows = 20_000
  /// Of cells that are not done.
  private static let mostUnfinished = 3000

  private var showsAllCells: Bool { analysis.cells.count <= Self.mostRows }

  /// What `content` writes, leading to the rows of a setting's cells where the page has them.
  func link(to key: SettingKey, _ page: inout HTMLWriter, _ content: (inout HTMLWriter) -> Void) {
    guard showsAllCells, let place = analysis.place(of: key) else { return content(&page) }
    page.element("a", "href=\"#setting-\(place + 1)\"") { content(&$0) }
  }

  func writeCells(_ page: inout HTMLWriter) {
    page.element("p") { page in
      page.write(
        "Each row is one trained model. Point at a key to see it in full; for the stages, attempts, parameters and log "
      )
      page.write("behind a row: ")
      page.leaf("code", explainCommand)
    }
    let unfinished = analysis.unfinished
    if showsAllCells {
      page.element("details", analysis.cells.count <= 60 ? "open" : "") { page in
        page.leaf("summary", "All \(NumberText.count(analysis.cells.count)) cells")
        let first = Dictionary(
          uniqueKeysWithValues: analysis.runsOfSettings.enumerated().map { ($1.lowerBound, $0 + 1) })
        writeRows(analysis.cells[...], &page) { place in first[place].map { "id=\"setting-\($0)\"" } ?? "" }
      }
    } else {
      page.element("p") { page in
        page.write("All \(NumberText.count(analysis.cells.count)) cells are in cells.csv. Those behind a mean: ")
        page.leaf("code", listCommand)
      }
      if !unfinished.isEmpty {
        page.element("details") { page in
          let shown = unfinished.prefix(Self.mostUnfinished)
          page.leaf(
            "summary",
            "The first \(NumberText.count(shown.count)) of \(NumberText.count(unfinished.count)) cells that are not done"
          )
          writeRows(shown, &page)
        }
      }
    }
  }

  /// - Parameter attributes: Of the row at a place in `cells`.
  private func writeRows(
    _ cells: ArraySlice<CellResult>, _ page: inout HTMLWriter, attributes: (Int) -> String = { _ in "" }
  ) {
    let headings: [HTMLWriter.Heading] = [
      .text("Cell"), .number("Seed"), .text("State"), .text("Metric"), .number("Value"), .text("Train stage"),
      .text("Test stage"), .text("Reason"),
    ]
    page.table("Cells", headings: headings) { page in
      for place in cells.indices {
        let result = cells[place]
        page.element("tr", attributes(place)) { page in
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
    let cell = analysis.cells.first?.cell.id.text ?? "CELL"
    return "graft explain \(studyWord) \(ShellText.word(cell))"
  }

  /// The command that lists the cells of a setting, of the study's first.
  private var listCommand: String {
    guard let cell = analysis.cells.first?.cell else { return "graft plan \(studyWord) --cells" }
    let axes = [("dataset", cell.dataset), ("backbone", cell.backbone), ("init", cell.initialisation)]
    let filter = axes.map { "\($0.0)=\($0.1)" }.joined(separator: ",")
    return "graft plan \(studyWord) --cells --only \(ShellText.word(filter))"
  }
}
