import Files
import Planner
import Store

/// A study's results, ordered, grouped and compared: what every table, figure and page is drawn from. A pure value.
package struct StudyAnalysis: Sendable {
  package let study: String
  package let datasets: [DatasetResult]
  package let provenance: JSONValue
  package let reporting: Reporting
  package let work: StudyWork
  /// In the order of the cells that they are for.
  package let rateSearches: [RateSearchResult]
  /// In `StudyOrder`.
  package let cells: [CellResult]
  /// Where the cells of each setting stand among them, setting by setting.
  let runsOfSettings: [Range<Int>]
  /// The names of the axes beyond the five common ones, in the order of first appearance.
  package let furtherAxes: [String]
  /// Ascending.
  package let fractions: [Double]
  /// From random to transferred.
  package let initialisations: [String]
  /// A row for each setting and metric, the metric that the data set is judged by first.
  package let settingMetrics: [SettingResult]
  /// A row for each setting, by the metric that its data set is judged by.
  package let settings: [SettingResult]
  /// A row for each case that has at least two of RI, ST and WT.
  package let gains: [Gain]
  /// Each case of the study, in order, with or without gains.
  package let cases: [TransferCase]
  /// Of the study's own settings, and of those of each source that is imported.
  private let reuseRanges: [String?: Interval]
  private let settingIndex: [SettingKey: Int]
  private let datasetIndex: [String: Int]
  let measuredByKind: [StageKind: [Measured]]
  let measureParameters: [StageKind: [JSONValue]]
  private let tallies: [StageKind: MeasureTally]
  private let laterComparisons: Once<[InitialisationComparison]>
  private let laterRun: Once<RunRecord>
  private let stateCounts: [CellState: Int]
  /// The cells of the study's own.
  package let plannedCells: Int

  /// Whether images of each class are counted, of some data set.
  package var hasClassCounts: Bool { datasets.contains { !$0.classCounts.isEmpty } }

  package init(_ results: StudyResults) {
    let order = StudyOrder(datasets: results.datasets.map(\.name), backbones: results.backbones)
    let cells = order.sorted(results.cells)
    study = results.study
    datasets = results.datasets
    provenance = results.provenance
    reporting = results.reporting
    work = results.work
    self.cells = cells
    rateSearches = order.sorted(results.rateSearches, as: cells)
    furtherAxes = cells.lazy.flatMap { $0.cell.furtherAxes.lazy.map(\.name) }.uniqued()
    fractions = cells.lazy.map(\.cell.fraction).uniqued().sorted()
    initialisations = StudyOrder.initialisations(cells.lazy.map(\.cell.initialisation).uniqued())

    let measuring = Parallel.Task {
      let measuredByKind = Self.measuredByKind(cells)
      return (measuredByKind, measuredByKind.map { ($0, MeasureTally($0, $1)) })
    }
    // Cells of a setting follow one another in the order above.
    let runs = cells.stretches { Self.isOfOneSetting($0.cell, $1.cell) }
    runsOfSettings = runs
    settingMetrics = Parallel.map(runs.count, block: 64) { Self.metrics(of: cells[runs[$0]]) }.flatMap(\.self)
    measureParameters = results.measureParameters
    settings = settingMetrics.filter(\.isJudged)
    settingIndex = Dictionary(settings.enumerated().map { ($1.key, $0) }) { first, _ in first }
    var stateCounts: [CellState: Int] = [:]
    for result in cells where !result.isImported { stateCounts[result.state, default: 0] += 1 }
    plannedCells = stateCounts.values.reduce(0, +)
    self.stateCounts = stateCounts
    datasetIndex = Dictionary(results.datasets.enumerated().map { ($1.name, $0) }) { first, _ in first }
    cases = settings.map(\.key.transferCase).uniqued()
    let (settings, settingIndex, cases, initialisations) = (settings, settingIndex, cases, initialisations)
    @Sendable func setting(_ transferCase: TransferCase, _ initialisation: String) -> SettingResult? {
      settingIndex[SettingKey(transferCase: transferCase, initialisation: initialisation)].map { settings[$0] }
    }
    var gains = Self.compared(cases: cases, reporting, setting: setting)
    let reuseRanges = Dictionary(grouping: gains, by: \.transferCase.source).compactMapValues(Self.reuseRange)
    self.reuseRanges = reuseRanges
    for index in gains.indices {
      guard let range = reuseRanges[gains[index].transferCase.source] else { continue }
      gains[index].featureReuseNormalised = gains[index].featureReuse.map { Self.scaled($0, range) }
    }
    self.gains = gains
    let (reporting, attempts) = (reporting, results.work.attempts)
    let compared = gains
    laterComparisons = Once {
      InitialisationComparison.all(cases, initialisations, reporting, gains: compared, setting: setting)
    }
    laterRun = Once { RunRecord(attempts) }
    let (measuredByKind, tallies) = measuring.value
    self.measuredByKind = measuredByKind
    self.tallies = Dictionary(uniqueKeysWithValues: tallies)
  }

  // What follows is made where it is asked for: a single table asks for none of it, or one.

  /// Every initialisation against each baseline that the study names.
  package var comparisons: [InitialisationComparison] { laterComparisons.value }
  /// When and where stages ran.
  var run: RunRecord { laterRun.value }

  package func setting(_ transferCase: TransferCase, _ initialisation: String) -> SettingResult? {
    settingIndex[SettingKey(transferCase: transferCase, initialisation: initialisation)].map { settings[$0] }
  }

  /// Where a setting stands among `settings`, which are in the order of the cells.
  func place(of key: SettingKey) -> Int? { settingIndex[key] }

  /// The leading number of the whole network that a measure leaves, over the runs of each setting that plans it.
  package func settings(of measure: StageKind) -> [SettingResult] {
    settingMetrics.filter { result in
      guard result.split == measure.rawValue else { return false }
      let judged = setting(result.key.transferCase, result.key.initialisation)?.metric
      return result.metric == measure.leadingMetric(judged: judged ?? "")
    }
  }

  /// What became of the measures of a kind.
  package func tally(_ kind: StageKind) -> MeasureTally { tallies[kind] ?? MeasureTally(kind, []) }

  package func dataset(_ name: String) -> DatasetResult? { datasetIndex[name].map { datasets[$0] } }

  /// The training images that a case learns from: those of its data set times its fraction; nil until they are counted.
  package func trainingImages(_ transferCase: TransferCase) -> Double? {
    dataset(transferCase.dataset)?.trainingImages.map { (Double($0) * transferCase.fraction).rounded() }
  }

  /// The cells that are not done.
  package var unfinished: [CellResult] { cells.filter { $0.state != .done } }

  /// Of the study's own cells.
  package func count(_ state: CellState) -> Int { stateCounts[state] ?? 0 }

  /// The cells that come from elsewhere.
  package var importedCells: Int { cells.count - plannedCells }

  /// What a feature reuse is where 0 is the least of the study, or of an imported source, and 1 the most; nil where all are the
  /// same.
  func normalised(_ reuse: Double, of source: String?) -> Double? {
    reuseRanges[source].map { Self.scaled(reuse, $0) }
  }

  private static func scaled(_ reuse: Double, _ range: Interval) -> Double {
    (reuse - range.low) / (range.high - range.low)
  }

  private static func reuseRange(_ gains: [Gain]) -> Interval? {
    let reuse = gains.compactMap(\.featureReuse)
    guard let low = reuse.min(), let high = reuse.max(), high > low else { return nil }
    return Interval(low: low, high: high)
  }

  static func isOfOneSetting(_ one: Cell, _ other: Cell) -> Bool {
    one.initialisation == other.initialisation && one.dataset == other.dataset && one.backbone == other.backbone
      && one.fraction == other.fraction && one.furtherAxes == other.furtherAxes
  }

  /// - Parameter cells: Those of one setting.
  private static func metrics(of cells: ArraySlice<CellResult>) -> [SettingResult] {
    guard let first = cells.first?.cell else { return [] }
    let judged = first.metric
    let key = SettingKey(first)
    // A setting has few names, so that a list of them is looked through sooner than a set.
    var names = [(split: "test", metric: judged)]
    var numbers: [(measure: StageKind, metric: String)] = []
    func add(_ kind: StageKind, _ metric: String) {
      if !numbers.contains(where: { $0.measure == kind && $0.metric == metric }) { numbers.append((kind, metric)) }
    }
    for result in cells {
      for metric in result.metrics
      where !names.contains(where: { $0.split == metric.split && $0.metric == metric.name }) {
        names.append((metric.split, metric.name))
      }
      for place in result.measures.indices {
        let kind = result.measures[place].measure.kind
        if let leading = kind.leadingMetric(judged: judged) { add(kind, leading) }
        for metric in result.measures[place].metrics { add(kind, metric.name) }
      }
    }
    return names.enumerated().map { index, name in
      SettingResult(key: key, split: name.split, metric: name.metric, isJudged: index == 0, cells: cells)
    } + numbers.map { SettingResult(key: key, measure: $0.measure, metric: $0.metric, cells: cells) }
  }

  private static func compared(
    cases: [TransferCase], _ reporting: Reporting,
    setting: @escaping @Sendable (TransferCase, String) -> SettingResult?
  ) -> [Gain] {
    var gains = Parallel.map(cases.count, block: 64) { place -> Gain? in
      let transferCase = cases[place]
      let sides = (
        ri: setting(transferCase, "RI"), st: setting(transferCase, "ST"), wt: setting(transferCase, "WT")
      )
      let present = [sides.ri, sides.st, sides.wt].compactMap(\.self)
      guard present.count > 1 else { return nil }
      return Gain(
        transferCase: transferCase, metric: present[0].metric, ri: sides.ri, st: sides.st, wt: sides.wt)
    }.compactMap(\.self)
    for contrast in Contrast.allCases {
      let tested = gains.indices.filter { gains[$0].differences[contrast]?.p != nil }
      let corrected = reporting.correction.corrected(tested.compactMap { gains[$0].differences[contrast]?.p })
      for (index, p) in zip(tested, corrected) { gains[index].differences[contrast]?.correctedP = p }
    }
    return gains
  }
}
