import Planner
import Store
import WorkerProtocol

/// What each learning rate of a search came to: a panel for each case, a line for each initialisation, and the rate that was
/// found as a broken vertical line.
enum RateSearchFigure {
  static func draw(_ analysis: StudyAnalysis) -> DrawnFigure {
    let all = analysis.rateSearches.compactMap(Curve.init)
    let shown = DrawnInitialisations(analysis.initialisations)
    let curves = all.filter { shown.contains($0.initialisation) }
    let hasFractions = analysis.fractions.count > 1
    let x = Axis("Learning rate", .log(around: all.flatMap(\.rates), margin: 0.03))
    let drawing = DrawnFigure.limited(
      curves.map(\.place).uniqued().map { place in
        panel(place, curves.filter { $0.place == place }, x: x, hasFractions: hasFractions)
      })
    // A row for each data set, where its panels fit into one.
    let panelsOfOne =
      Dictionary(grouping: curves.map(\.place).uniqued(), by: \.transferCase.dataset).values.map(\.count).max() ?? 1
    let drawn = analysis.initialisations.filter { name in curves.contains { $0.initialisation == name } }
    var notes = drawing.notes + [shown.note].compactMap(\.self)
    if curves.contains(where: { !$0.diverged.isEmpty }) {
      notes.append("A cross at the lower edge: the loss stopped being finite.")
    }
    let figure = Figure(
      name: "lr-search", title: "Search for the learning rate",
      description: """
        One panel for each data set, backbone and fraction of the training images. Points are what one training with a rate \
        came to at its last validation, in a range test the averaged training loss of its steps; the broken vertical line is \
        the rate that the cells of all seeds train with. One search a setting (n = 1), with seed 0. The same numbers are in lr-search.csv.
        """,
      panels: drawing.panels, columns: Swift.min(4, panelsOfOne), panelHeight: 130,
      legends: [
        .keys(
          title: nil,
          drawn.map { name in
            Legend.Key(
              InitialisationName.plain(name), PointStyle(Palette.shape(name), fill: color(name)), line: line(name))
          } + [Legend.Key("rate found", PointStyle(.circle, radius: 0), line: found(Palette.ink))])
      ],
      notes: curves.isEmpty ? ["Nothing to draw: no search is done yet."] : notes)
    return DrawnFigure(figure: figure, csv: StudyTables.rateSearches(analysis))
  }

  /// What a panel shows.
  private struct Place: Hashable {
    let transferCase: TransferCase
    let isRange: Bool
  }

  private struct Curve {
    let place: Place
    let initialisation: String
    let metric: String
    let found: Double?
    /// The last validation of each rate, or the steps of a range test.
    let points: [(rate: Double, value: Double)]
    let diverged: [Double]

    var rates: [Double] { points.map(\.rate) + diverged + [found].compactMap(\.self) }

    /// Nil where nothing was tried yet.
    init?(_ search: RateSearchResult) {
      let isRange = search.form == "range"
      place = Place(transferCase: TransferCase(search.cell), isRange: isRange)
      initialisation = search.cell.initialisation
      metric = search.cell.metric
      found = search.rate
      var last: [Double: Double] = [:]
      for trial in search.tried where !trial.diverged {
        if let value = isRange ? trial.trainingLoss : trial.metric { last[trial.rate] = value }
      }
      points = last.sorted { $0.key < $1.key }.map { (rate: $0.key, value: $0.value) }
      diverged = search.tried.filter(\.diverged).map(\.rate).uniqued()
      if points.isEmpty && diverged.isEmpty && found == nil { return nil }
    }
  }

  private static func panel(_ place: Place, _ curves: [Curve], x: Axis, hasFractions: Bool) -> Panel {
    let transferCase = place.transferCase
    let title = transferCase.title(withFraction: hasFractions)
    let scale = Scale.linear(around: curves.flatMap { $0.points.map(\.value) })
    let name = place.isRange ? "training loss" : MetricName.plain(curves.first?.metric ?? "")
    guard case .linear(let range) = scale else { return Panel(title: title, x: x, y: Axis(name, scale)) }
    let rules = curves.compactMap { curve in
      curve.found.map { rate in
        Mark.line(
          [(.value(rate), .value(range.low)), (.value(rate), .value(range.high))], found(color(curve.initialisation)))
      }
    }
    let lines = curves.map { curve in
      Mark.line(curve.points.map { (.value($0.rate), .value($0.value)) }, line(curve.initialisation))
    }
    let points = curves.flatMap { curve -> [Mark] in
      let style = PointStyle(Palette.shape(curve.initialisation), radius: 2.2, fill: color(curve.initialisation))
      let chosen = curve.points.filter { $0.rate == curve.found }.map {
        Mark.point(
          x: .value($0.rate), y: .value($0.value),
          style: PointStyle(
            Palette.shape(curve.initialisation), radius: 4.2, fill: color(curve.initialisation),
            stroke: Stroke(Palette.paper, width: 0.8)))
      }
      let cross = PointStyle(.cross, radius: 3.5, fill: nil, stroke: Stroke(color(curve.initialisation), width: 1.4))
      return
        (place.isRange
        ? []
        : curve.points.map { Mark.point(x: .value($0.rate), y: .value($0.value), style: style) })
        + chosen + curve.diverged.map { Mark.point(x: .value($0), y: .value(range.low), style: cross) }
    }
    return Panel(title: title, x: x, y: Axis(name, scale), marks: rules + lines + points)
  }

  private static func color(_ initialisation: String) -> String { Palette.initialisation(initialisation) }
  private static func line(_ initialisation: String) -> Stroke { Stroke(color(initialisation), width: 1.4) }
  private static func found(_ color: String) -> Stroke { Stroke(color, width: 1.2, dashes: "5 3") }
}
