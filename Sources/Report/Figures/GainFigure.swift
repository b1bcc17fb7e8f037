import Files
import Planner
import Store

/// Figure 1 of the paper (Matsoukas et al., CVPR 2022): what transfer brings, by data-set size, distance to the source
/// and backbone. Dot area is the relative gain WT / RI above 1, dot colour the gain from feature reuse, (WT - ST) / WT,
/// min-max normalised over all settings as its caption says. How the paper maps gain to area is not known.
enum GainFigure {
  static func draw(_ analysis: StudyAnalysis) -> DrawnFigure {
    let points = analysis.gains.compactMap { Point($0, analysis) }
    let sizes = DotSize(points: points)
    let names = points.map(\.dataset).uniqued()
    let byFacet = Dictionary(grouping: points) { Facet($0.gain.transferCase) }
    let facets = points.map { Facet($0.gain.transferCase) }.uniqued()
    let distances = names.map { analysis.dataset($0)?.distance }
    let y = verticalAxis(names: names, distances: distances)
    let x = Axis("Training images", .log(around: points.compactMap(\.images), margin: 0.16))
    let isBand = distances.contains(nil)
    let panelHeight = isBand ? Swift.max(110, Double(names.count) * 40) : Swift.max(170, Double(names.count) * 16)
    let columns = facets.count > 4 && facets.count <= 6 ? 3 : 4
    let perColumn = Double(Swift.max(1, Swift.min(columns, facets.count)))
    let largest = Swift.min(19, isBand ? 18 : 19, 420 / perColumn * 0.15)

    let drawing = DrawnFigure.limited(
      facets.map { facet in
        // Large dots first, so that none hides another.
        let inside = (byFacet[facet] ?? []).sorted { sizes.area($0) > sizes.area($1) }
        return Panel(
          title: facet.title, x: x, y: y,
          marks: inside.flatMap { marks($0, isBand: isBand, radius: sizes.radius($0, largest: largest)) })
      })
    let figure = Figure(
      name: "figure-1", title: "Gain from transfer learning by data-set size, distance to the source, and backbone",
      description: """
        One panel for each backbone; a dot for each data set and fraction of its training images. The larger the dot, the \
        larger the mean of weight transfer relative to that of random initialisation; the lighter, the more of it is \
        attributed to feature reuse. \(points.count) settings, means of \(RunCounts(points.map(\.pairs)).pairs); 95 % \
        intervals of both ratios, by Fieller, are in gains.csv. The same numbers are in figure-1.csv.
        """,
      panels: drawing.panels, columns: columns, panelHeight: panelHeight,
      legends: points.isEmpty ? [] : legends(points, sizes, largest: largest, analysis),
      notes: notes(points, analysis) + drawing.notes)
    return DrawnFigure(figure: figure, csv: csv(points, analysis))
  }

  /// One setting of the figure: a case that plans both RI and WT.
  private struct Point {
    let gain: Gain
    let images: Double?
    let distance: Double?
    let planned: Int

    init?(_ gain: Gain, _ analysis: StudyAnalysis) {
      guard let ri = gain.ri, let wt = gain.wt else { return nil }
      self.gain = gain
      images = analysis.trainingImages(gain.transferCase)
      distance = analysis.dataset(gain.transferCase.dataset)?.distance
      planned = Swift.min(ri.planned, wt.planned)
    }

    var dataset: String { gain.transferCase.dataset }
    var pairs: Int { gain.differences[.wtRI]?.differences.n ?? 0 }

    var drawn: String {
      guard let images, images > 0 else { return "not drawn" }
      guard let ratio = gain.relativeGain?.ratio else { return "cross" }
      return ratio < 1 ? "diamond" : "dot"
    }

    var title: String {
      var parts = [dataset, gain.transferCase.backbone, "fraction \(NumberText.exact(gain.transferCase.fraction))"]
      if !gain.transferCase.furtherText.isEmpty { parts.append(gain.transferCase.furtherText) }
      var text = parts.joined(separator: ", ") + ": "
      if let ratio = gain.relativeGain {
        text += "WT / RI = \(NumberText.fixed(ratio.ratio, 3))"
        if let interval = ratio.interval {
          text += " (95 % \(NumberText.fixed(interval.low, 3)) to \(NumberText.fixed(interval.high, 3)))"
        }
      } else {
        text += "no relative gain"
      }
      text += ", n = \(pairs) of \(planned) pairs"
      if let reuse = gain.featureReuse { text += "; (WT - ST) / WT = \(NumberText.fixed(reuse, 3))" }
      return text
    }
  }

  /// How gains become areas: in proportion to the distance of WT / RI from 1, in one scale for the whole figure.
  private struct DotSize {
    /// A random initialisation that learns next to nothing makes any ratio; beyond this one dots do not grow.
    static let cap = 2.0
    /// The gain of the largest dot is at least this, so that a study without effects does not look like one with.
    static let least = 0.1

    let reference: Double
    let isCapped: Bool

    init(points: [Point]) {
      let largest = points.compactMap { $0.gain.relativeGain.map { ($0.ratio - 1).magnitude } }.max() ?? 0
      isCapped = largest > Self.cap
      reference = Swift.max(Self.least, Swift.min(Self.cap, largest))
    }

    func area(_ point: Point) -> Double { point.gain.relativeGain.map { ($0.ratio - 1).magnitude } ?? 0 }

    func radius(_ point: Point, largest: Double) -> Double { radius(gain: area(point), largest: largest) }

    func radius(gain: Double, largest: Double) -> Double {
      Swift.max(1.8, largest * (Swift.min(gain, reference) / reference).squareRoot())
    }

