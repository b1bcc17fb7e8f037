extension ReportPage {
  /// A rank of fewer settings says next to nothing.
  private static let fewestSettings = 5

  /// How gains go with what cases are: over all of them, and within their parts where a reader asks.
  func writeCorrelations(_ page: inout HTMLWriter) {
    guard !correlations.isEmpty else { return }
    let shown = correlations.filter { $0.correlation.n >= Self.fewestSettings }
    let whole = shown.filter { $0.group == .all }
    let parts = shown.filter { $0.group != .all }
    page.leaf("h3", "What the gain goes with")
    if !whole.isEmpty {
      let factors = GainCorrelation.Factor.allCases.filter { factor in whole.contains { $0.factor == factor } }
      page.table(
        "Rank correlations of gains", headings: [.text("Of")] + factors.map { .number("with \($0.title)") }
      ) { page in
        for quantity in GainCorrelation.Quantity.allCases where whole.contains(where: { $0.quantity == quantity }) {
          page.element("tr") { page in
            page.leaf("th", "scope=\"row\"", quantity.title)
            for factor in factors {
              page.element("td", "class=\"number\"") { page in
                guard let found = whole.first(where: { $0.quantity == quantity && $0.factor == factor }) else { return }
                write(found.correlation, &page)
              }
            }
          }
        }
      }
    }
    if !parts.isEmpty {
      page.element("details") { page in
        page.leaf("summary", "Within single backbones and data sets: \(parts.count)")
        writeParts(parts, &page)
      }
    }
    let left = correlations.count - shown.count
    page.leaf(
      "p", "class=\"quiet\"",
      "Spearman's rank correlations over settings, with their number and p, not corrected for how many they are: they describe"
        + " this study's settings, which are few and share data sets and backbones. Up to nine settings p counts every order;"
        + " beyond, it is Student's t."
        + (left == 0
          ? ""
          : " Of fewer than \(Self.fewestSettings) settings none is shown; correlations.csv has these \(left) too."))
  }

  private func writeParts(_ parts: [GainCorrelation], _ page: inout HTMLWriter) {
    let headings: [HTMLWriter.Heading] = [
      .text("Of"), .text("With"), .text("Within"), .number("Rank correlation"),
    ]
    page.table("Rank correlations of gains within parts", headings: headings) { page in
      var last: (GainCorrelation.Quantity, GainCorrelation.Factor)?
      for found in parts {
        let isFirst = last.map { $0 != (found.quantity, found.factor) } ?? true
        page.element("tr", isFirst ? "class=\"first\"" : "") { page in
          page.leaf("th", "scope=\"row\"", found.quantity.title)
          page.leaf("th", "scope=\"row\"", found.factor.title)
          page.leaf("td", found.group.name)
          page.element("td", "class=\"number\"") { write(found.correlation, &$0) }
        }
        last = (found.quantity, found.factor)
      }
    }
  }

  private func write(_ correlation: RankCorrelation, _ page: inout HTMLWriter) {
    page.write(NumberText.signed(correlation.rho, 2))
    page.leaf("small", " (\(correlation.n))")
    page.leaf("small", "class=\"below\"", "p \(NumberText.probability(correlation.p))")
  }
}
