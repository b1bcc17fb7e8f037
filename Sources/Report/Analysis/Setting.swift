import Planner
import Store
import WorkerProtocol

/// What initialisations are compared on: a setting without its initialisation.
package struct TransferCase: Sendable, Hashable {
  package let dataset: String
  package let backbone: String
  package let fraction: Double
  package let furtherAxes: [AxisValue]

  package init(dataset: String, backbone: String, fraction: Double, furtherAxes: [AxisValue]) {
    self.dataset = dataset
    self.backbone = backbone
    self.fraction = fraction
    self.furtherAxes = furtherAxes
  }

  package init(_ cell: Cell) {
    self.init(
      dataset: cell.dataset, backbone: cell.backbone, fraction: cell.fraction, furtherAxes: cell.furtherAxes)
  }

  /// Where its results come from; nil for the study's own.
  package var source: String? { furtherAxes.first { $0.name == ImportedResult.axis }?.value }

  /// The further axes as `lr=0.1, decay=0`; empty where the study has none.
  package var furtherText: String { furtherAxes.map { "\($0.name)=\($0.value)" }.joined(separator: ", ") }
}

/// A cell without its seed: what the runs are runs of.
package struct SettingKey: Sendable, Hashable {
  package let transferCase: TransferCase
  package let initialisation: String

  package init(transferCase: TransferCase, initialisation: String) {
    self.transferCase = transferCase
    self.initialisation = initialisation
  }

  package init(_ cell: Cell) { self.init(transferCase: TransferCase(cell), initialisation: cell.initialisation) }
}

/// The value that one run reached.
package struct SeedValue: Sendable, Hashable {
  package let seed: Int
  package let value: Double
}

/// One metric over the runs of one setting, and what became of the runs that it does not hold. An object that never changes: a
/// large study has very many.
package final class SettingResult: Sendable {
  package let key: SettingKey
  package let split: String
  package let metric: String
  /// Whether the data set is judged by this metric of the test.
  package let isJudged: Bool
  /// The cells that the study plans for the setting.
  package let planned: Int
  package let diverged: Int
  package let failed: Int
  package let stale: Int
  /// Planned, and neither measured nor diverged nor failed nor stale.
  package var missing: Int { planned - values.count - diverged - failed - stale }
  /// The finite values of the done cells, by ascending seed.
  package let values: [SeedValue]
  /// Nil without values.
  package let summary: SampleSummary?

  package var n: Int { values.count }
  package var isComplete: Bool { n == planned }

  /// A metric that the test of the cells leaves.
  convenience init(key: SettingKey, split: String, metric: String, isJudged: Bool, cells: ArraySlice<CellResult>) {
    var tally = Tally()
    for result in cells {
      tally.add(result.cell.seed, result.state, result.metrics) { $0.split == split && $0.name == metric }
    }
    self.init(key: key, split: split, metric: metric, isJudged: isJudged, tally)
  }

  /// A number of the whole network that a measure of the cells leaves. Its split is the measure's name: `knn` also judges
  /// the test images, by metrics of the same names.
  convenience init(key: SettingKey, measure: StageKind, metric: String, cells: ArraySlice<CellResult>) {
    var tally = Tally()
    for result in cells {
      for place in result.measures.indices where result.measures[place].measure.kind == measure {
        tally.add(result.cell.seed, result.measures[place].state, result.measures[place].metrics) { $0.name == metric }
      }
    }
    self.init(key: key, split: measure.rawValue, metric: metric, isJudged: false, tally)
  }

  /// The runs of a setting, counted.
  private struct Tally {
    var planned = 0
    var diverged = 0
    var failed = 0
    var stale = 0
    var values: [SeedValue] = []

    /// - Parameter isWanted: Which of the run's metrics; the first counts.
    mutating func add(
      _ seed: Int, _ state: CellState, _ metrics: [MetricValue], where isWanted: (MetricValue) -> Bool
    ) {
      planned += 1
      switch state {
      case .diverged: diverged += 1
      case .failed: failed += 1
      case .stale: stale += 1
      case .missing: break
      case .done:
        guard let value = metrics.first(where: isWanted)?.value, value.isFinite else { return }
        values.append(SeedValue(seed: seed, value: value))
      }
    }
  }

  private init(key: SettingKey, split: String, metric: String, isJudged: Bool, _ tally: Tally) {
    self.key = key
    self.split = split
    self.metric = metric
    self.isJudged = isJudged
    planned = tally.planned
    diverged = tally.diverged
    failed = tally.failed
    stale = tally.stale
    values = tally.values
    summary = SampleSummary(tally.values.map(\.value))
  }

  /// The runs that are not among the values, as `1 failed, 2 missing`; empty where all are.
  package var absences: String {
    CellState.absences { state in
      switch state {
      case .done: n
      case .diverged: diverged
      case .failed: failed
      case .stale: stale
      case .missing: missing
      }
    }
  }
}

extension CellState {
  /// The states but `done`.
  static let unfinished = allCases.filter { $0 != .done }

  /// `1 failed, 2 missing`; empty where none is counted.
  static func absences(_ count: (CellState) -> Int) -> String {
    unfinished.map { (count($0), $0.rawValue) }.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
  }
}
