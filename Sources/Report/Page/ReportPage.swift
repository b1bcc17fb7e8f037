import Files
import Planner
import Store

/// The report as one HTML page that needs nothing beside it: no script, no network, no font.
struct ReportPage: Sendable {
  let analysis: StudyAnalysis
  let table: PerformanceTable
  let figures: [DrawnFigure]
  /// How gains go with what cases are.
  let correlations: [GainCorrelation]
  /// The paths of the report's files that show no figure, relative to the page.
  let besides: [String]

  var html: String {
    var page = HTMLWriter()
    page.raw("<!DOCTYPE html>\n<html lang=\"en\">\n")
    page.element("head") { page in
      page.raw("<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
      page.leaf("title", "\(analysis.study): report")
      page.element("style") { $0.raw("\n\(PageStyle.css)\n") }
    }
    page.element("body") { page in
      page.element("main") { page in
        let parts = parts
        let written = Parallel.map(parts.count) { place in
          var part = HTMLWriter()
          parts[place](&part)
          return part.text
        }
        for text in written { page.raw(text) }
      }
    }
    page.raw("</html>\n")
    return page.text
  }

  /// What stands one below the other; each can be written by itself.
  private var parts: [@Sendable (inout HTMLWriter) -> Void] {
    var parts: [@Sendable (inout HTMLWriter) -> Void] = [
      { writeHeader(&$0) },
      { writeSection("gains", "What transfer brings", &$0, writeGains) },
      { writeSection("performance", "Performance", &$0, writePerformance) },
      {
        writeSection("training", "Training", &$0) { page in
          writeFigures(of: .training, &page)
        }
      },
    ]
    if !analysis.rateSearches.isEmpty { parts.append { writeSection("rates", "Learning rates", &$0, writeRates) } }
    if !analysis.measureKinds.isEmpty {
      parts.append { writeSection("measures", "Feature reuse, measured", &$0, writeMeasures) }
    }
    return parts + [
      { writeSection("data", "Data sets", &$0, writeDatasets) },
      { writeSection("cells", "Cells: where each number comes from", &$0, writeCells) },
      { writeSection("run", "What was run", &$0, writeRun) },
      { writeSection("repeat", "How to repeat it", &$0, writeRepeat) },
      { writeSection("provenance", "Provenance", &$0, writeProvenance) },
    ]
  }

  private func writeSection(
    _ id: String, _ title: String, _ page: inout HTMLWriter, _ content: (inout HTMLWriter) -> Void
  ) {
    page.element("section", "id=\"\(id)\"") { page in
      page.leaf("h2", title)
      content(&page)
    }
  }

  private func writeHeader(_ page: inout HTMLWriter) {
    page.element("header") { page in
      page.leaf("h1", analysis.study)
      if let question = analysis.reporting.question { page.leaf("p", "class=\"question\"", question) }
      page.leaf("p", "class=\"lead\"", shape)
      page.element("ul", "class=\"counts\"") { page in
        page.element("li") { page in
          page.leaf("b", "\(NumberText.count(analysis.count(.done))) of \(NumberText.count(analysis.plannedCells))")
          page.write("cells done")
        }
        for state in CellState.unfinished where analysis.count(state) > 0 {
          page.element("li", "class=\"alarm\"") { page in
            page.leaf("b", NumberText.count(analysis.count(state)))
            page.write(state.rawValue)
          }
        }
      }
      if analysis.importedCells > 0 {
        let sources = analysis.cells.filter(\.isImported).map { TransferCase($0.cell).source ?? "" }.uniqued()
        page.leaf(
          "p",
          "Beside them stand \(NumberText.count(analysis.importedCells)) results from elsewhere, named by their source:"
            + " \(sources.joined(separator: ", ")).")
      }
      writeReasons(&page)
      for sentence in GainNotes(analysis).findings { page.leaf("p", sentence) }
      page.raw(
        """
        <nav aria-label="Sections"><a href="#gains">Gains</a> <a href="#performance">Performance</a> \
        <a href="#training">Training</a> \(analysis.rateSearches.isEmpty ? "" : "<a href=\"#rates\">Learning rates</a> ")\
        \(analysis.measureKinds.isEmpty ? "" : "<a href=\"#measures\">Feature reuse</a> ")\
        <a href="#data">Data sets</a> <a href="#cells">Cells</a> \
        <a href="#run">Run</a> <a href="#repeat">Repeat</a> <a href="#provenance">Provenance</a></nav>

        """)
    }
  }

  /// The grid in a sentence.
  private var shape: String {
    let seeds = analysis.cells.map(\.cell.seed).uniqued().count
    func counted(_ number: Int, _ one: String, _ many: String) -> String {
      "\(NumberText.count(number)) \(number == 1 ? one : many)"
    }
    var parts = [
      counted(analysis.cases.map(\.dataset).uniqued().count, "data set", "data sets"),
      counted(analysis.cases.map(\.backbone).uniqued().count, "backbone", "backbones"),
      counted(analysis.fractions.count, "fraction of the training images", "fractions of the training images"),
      "\(counted(analysis.initialisations.count, "initialisation", "initialisations"))"
        + (analysis.initialisations.isEmpty ? "" : " (\(analysis.initialisations.joined(separator: ", ")))"),
    ]
    if !analysis.furtherAxes.isEmpty { parts.append("further axes \(analysis.furtherAxes.joined(separator: ", "))") }
    parts.append(counted(seeds, "seed", "seeds"))
    return parts.joined(separator: ", ") + "."
  }

  /// Why cells are not done, each reason once.
  private func writeReasons(_ page: inout HTMLWriter) {
    writeReasons(AbsenceReasons(analysis.unfinished.map { ($0.state, $0.reason) }), rest: "see the cells below", &page)
  }

  func writeReasons(_ reasons: AbsenceReasons, rest: String, _ page: inout HTMLWriter) {
    guard !reasons.lines.isEmpty else { return }
    let shown = reasons.lines.prefix(12)
    page.element("ul") { page in
      for line in shown { page.leaf("li", line) }
      if reasons.lines.count > shown.count {
        page.leaf("li", "\(reasons.lines.count - shown.count) more reasons: \(rest).")
      }
    }
  }

  private func writePerformance(_ page: inout HTMLWriter) {
    page.leaf("p", PerformanceTable.caption)
    let headings =
      table.rowHeadings.map { HTMLWriter.Heading.text($0) } + table.initialisations.map { .number($0) }
    page.table("Test performance by initialisation", headings: headings) { page in
      var dataset: String?
      for row in table.rows {
        page.element("tr", row.names.first == dataset ? "" : "class=\"first\"") { page in
          for name in row.names { page.leaf("th", "scope=\"row\"", name) }
          for (entry, name) in zip(row.entries, table.initialisations) {
            let key = SettingKey(transferCase: row.transferCase, initialisation: name)
            page.element("td", "class=\"number\"") { page in link(to: key, &page) { write(entry, &$0) } }
          }
        }
        dataset = row.names.first
      }
    }
    if table.hasFewRuns {
      page.leaf("p", "class=\"quiet\"", "\(PerformanceTable.fewRunsMark) \(PerformanceTable.fewRunsNote)")
    }
    if !table.notes.isEmpty {
      page.element("details") { page in
        page.leaf("summary", "† Fewer runs than planned: \(table.notes.count) of \(analysis.settings.count) settings")
        page.element("ul") { page in
          for note in table.notesForPrint { page.leaf("li", note) }
        }
      }
    }
    writeFigures(of: .performance, &page)
  }

  private func write(_ entry: PerformanceTable.Entry?, _ page: inout HTMLWriter) {
    guard let entry else { return }
    if let mean = entry.mean {
      let value = mean + (entry.sd.map { " ± \($0)" } ?? "")
      if entry.isBest { page.leaf("b", value) } else { page.write(value) }
    } else {
      page.write("–")
    }
    page.leaf("small", " (\(entry.n))\(entry.marks)")
  }

  private func writeDatasets(_ page: inout HTMLWriter) {
    func count(_ value: Int?) -> String { value.map(NumberText.count) ?? "–" }
    let hasDistances = analysis.datasets.contains { $0.distance != nil }
    let headings: [HTMLWriter.Heading] =
      [
        .text("Data set"), .text("Judged by"), .number("Training images"), .number("Validation"), .number("Test"),
        .number("Unreadable, skipped"),
      ] + (hasDistances ? [.number("Distance to the source")] : []) + [.text("Classes")]
    page.table("Data sets", headings: headings) { page in
      for dataset in analysis.datasets {
        page.element("tr") { page in
          page.leaf("th", "scope=\"row\"", dataset.name)
          page.leaf("td", MetricName.plain(dataset.metric))
          for value in [dataset.trainingImages, dataset.validationImages, dataset.testImages, dataset.unreadable] {
            page.leaf("td", "class=\"number\"", count(value))
          }
          if hasDistances {
            page.leaf("td", "class=\"number\"", dataset.distance.map { NumberText.trimmed($0, 2) } ?? "–")
          }
          page.leaf(
            "td", "class=\"wide\"", dataset.classes.map { "\($0.count): \($0.joined(separator: ", "))" } ?? "–")
        }
      }
    }
    writeLosses(&page)
    if analysis.hasClassCounts { writeClasses(&page) }
    if analysis.datasets.contains(where: { $0.trainingImages == nil }) {
      page.leaf("p", "class=\"quiet\"", "– is not counted yet: the stage that reads this data set is not done.")
    }
  }

  /// What a data set lacks, or shares between its splits.
  private func writeLosses(_ page: inout HTMLWriter) {
    for dataset in analysis.datasets {
      if let missing = dataset.missing, missing > 0 {
        page.leaf(
          "p",
          "\(dataset.name): \(NumberText.count(missing)) images that its labels name were not there and are left out.")
      }
      if let shared = dataset.sharedGroups, shared > 0 {
        page.leaf(
          "p", "\(dataset.name): \(NumberText.count(shared)) patients or lesions have images in several splits.")
      }
    }
  }

  /// How many images show each class.
  private func writeClasses(_ page: inout HTMLWriter) {
    let hasUnknown = analysis.datasets.contains { $0.classCounts.contains { $0.unknown != nil } }
    let headings: [HTMLWriter.Heading] =
      [.text("Data set"), .text("Class"), .number("Training images"), .number("Validation"), .number("Test")]
      + (hasUnknown ? [.number("Unknown, all splits")] : [])
    page.table("Images of each class", headings: headings) { page in
      for dataset in analysis.datasets {
        for (place, pair) in zip(dataset.classes ?? [], dataset.classCounts).enumerated() {
          page.element("tr", place == 0 ? "class=\"first\"" : "") { page in
            page.leaf("th", "scope=\"row\"", dataset.name)
            page.leaf("td", pair.0)
            for count in pair.1.images { page.leaf("td", "class=\"number\"", NumberText.count(count)) }
            if hasUnknown {
              page.leaf("td", "class=\"number\"", pair.1.unknown.map { NumberText.count($0.reduce(0, +)) } ?? "–")
            }
          }
        }
      }
    }
  }

  func writeFigures(of section: FigureEntry.Section, _ page: inout HTMLWriter) {
    for entry in FigureCatalogue.all where entry.section == section {
      guard let drawn = figures.first(where: { $0.figure.name == entry.name }) else { continue }
      page.element("figure") { page in
        page.element(
          "div", "role=\"region\" tabindex=\"0\" \(HTMLWriter.attribute("aria-label", drawn.figure.title))"
        ) {
          $0.raw(drawn.svg)
        }
        page.leaf("figcaption", "\(drawn.figure.title). \(drawn.figure.description)")
      }
    }
  }
}
