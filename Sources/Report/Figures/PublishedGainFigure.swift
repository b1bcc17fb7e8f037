import Files

/// Figure 1 of the paper redrawn from what was read off it, below this study's own gains where it has the same settings.
enum PublishedGainFigure {
  static let name = "figure-1-published"

  static func draw(_ analysis: StudyAnalysis) -> DrawnFigure {
    let comparison = PublishedComparison(analysis)
    let own = comparison.pairs.isEmpty ? [] : PublishedGains.backbones.map { panel($0, own: comparison) }
    let pairs = RunCounts(comparison.pairs.map { $0.gain.differences[.wtRI]?.differences.n ?? 0 }).pairs
    let runs = own.isEmpty ? "" : "This study's means are of \(pairs). "
    let figure = Figure(
      name: name, title: "Gain from transfer learning, this study's beside the published",
      description: """
        \(own.isEmpty ? "The published figure 1" : "Above this study's gains, below the published figure 1"), one panel for \
        each backbone, a dot for each data set by its size and its distance to ImageNet. The larger the dot, the larger the \
        mean of weight transfer relative to that of random initialisation; the lighter, the more of it is attributed to \
        feature reuse. \(runs)Published sizes and colours are read off the paper's image; the numbers are in \(name).csv.
        """,
      panels: own + PublishedGains.backbones.map { panel($0) }, columns: 4, panelHeight: 210,
      legends: [.colorBar(title: "Feature reuse, 0 to 1 over all settings of each study", labels: ["0", "0.5", "1"])],
      notes: notes(comparison), isWide: true, rowTitles: own.isEmpty ? [] : ["This study", "Published"])
    return DrawnFigure(figure: figure, csv: csv(comparison))
  }

  /// The published image is 836 pixels wide, with two panels side by side.
  private static let scale = 0.44
  private static let largest = 65 * scale / 2

  private static let x = Axis(
    "Images", .log(around: PublishedGains.datasets.map(\.images), margin: 0.2),
    ticks: [3e3, 3e4, 3e5].map { Tick(position: .value($0), label: "\(NumberText.trimmed($0 / 1000, 0))k") })
  private static let y = Axis(
    "Distance to ImageNet (FID)", .linear(around: PublishedGains.datasets.map(\.distance), margin: 0.2))

  private static func panel(_ backbone: (name: String, title: String)) -> Panel {
    let dots = PublishedGains.dots.filter { $0.backbone == backbone.name }.sorted { $0.diameter > $1.diameter }
    return Panel(
      title: backbone.title, x: x, y: y,
      marks: dots.flatMap { dot in
        mark(
          dot.dataset, radius: dot.diameter * scale / 2, fill: Palette.sequential(dot.reuse),
          note: "\(dot.dataset), \(backbone.title): diameter \(NumberText.trimmed(dot.diameter, 1)) pixels, colour "
            + NumberText.fixed(dot.reuse, 2))
      })
  }

  /// Areas in proportion to WT / RI above 1, the largest as large as the largest published.
  private static func panel(_ backbone: (name: String, title: String), own: PublishedComparison) -> Panel {
    func excess(_ gain: Gain) -> Double { Swift.max(0, (gain.relativeGain?.ratio ?? 1) - 1) }
    let most = own.pairs.map { excess($0.gain) }.max() ?? 0
    let dots = own.pairs.filter { $0.dot.backbone == backbone.name && $0.gain.relativeGain != nil }
      .sorted { excess($0.gain) > excess($1.gain) }
    return Panel(
      title: backbone.title, x: x, y: y,
      marks: dots.flatMap { gain, dot in
        mark(
          dot.dataset, radius: most > 0 ? largest * (excess(gain) / most).squareRoot() : 0,
          fill: gain.featureReuse == nil ? "#ffffff" : Palette.sequential(gain.featureReuseNormalised ?? 0.5),
          note: "\(dot.dataset), \(backbone.title): WT / RI = "
            + (gain.relativeGain.map { NumberText.fixed($0.ratio, 3) } ?? "–"))
      })
  }

  /// Names that are not in the middle of their dots.
  private static let shifts = ["aptos2019": 1.3, "ddsm": 4.4, "chexpert": 0.8, "camelyon": 0.45]

  private static func mark(_ dataset: String, radius: Double, fill: String, note: String) -> [Mark] {
    guard let place = PublishedGains.datasets.first(where: { $0.name == dataset }) else { return [] }
    let (x, y) = (Position.value(place.images), Position.value(place.distance))
    // Names stand where no other dot or name is, whatever the sizes: above, beside or below.
    let below: Double =
      switch place.name {
      case "aptos2019": -radius - 5
      case "ddsm": 4
      default: radius + 12
      }
    let nameX = Position.value(place.images * (shifts[place.name] ?? 1))
    let style = PointStyle(
      .circle, radius: Swift.max(1.2, radius), fill: fill, stroke: Stroke(Palette.ink, width: 0.7), opacity: 0.92)
    return [.point(x: x, y: y, style: style, note: note), .text(x: nameX, y: y, place.title, below: below)]
  }

  private static func notes(_ comparison: PublishedComparison) -> [String] {
    func sentence(_ what: String, _ correlation: RankCorrelation?) -> String? {
      correlation.map {
        "\(what): rank correlation \(NumberText.fixed($0.rho, 2)) over \($0.n) settings (p = "
          + "\(NumberText.probability($0.p)))."
      }
    }
    let found = [
      sentence("WT / RI with the published dot sizes", comparison.relativeGain),
      sentence("(WT − ST) / WT with the published colours", comparison.featureReuse),
    ].compactMap(\.self)
    return [
      "Published sizes (to a pixel) and colours (to 0.02) are read off the paper's figure 1; how its numbers became sizes is not "
        + "published."
    ]
      + (found.isEmpty && !comparison.pairs.isEmpty
        ? ["Fewer than three settings of this study can be compared with it."] : found)
  }

  private static func csv(_ comparison: PublishedComparison) -> BytePieces {
    struct Row {
      let dot: PublishedGains.Dot
      let dataset: PublishedGains.Dataset
      let gain: Gain?
    }
    let rows = PublishedGains.dots.compactMap { dot in
      PublishedGains.datasets.first { $0.name == dot.dataset }.map { dataset in
        Row(
          dot: dot, dataset: dataset,
          gain: comparison.pairs.first { $0.dot.backbone == dot.backbone && $0.dot.dataset == dot.dataset }?.gain)
      }
    }
    return DataTable<Row>([
      .text("dataset") { $0.dot.dataset },
      .text("backbone") { $0.dot.backbone },
      .number("published_images") { $0.dataset.images },
      .number("published_distance") { $0.dataset.distance },
      .number("published_diameter") { $0.dot.diameter },
      .number("published_reuse") { $0.dot.reuse },
      .number("relative_gain") { $0.gain?.relativeGain?.ratio },
      .number("feature_reuse") { $0.gain?.featureReuse },
      .number("feature_reuse_normalised") { $0.gain?.featureReuseNormalised },
    ]).csv(rows)
  }
}