    /// Three round gains for the legend.
    var examples: [Double] {
      [reference / 8, reference / 2.5, reference].map(Self.roundedDown).uniqued()
    }

    private static func roundedDown(_ value: Double) -> Double {
      var unit = 1.0
      while unit > value { unit /= 10 }
      return [8, 6, 5, 4, 3, 2, 1].map { $0 * unit }.first { $0 <= value * 1.0000001 } ?? unit
    }
  }

  private static func verticalAxis(names: [String], distances: [Double?]) -> Axis {
    let known = distances.compactMap(\.self)
    guard known.count == names.count, !names.isEmpty else { return Axis("Data set", .band(names)) }
    let ticks = zip(names, known).map {
      Tick(position: .value($1), label: "\($0) (\(NumberText.trimmed($1, $1 < 10 ? 2 : 0)))")
    }
    return Axis("Distance to the source (FID)", .linear(around: known, margin: 0.14), ticks: ticks)
  }

  private static func marks(_ point: Point, isBand: Bool, radius: Double) -> [Mark] {
    guard let images = point.images else { return [] }
    let x = Position.value(images)
    let y = isBand ? Position.name(point.dataset) : .value(point.distance ?? .nan)
    let outline = Stroke(Palette.ink, width: 0.7)
    switch point.drawn {
    case "dot", "diamond":
      let fill = color(point.gain)
      let style = PointStyle(
        point.drawn == "dot" ? .circle : .diamond, radius: radius, fill: fill, stroke: outline, opacity: 0.92)
      return [.point(x: x, y: y, style: style, note: point.title)]
    case "cross":
      return [
        .point(
          x: x, y: y, style: PointStyle(.cross, radius: 4, fill: nil, stroke: Stroke(Palette.muted, width: 1.4)),
          note: point.title),
        .text(x: x, y: y, "\(point.pairs)/\(point.planned)", below: 16),
      ]
    default: return []
    }
  }

  /// Middle of the scale where feature reuse does not differ between settings; white where there is no ST to tell it by.
  private static func color(_ gain: Gain) -> String {
    guard gain.featureReuse != nil else { return "#ffffff" }
    return Palette.sequential(gain.featureReuseNormalised ?? 0.5)
  }

  private static func legends(
    _ points: [Point], _ sizes: DotSize, largest: Double, _ analysis: StudyAnalysis
  ) -> [Legend] {
    let outline = Stroke(Palette.ink, width: 0.7)
    let grey = "#b8b8b8"
    let examples = sizes.examples.map { gain in
      Legend.Key(
        NumberText.trimmed(1 + gain, 4) + (sizes.isCapped && gain >= sizes.reference ? " or more" : ""),
        PointStyle(.circle, radius: sizes.radius(gain: gain, largest: largest), fill: grey, stroke: outline))
    }
    var legends: [Legend] = [.keys(title: "Relative gain WT / RI (area in proportion to the gain above 1)", examples)]
    let reuse = analysis.gains.compactMap(\.featureReuse)
    if let low = reuse.min(), let high = reuse.max() {
      let range = "\(NumberText.fixed(low, 3)) to \(NumberText.fixed(high, 3))"
      legends.append(
        .colorBar(title: "Feature reuse (WT − ST) / WT, scaled: 0 to 1 is \(range)", labels: ["0", "0.5", "1"]))
    }
    var others: [Legend.Key] = []
    if points.contains(where: { $0.drawn == "diamond" }) {
      others.append(
        Legend.Key(
          "WT below RI (area in proportion to the loss)", PointStyle(.diamond, radius: 5, fill: grey, stroke: outline)))
    }
    if points.contains(where: { $0.gain.featureReuse == nil && $0.drawn != "cross" }) {
      others.append(
        Legend.Key(
          "no ST run to tell feature reuse by", PointStyle(.circle, radius: 5, fill: "#ffffff", stroke: outline)))
    }
    if points.contains(where: { $0.drawn == "cross" }) {
      others.append(
        Legend.Key(
          "no gain to show (pairs of runs / planned)",
          PointStyle(.cross, radius: 4, fill: nil, stroke: Stroke(Palette.muted, width: 1.4))))
    }
    return others.isEmpty ? legends : legends + [.keys(title: nil, others)]
  }

  private static func notes(_ points: [Point], _ analysis: StudyAnalysis) -> [String] {
    if points.isEmpty {
      return ["Nothing to draw: the study plans no setting with both RI (random) and WT (weight transfer)."]
    }
    var notes: [String] = []
    let unknown = points.filter { $0.drawn == "not drawn" }.map(\.dataset).uniqued()
    if !unknown.isEmpty {
      notes.append("Not drawn, as the training images are not counted yet: \(unknown.joined(separator: ", ")).")
    }
    let partial = points.count { $0.pairs < $0.planned && $0.drawn != "cross" && $0.drawn != "not drawn" }
    if partial > 0 {
      notes.append("Settings drawn from fewer pairs of runs than planned: \(partial) of \(points.count).")
    }
    return notes
  }

  private static func csv(_ points: [Point], _ analysis: StudyAnalysis) -> BytePieces {
    var columns: [Column<Point>] = StudyTables.caseColumns(analysis.furtherAxes) { $0.gain.transferCase }
    columns += [
      .number("training_images") { $0.images },
      .number("distance") { $0.distance },
      .integer("pairs") { $0.pairs },
      .integer("planned_pairs") { $0.planned },
      .number("relative_gain") { $0.gain.relativeGain?.ratio },
      .number("feature_reuse") { $0.gain.featureReuse },
      .number("feature_reuse_normalised") { $0.gain.featureReuseNormalised },
      .text("drawn") { $0.drawn },
    ]
    return DataTable(columns).csv(points)
  }
}
