import Files
import Planner
import WorkerProtocol

/// What figures with lines over a network's layers have in common: a panel for each group of profiles, layers from input to
/// output, a line for each initialisation through the means over runs, the range of the runs as a band.
struct LayerLines {
  /// The profiles that a panel shows.
  struct Group {
    let title: String
    let dataset: String
    /// From input to output: those of the profiles, and those that the panel leaves free.
    let layers: [String]
    let profiles: [LayerProfile]
  }

  let name: String
  let title: String
  let description: String
  let groups: [Group]
  /// The title of the vertical axis, from a profile's metric.
  let yTitle: (String) -> String
  /// What the horizontal axis counts: layers, modules.
  let xTitle: String
  /// A value with a rule across the panels, such as one that says that nothing changed.
  var reference: Double?
  /// Whether values of very different size may be drawn on a logarithmic scale.
  var mayBeLog = false
  var notes: [String] = []

  func draw(_ analysis: StudyAnalysis, csv profiles: [LayerProfile]) -> DrawnFigure {
    let shown = DrawnInitialisations(analysis.initialisations)
    let drawn = groups.map { group in
      Group(
        title: group.title, dataset: group.dataset, layers: group.layers,
        profiles: Self.drawn(group.profiles.filter { shown.contains($0.setting.initialisation) }))
    }.filter { !$0.profiles.isEmpty }
    let values = drawn.flatMap(\.profiles).flatMap(\.layers).compactMap(\.summary).flatMap { [$0.min, $0.max] }
    let isLog = mayBeLog && Self.spansTwoDecades(values)
    var axes: [String: Axis] = [:]
    for (dataset, own) in Dictionary(grouping: drawn, by: \.dataset) { axes[dataset] = axis(own, isLog: isLog) }
    let drawing = DrawnFigure.limited(drawn) { panel($0, y: axes[$0.dataset] ?? axis([$0], isLog: isLog), analysis) }
    let panelsOfOne = Dictionary(grouping: drawn, by: \.dataset).values.map(\.count).max() ?? 1
    var notes = drawing.notes + [shown.note].compactMap(\.self) + self.notes
    let zeros = drawn.flatMap(\.profiles).flatMap(\.layers).count { $0.summary?.mean == 0 }
    if isLog, zeros > 0 {
      notes.append("Not drawn: \(zeros) means of exactly 0, which a logarithmic axis has no place for.")
    }
    if drawn.isEmpty { notes.insert("Nothing to draw: no such measure is done yet.", at: 0) }
    let columns = panelsOfOne == 4 ? 2 : Swift.min(3, panelsOfOne)
    let counts = drawn.flatMap(\.profiles).map(\.n)
    let runs = counts.isEmpty ? "No run is measured yet." : "Lines are of \(RunCounts(counts).runs)."
    let figure = Figure(
      name: name, title: title, description: "\(description) \(runs)", panels: drawing.panels,
      columns: columns, panelHeight: 135,
      legends: legends(drawn, analysis), notes: notes, isWide: columns > 1)
    return DrawnFigure(figure: figure, csv: Self.csv(profiles, analysis))
  }

  /// A group for each case.
  static func groups(_ profiles: [LayerProfile], _ analysis: StudyAnalysis) -> [Group] {
    let byCase = Dictionary(grouping: profiles) { $0.setting.transferCase }
    return analysis.cases.compactMap { transferCase in
      byCase[transferCase].map { own in
        Group(
          title: transferCase.title(withFraction: analysis.fractions.count > 1), dataset: transferCase.dataset,
          layers: layers(own), profiles: own)
      }
    }
  }

  /// The layers of all profiles of a case, in the order of the profile that names most.
  static func layers(_ profiles: [LayerProfile]) -> [String] {
    profiles.enumerated().sorted { left, right in
      left.element.layers.count == right.element.layers.count
        ? left.offset < right.offset : left.element.layers.count > right.element.layers.count
    }.flatMap { $0.element.layers.map(\.name) }.uniqued()
  }

  /// The source's weights are the same whatever a model starts from: one line is enough.
  private static func drawn(_ profiles: [LayerProfile]) -> [LayerProfile] {
    let source = profiles.firstIndex { $0.state == .source }
    return profiles.enumerated().filter { $0.element.state != .source || $0.offset == source }.map(\.element)
  }

  private static func spansTwoDecades(_ values: [Double]) -> Bool {
    let positive = values.filter { $0 > 0 }
    guard let low = positive.min(), let high = positive.max() else { return false }
    return high > low * 100
  }

  private func axis(_ groups: [Group], isLog: Bool) -> Axis {
    let profiles = groups.flatMap(\.profiles)
    let values = profiles.flatMap(\.layers).compactMap(\.summary).flatMap { [$0.min, $0.max] }
    let title = yTitle(profiles.first?.metric ?? "")
    if isLog { return Axis(title, .log(around: values)) }
    return Axis(title, .linear(around: values + [reference].compactMap(\.self)))
  }

