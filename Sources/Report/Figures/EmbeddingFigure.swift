import Files
import Planner
import Store

/// The test images' features in a plane, coloured by class: a row for each case and method, a panel for each initialisation,
/// of the first seed that is measured.
enum EmbeddingFigure {
  /// The most points of a figure, and the most and the fewest of a panel.
  private static let mostPoints = 30_000
  private static let mostOfPanel = 2_000
  private static let fewestOfPanel = 300

  static func draw(_ analysis: StudyAnalysis) -> DrawnFigure {
    let all = analysis.measured(.embedding).filter { $0.result.state == .done && !$0.result.points.isEmpty }
    let shown = DrawnInitialisations(analysis.initialisations)
    // Cells of a setting come by ascending seed.
    let firsts = Dictionary(all.map { ($0.setting, $0) }) { first, _ in first }
    let methods = orderedMethods(firsts.values.flatMap { $0.result.points.lazy.map(\.method) }.uniqued())
    let names = shown.names.filter { name in firsts.keys.contains { $0.initialisation == name } }
    let cases = analysis.cases.filter { transferCase in
      names.contains { firsts[SettingKey(transferCase: transferCase, initialisation: $0)] != nil }
    }
    let cap = Swift.min(
      mostOfPanel, Swift.max(fewestOfPanel, mostPoints / Swift.max(1, cases.count * methods.count * names.count)))
    var classes: [String: EmbeddedClasses] = [:]
    for dataset in cases.map(\.dataset).uniqued() {
      let own = firsts.values.filter { $0.cell.dataset == dataset }.sorted { $0.cell.id < $1.cell.id }
      classes[dataset] = EmbeddedClasses(
        labels: own.flatMap { $0.result.points.lazy.map(\.label) }, classes: analysis.dataset(dataset)?.classes ?? [])
    }
    var isThinned = false
    var panels: [Panel] = []
    var titles: [String] = []
    for transferCase in cases {
      for method in methods {
        titles.append(
          "\(transferCase.title(withFraction: analysis.fractions.count > 1)) · \(EmbeddedMethod.plain(method))")
        for name in names {
          let measured = firsts[SettingKey(transferCase: transferCase, initialisation: name)]
          let points = measured?.result.points.filter { $0.method == method } ?? []
          isThinned = isThinned || points.count > cap
          panels.append(
            panel(
              points, title: title(name, measured, method: method, isEmpty: points.isEmpty),
              classes: classes[transferCase.dataset], cap: cap))
        }
      }
    }
    let drawing = DrawnFigure.limited(panels)
    var notes = drawing.notes + [shown.note].compactMap(\.self)
    if panels.isEmpty { notes.append("Nothing to draw: no such measure is done yet.") }
    if isThinned {
      notes.append(
        "Of panels with more than \(cap) images, \(cap) evenly spaced ones are drawn; embedding.csv has all.")
    }
    notes += [analysis.tally(.embedding).note].compactMap(\.self)
    let figure = Figure(
      name: "embedding", title: "Features of the test images in two dimensions",
      description: """
        One row for each data set, backbone, fraction of the training images and method; one panel for each initialisation, of \
        the trained model with the first seed measured (n = 1). Each mark is a test image, in the colour and shape of its class; axes \
        have no unit, and one scale for both directions. For principal components, the shares of the variance that the first (to the \
        right) and the second explain are given. The same numbers, of all seeds, are in embedding.csv.
        """,
      panels: drawing.panels, columns: Swift.max(1, names.count),
      legends: cases.map(\.dataset).uniqued().compactMap { dataset in classes[dataset]?.legend(title: dataset) },
      notes: notes, isWide: names.count > 2, isSquare: true, rowTitles: titles)
    return DrawnFigure(figure: figure, csv: csv(all, analysis))
  }

  /// UMAP, then principal components, then any other by name.
  private static func orderedMethods(_ names: [String]) -> [String] {
    let known = ["umap", "pca"]
    return known.filter(names.contains) + names.filter { !known.contains($0) }.sorted()
  }

  private static func title(_ name: String, _ measured: Measured?, method: String, isEmpty: Bool) -> String {
    guard let measured, !isEmpty else { return "\(name): not measured" }
    let title = "\(name), seed \(measured.cell.seed)"
    let shares = measured.result.facts["explained_variance"]?.arrayValue?.compactMap(\.doubleValue) ?? []
    guard method == "pca", shares.count == 2 else { return title }
    return "\(title) (\(shares.map { NumberText.fixed($0 * 100, 0) }.joined(separator: " + ")) %)"
  }

  private static func panel(_ points: [EmbeddedPoint], title: String, classes: EmbeddedClasses?, cap: Int) -> Panel {
    let finite = points.filter { $0.x.isFinite && $0.y.isFinite }
    let drawn = finite.count <= cap ? finite : (0..<cap).map { finite[$0 * finite.count / cap] }
    // One scale for both directions, by all the points.
    let (x, y) = (limits(finite.map(\.x)), limits(finite.map(\.y)))
    let reach = Swift.max(x.high - x.low, y.high - y.low) * 0.53
    func axis(_ range: Interval) -> Axis {
      let middle = range.low + (range.high - range.low) / 2
      return Axis("", .linear(Interval(low: middle - reach, high: middle + reach)), ticks: [])
    }
    let radius = drawn.count > 800 ? 1.2 : drawn.count > 200 ? 1.6 : 2.2
    let byMark = Dictionary(grouping: drawn) { classes?.place($0.label) }
    // The largest class first, so that it hides no other.
    let order = byMark.sorted { left, right in
      left.value.count == right.value.count
        ? (left.key ?? -1) < (right.key ?? -1) : left.value.count > right.value.count
    }
    return Panel(
      title: title, x: axis(x), y: axis(y),
      marks: order.map { place, own in
        .cloud(own.map { (.value($0.x), .value($0.y)) }, EmbeddedClasses.style(place, radius: radius))
      })
  }

  private static func limits(_ values: [Double]) -> Interval {
    guard let low = values.min(), let high = values.max() else { return Interval(low: 0, high: 1) }
    return high > low ? Interval(low: low, high: high) : Interval(low: low - 0.5, high: low + 0.5)
  }

  private static func csv(_ all: [Measured], _ analysis: StudyAnalysis) -> BytePieces {
    struct Row {
      let image: Int
      let point: EmbeddedPoint
    }
    let table = GroupedTable<Measured, Row>([
      .shared(StudyTables.cellColumns(analysis.furtherAxes)),
      .own([
        .text("method") { $0.point.method },
        .integer("image") { $0.image },
        .number("x") { $0.point.x },
        .number("y") { $0.point.y },
        .text("class") { $0.point.label },
      ]),
      .shared([.key("key") { $0.result.measure.key }]),
    ])
    return table.csv(all.count) {
      all[$0]
    } rows: { measured in
      var counts: [String: Int] = [:]
      return measured.result.points.map { point in
        let image = counts[point.method, default: 0]
        counts[point.method] = image + 1
        return Row(image: image, point: point)
      }
    }
  }
}

enum EmbeddedMethod {
  static func plain(_ name: String) -> String {
    switch name {
    case "umap": "UMAP"
    case "pca": "principal components"
    default: name
    }
  }
}
