import Store

extension ReportPage {
  /// The learning rates that searches found.
  func writeRates(_ page: inout HTMLWriter) {
    writeFigures(of: .rates, &page)
    let showsFraction = analysis.fractions.count > 1
    var headings: [HTMLWriter.Heading] = [.text("Data set"), .text("Backbone")]
    if showsFraction { headings.append(.number("Fraction")) }
    headings += analysis.furtherAxes.map { .text($0) }
    headings += [.text("Init"), .number("Learning rate"), .number("Rates tried")]
    page.table("Learning rates found", headings: headings) { page in
      var dataset: String?
      for search in analysis.rateSearches {
        let transferCase = TransferCase(search.cell)
        page.element("tr", transferCase.dataset != dataset ? "class=\"first\"" : "") { page in
          page.leaf("th", "scope=\"row\"", transferCase.dataset)
          page.leaf("th", "scope=\"row\"", transferCase.backbone)
          if showsFraction { page.leaf("td", "class=\"number\"", NumberText.exact(transferCase.fraction)) }
          for name in analysis.furtherAxes {
            page.leaf("td", transferCase.furtherAxes.first { $0.name == name }?.value ?? "")
          }
          page.leaf("td", search.cell.initialisation)
          page.leaf("td", "class=\"number\"", search.rate.map { NumberText.scientific($0, 3) } ?? "not yet")
          page.leaf("td", "class=\"number\"", NumberText.count(Set(search.tried.map(\.rate)).count))
        }
        dataset = transferCase.dataset
      }
    }
  }
}
