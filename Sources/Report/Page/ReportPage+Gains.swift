extension ReportPage {
  func writeGains(_ page: inout HTMLWriter) {
    writeFigures(of: .gains, &page)
    guard !analysis.gains.isEmpty else {
      page.leaf(
        "p", "There is nothing to compare: no case of the study plans at least two of RI, ST and WT.")
      return
    }
    let showsFraction = analysis.fractions.count > 1
    var headings: [HTMLWriter.Heading] = [.text("Data set"), .text("Backbone")]
    if showsFraction { headings.append(.number("Fraction")) }
    headings += analysis.furtherAxes.map { .text($0) }
    headings += ["RI", "ST", "WT"].map { .number("\($0) (n)") }
    // What figure 1 shows comes first; what a narrow screen cuts off is what is asked for least.
    headings.append(.number("WT / RI"))
    headings += contrastHeadings(.wtRI)
    headings += [.number("Feature reuse"), .number("scaled")]
    headings += contrastHeadings(.wtST)
    headings.append(.number("Share of gain"))
    headings += contrastHeadings(.stRI)
    page.table("Gains from transfer", headings: headings) { page in
      var dataset: String?
      for gain in analysis.gains {
        let isFirst = gain.transferCase.dataset != dataset
        page.element("tr", isFirst ? "class=\"first\"" : "") { page in
          writeGain(gain, showsFraction: showsFraction, &page)
        }
        dataset = gain.transferCase.dataset
      }
    }
    page.element("ul", "class=\"quiet\"") { page in
      for sentence in GainNotes(analysis).methods { page.leaf("li", sentence) }
    }
    writeCorrelations(&page)
  }

  private func writeGain(_ gain: Gain, showsFraction: Bool, _ page: inout HTMLWriter) {
    func number(_ text: String) { page.leaf("td", "class=\"number\"", text) }
    let transferCase = gain.transferCase
    page.leaf("th", "scope=\"row\"", transferCase.dataset)
    page.leaf("th", "scope=\"row\"", transferCase.backbone)
    if showsFraction { number(NumberText.exact(transferCase.fraction)) }
    for name in analysis.furtherAxes {
      page.leaf("td", transferCase.furtherAxes.first { $0.name == name }?.value ?? "")
    }
    for setting in [gain.ri, gain.st, gain.wt] {
      page.element("td", "class=\"number\"") { page in
        guard let setting else { return }
        link(to: setting.key, &page) { page in
          page.write(setting.summary.map { NumberText.fixed($0.mean, 3) } ?? "–")
          page.leaf("small", " (\(setting.n))\(setting.isComplete ? "" : PerformanceTable.incompleteMark)")
        }
      }
    }
    writeEstimate(gain.relativeGain.map { NumberText.fixed($0.ratio, 3) }, gain.relativeGain?.interval, n: nil, &page)
    writeContrast(.wtRI, gain, &page)
    writeEstimate(gain.featureReuse.map { NumberText.fixed($0, 3) }, gain.featureReuseInterval, n: nil, &page)
    number(gain.featureReuseNormalised.map { NumberText.fixed($0, 2) } ?? "")
    writeContrast(.wtST, gain, &page)
    number(gain.reuseShareOfGain.map { NumberText.fixed($0, 2) } ?? "")
    writeContrast(.stRI, gain, &page)
  }

  private func contrastHeadings(_ contrast: Contrast) -> [HTMLWriter.Heading] {
    [.number("\(contrast.title) (n)"), .number("p (\(analysis.reporting.correction.shortTitle))")]
  }

  private func writeContrast(_ contrast: Contrast, _ gain: Gain, _ page: inout HTMLWriter) {
    let comparison = gain.differences[contrast]
    writeEstimate(
      comparison.map { NumberText.signed($0.differences.mean, 3) }, comparison?.differences.interval,
      n: comparison?.differences.n, &page)
    page.element("td", "class=\"number\"") { page in
      page.write(comparison?.p.map(NumberText.probability) ?? "")
      if let corrected = comparison?.correctedP {
        page.leaf("small", "class=\"below\"", "(\(NumberText.probability(corrected)))")
      }
    }
  }

  private func writeEstimate(_ estimate: String?, _ interval: Interval?, n: Int?, _ page: inout HTMLWriter) {
    page.element("td", "class=\"number\"") { page in
      guard let estimate else { return }
      page.write(estimate)
      if let n { page.leaf("small", " (\(n))") }
      if let interval {
        page.leaf(
          "small", "class=\"below\"", "[\(NumberText.fixed(interval.low, 3)), \(NumberText.fixed(interval.high, 3))]")
      }
    }
  }
}

/// What a page says of gains in words.
struct GainNotes {
  let analysis: StudyAnalysis

  init(_ analysis: StudyAnalysis) { self.analysis = analysis }

  /// The outcome in a sentence or two: nothing that the table below it does not show.
  var findings: [String] {
    let compared = analysis.gains.compactMap { $0.differences[.wtRI] }
    guard !compared.isEmpty else {
      return ["No pair of runs compares weight transfer (WT) with random initialisation (RI) yet."]
    }
    let tested = compared.compactMap(\.differences.interval)
    let above = tested.count { $0.low > 0 }
    let below = tested.count { $0.high < 0 }
    let settings = compared.count == 1 ? "the one setting compared" : "\(compared.count) settings compared"
    var sentence =
      "Weight transfer (WT) has the higher mean in \(compared.count { $0.differences.mean > 0 }) of \(settings)"
    if tested.isEmpty {
      sentence += "; with one pair of runs in each, nothing can be said of how sure that is."
    } else {
      sentence += "; the 95 % interval of the difference lies above zero in \(above), below zero in \(below), and holds"
      sentence += " zero in \(tested.count - above - below)"
      if tested.count < compared.count { sentence += " (\(compared.count - tested.count) with one pair have none)" }
      sentence += "."
    }
    return [sentence]
  }

  /// How the table's numbers are made, for a reader who was not there.
  var methods: [String] {
    var sentences = [
      "RI is random initialisation, ST transfers the statistics of the source weights, WT the weights. Comparisons pair the"
        + " runs that share a seed; [brackets] hold 95 % intervals: paired Student t for differences, Fieller's for ratios,"
        + " which excludes 1 exactly where the difference's excludes 0. An interval that is not there could not be computed:"
        + " one pair, or a mean of RI not clearly above zero.",
      "p is the exact two-sided sign-flip test of the pairs; in (parentheses) it is corrected by the method of"
        + " \(analysis.reporting.correction.title) over all rows of the column.",
    ]
    let most = analysis.gains.flatMap { $0.differences.values.map(\.differences.n) }.max() ?? 0
    if most > 1 {
      let smallest = SignFlipTest.smallestReachable(n: most)
      var sentence =
        "With \(most) pairs the smallest p that this test can reach is 2/2^\(most) = \(NumberText.probability(smallest))"
      sentence +=
        smallest > 0.05
        ? ": no comparison here can fall below 0.05, whatever the effect. Judge by the intervals, or run more seeds."
        : "."
      sentences.append(sentence)
    }
    sentences.append(
      "Feature reuse is (WT − ST) / WT, scaled to 0 to 1 between the lowest and the highest setting of the study, as in the"
        + " paper's figure 1. The share of gain is (WT − ST) / (WT − RI), what the weights themselves bring of it all; it means"
        + " little where WT − RI is near zero.")
    if analysis.settings.contains(where: { !$0.isComplete }) {
      sentences.append("† marks settings with fewer runs than planned.")
    }
    return sentences
  }
}