  private func panel(_ group: Group, y: Axis, _ analysis: StudyAnalysis) -> Panel {
    var marks: [Mark] = []
    if let reference, let first = group.layers.first, let last = group.layers.last {
      marks.append(
        .line(
          [(.name(first, offset: -0.5), .value(reference)), (.name(last, offset: 0.5), .value(reference))],
          Stroke(Palette.ink, width: 0.8, dashes: "1.5 2")))
    }
    marks += group.profiles.flatMap { profile -> [Mark] in
      profile.state == .trained || profile.state == nil ? bands(profile, group.layers) : []
    }
    let lines = group.profiles.map { profile -> Mark in
      let means = means(profile)
      return .line(group.layers.map { (.name($0), .value(means[$0] ?? .nan)) }, Self.stroke(profile))
    }
    // Marks for where colour is not seen: not at every layer, and those of the lines at different ones.
    let step = Swift.max(1, (group.layers.count + 11) / 12)
    let points = group.profiles.flatMap { profile -> [Mark] in
      let means = means(profile)
      let place = analysis.initialisations.firstIndex(of: profile.setting.initialisation) ?? 0
      let isAlone = means.count == 1
      return group.layers.enumerated().compactMap { index, layer -> Mark? in
        guard let mean = means[layer], let style = Self.point(profile) else { return nil }
        guard isAlone || (index + place * Swift.max(1, step / 3)).isMultiple(of: step) else { return nil }
        return .point(x: .name(layer), y: .value(mean), style: style)
      }
    }
    return Panel(title: group.title, x: Axis(xTitle, .band(group.layers)), y: y, marks: marks + lines + points)
  }

  private func means(_ profile: LayerProfile) -> [String: Double] {
    Dictionary(profile.layers.compactMap { layer in layer.summary.map { (layer.name, $0.mean) } }) { first, _ in first }
  }

  /// From the lowest run to the highest, broken where a layer has no value.
  private func bands(_ profile: LayerProfile, _ layers: [String]) -> [Mark] {
    let summaries = Dictionary(profile.layers.map { ($0.name, $0.summary) }) { first, _ in first }
    var stretches: [[(x: Position, low: Double, high: Double)]] = [[]]
    for layer in layers {
      if let summary = summaries[layer] ?? nil {
        stretches[stretches.count - 1].append((.name(layer), summary.min, summary.max))
      } else {
        stretches.append([])
      }
    }
    let color = Palette.initialisation(profile.setting.initialisation)
    return profile.n < 2 ? [] : stretches.filter { $0.count > 1 }.map { .area($0, color: color, opacity: 0.2) }
  }

  private static func stroke(_ profile: LayerProfile) -> Stroke {
    let color = Palette.initialisation(profile.setting.initialisation)
    return switch profile.state {
    case .trained, nil: Stroke(color, width: 1.5)
    case .initial: Stroke(color, width: 1, dashes: "4 2.5")
    case .source: Stroke(Palette.ink, width: 1.1, dashes: "1.2 2")
    }
  }

  private static func point(_ profile: LayerProfile) -> PointStyle? {
    let color = Palette.initialisation(profile.setting.initialisation)
    let shape = Palette.shape(profile.setting.initialisation)
    return switch profile.state {
    case .trained, nil: PointStyle(shape, radius: 2.6, fill: color, stroke: Stroke(Palette.paper, width: 0.5))
    case .initial: PointStyle(shape, radius: 2.2, fill: Palette.paper, stroke: Stroke(color, width: 0.9))
    case .source: nil
    }
  }

  private func legends(_ groups: [Group], _ analysis: StudyAnalysis) -> [Legend] {
    let profiles = groups.flatMap(\.profiles)
    let names = analysis.initialisations.filter { name in profiles.contains { $0.setting.initialisation == name } }
    var keys = names.map { name in
      Legend.Key(
        InitialisationName.plain(name),
        PointStyle(Palette.shape(name), radius: 3, fill: Palette.initialisation(name)),
        line: Stroke(Palette.initialisation(name), width: 1.5))
    }
    let states = profiles.map(\.state).uniqued()
    if states.contains(.initial) {
      keys.append(
        Legend.Key(
          "before training",
          PointStyle(.circle, radius: 2.2, fill: Palette.paper, stroke: Stroke(Palette.ink, width: 0.9)),
          line: Stroke(Palette.ink, width: 1, dashes: "4 2.5")))
    }
    if states.contains(.source) {
      keys.append(
        Legend.Key(
          "source weights", PointStyle(.circle, radius: 0), line: Stroke(Palette.ink, width: 1.1, dashes: "1.2 2")))
    }
    return keys.isEmpty ? [] : [.keys(title: nil, keys)]
  }

  private static func csv(_ profiles: [LayerProfile], _ analysis: StudyAnalysis) -> BytePieces {
    struct Row {
      let position: Int
      let layer: LayerProfile.Layer
    }
    let table = GroupedTable<LayerProfile, Row>([
      .shared(StudyTables.caseColumns(analysis.furtherAxes) { $0.setting.transferCase }),
      .shared([
        .text("init") { $0.setting.initialisation },
        .text("state") { $0.state?.rawValue },
        .text("part") { $0.part },
      ]),
      .own([
        .text("layer") { $0.layer.name },
        .integer("position") { $0.position },
      ]),
      .shared([.text("metric") { $0.metric }]),
      .own([
        .integer("n") { $0.layer.summary?.n ?? 0 },
        .number("mean") { $0.layer.summary?.mean },
        .number("low") { $0.layer.summary?.min },
        .number("high") { $0.layer.summary?.max },
      ]),
    ])
    return table.csv(profiles.count) {
      profiles[$0]
    } rows: { profile in
      profile.layers.enumerated().map { Row(position: $0.offset, layer: $0.element) }
    }
  }
}
