import Planner
import Store

extension ReportPage {
  /// What the study measures beside the test: how, how much of it is there, and the figure.
  func writeMeasures(_ page: inout HTMLWriter) {
    for kind in analysis.measureKinds {
      let tally = analysis.tally(kind)
      page.leaf("h3", kind.measureName)
      if let parameters = MeasureParameters(analysis.measureParameters[kind] ?? []).text {
        page.leaf("p", "class=\"quiet\"", "Computed with \(parameters).")
      }
      page.leaf(
        "p", tally.done == tally.planned ? "" : "class=\"alarm\"",
        "Measured: \(NumberText.count(tally.done)) of \(NumberText.count(tally.planned)) \(kind.measuredNoun)"
          + (tally.absences.isEmpty ? "." : " (\(tally.absences)):"))
      writeReasons(tally.reasons, rest: "see cells.csv", &page)
      if kind == .distance {
        page.leaf("p", "The distances are in the table of data sets below, and the vertical axis of figure 1.")
      }
      if kind == .testBootstrap {
        page.leaf(
          "p",
          "How far a model's result would move with other test images of the same kind: the standard deviation over test sets"
            + " drawn with replacement from its own, from the kept predictions; the bounds of the 95 % intervals are in"
            + " settings.csv. The sd in the table of performance is over seeds and says nothing of the test images; the two"
            + " are apart.")
      }
      writeNumbers(of: kind, &page)
      writeFigures(of: .measure(kind), &page)
    }
  }

  /// The number of the whole network that a measure is for, as the table of performance has the test's.
  private func writeNumbers(of kind: StageKind, _ page: inout HTMLWriter) {
    let settings = analysis.settings(of: kind)
    guard !settings.isEmpty else { return }
    let showsFraction = analysis.fractions.count > 1
    let names = analysis.initialisations.filter { name in settings.contains { $0.key.initialisation == name } }
    let index = Dictionary(settings.map { ($0.key, $0) }) { first, _ in first }
    var headings: [HTMLWriter.Heading] = [.text("Data set"), .text("Metric"), .text("Backbone")]
    if showsFraction { headings.append(.number("Fraction")) }
    headings += analysis.furtherAxes.map { .text($0) } + names.map { .number($0) }
    page.table("\(kind.measureName), by initialisation", headings: headings) { page in
      var dataset: String?
      for transferCase in settings.map(\.key.transferCase).uniqued() {
        let own = names.map { index[SettingKey(transferCase: transferCase, initialisation: $0)] }
        page.element("tr", transferCase.dataset == dataset ? "" : "class=\"first\"") { page in
          page.leaf("th", "scope=\"row\"", transferCase.dataset)
          page.leaf("td", own.compactMap { $0?.metric }.first.map(MetricName.plain) ?? "")
          page.leaf("th", "scope=\"row\"", transferCase.backbone)
          if showsFraction { page.leaf("td", "class=\"number\"", NumberText.exact(transferCase.fraction)) }
          for name in analysis.furtherAxes {
            page.leaf("td", transferCase.furtherAxes.first { $0.name == name }?.value ?? "")
          }
          for setting in own { page.element("td", "class=\"number\"") { write(setting, &$0) } }
        }
        dataset = transferCase.dataset
      }
    }
    page.leaf("p", "class=\"quiet\"", "Mean ± sd (n runs); † marks fewer runs than planned.")
  }

  private func write(_ setting: SettingResult?, _ page: inout HTMLWriter) {
    guard let setting else { return }
    link(to: setting.key, &page) { writeValue(of: setting, &$0) }
  }

  private func writeValue(of setting: SettingResult, _ page: inout HTMLWriter) {
    if let summary = setting.summary {
      // Distances of weights may be of any size.
      let isOfAnySize = summary.mean > 0 && (summary.mean < 0.01 || summary.mean >= 1000)
      func number(_ value: Double) -> String {
        isOfAnySize ? NumberText.scientific(value, 3) : NumberText.fixed(value, 3)
      }
      page.write(number(summary.mean) + (summary.sd.map { " ± \(number($0))" } ?? ""))
    } else {
      page.write("–")
    }
    page.leaf("small", " (\(setting.n))\(setting.isComplete ? "" : PerformanceTable.incompleteMark)")
  }
}

/// The parameters that all measures of a kind share: how they were computed.
struct MeasureParameters {
  /// What a measure is of, not how it is computed.
  private static let identity: Set<String> = [
    "backbone", "dataset", "initialisation", "fraction", "seed", "metric", "content", "classes",
  ]

  /// `k = 200, temperature = 0.1`; nil where there is nothing to say.
  let text: String?

  init(_ all: [JSONValue]) {
    // Each value once, in the order in which they come.
    var found: [String: [JSONValue]] = [:]
    for parameters in all {
      guard case .object(let members) = parameters else { continue }
      for (name, value) in members where !Self.identity.contains(name) {
        if found[name]?.contains(value) != true { found[name, default: []].append(value) }
      }
    }
    let flat = found.flatMap { name, values in values.map { Self.flattened(.object([name: $0]), prefix: "") } }
    var parts: [String] = []
    for name in flat.flatMap({ $0.map(\.name) }).uniqued().sorted() {
      let values = flat.compactMap { $0.first { $0.name == name }?.value }.uniqued()
      let shown = values.prefix(3).joined(separator: " or ") + (values.count > 3 ? " or others" : "")
      parts.append("\(name.split(separator: "_").joined(separator: " ")) = \(shown)")
    }
    text = parts.isEmpty ? nil : parts.joined(separator: ", ")
  }

  private static func flattened(_ json: JSONValue, prefix: String) -> [(name: String, value: String)] {
    (json.objectValue ?? [:]).sorted { $0.key < $1.key }.flatMap { name, value -> [(name: String, value: String)] in
      if identity.contains(name) { return [] }
      if value.objectValue != nil { return flattened(value, prefix: "\(prefix)\(name).") }
      if let text = value.stringValue { return [(prefix + name, text)] }
      if value.doubleValue != nil || value.boolValue != nil { return [(prefix + name, value.canonicalText)] }
      guard let values = value.arrayValue?.compactMap({ $0.stringValue }), !values.isEmpty, values.count <= 8 else {
        return []
      }
      return [(prefix + name, values.joined(separator: " and "))]
    }
  }
}
