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

  /// The further axes as `lr=0.1, decay=0`; empty where the study has none.
  package var furtherText: String { furtherAxes.map { "\($0.name)=\($0.value)" }.joined(separator: ", ") }
}

/// A cell without its seed: what the runs are runs of.
package struct SettingKey: Sendable, Hashable {
  package let transferCase: TransferCase
  package let initialisation: String
}

/// The value that one run reached.
package struct SeedValue: Sendable, Hashable {
  package let seed: Int
  package let value: Double
}

/// One metric over the runs of one setting, and what became of the runs that it does not hold.
package struct SettingResult: Sendable {
  package let key: SettingKey
  package let split: String
  package let metric: String
  /// Whether the data set is judged by this metric of the test.
  package let isJudged: Bool
  /// The cells that the study plans for the setting.
  package let planned: Int
  package let diverged: Int
  package let failed: Int
  /// Planned, and neither measured nor diverged nor failed.
  package var missing: Int { planned - values.count - diverged - failed }
  /// The finite values of the done cells, by ascending seed.
  package let values: [SeedValue]
  /// Nil without values.
  package let summary: SampleSummary?

  package var n: Int { values.count }
  package var isComplete: Bool { n == planned }

  /// A metric that the test of the cells leaves.
  init(key: SettingKey, split: String, metric: String, isJudged: Bool, cells: ArraySlice<CellResult>) {
    self.init(
      key: key, split: split, metric: metric, isJudged: isJudged,
      runs: cells.map { Run(seed: $0.cell.seed, state: $0.state, metrics: $0.metrics.filter { $0.split == split }) })
  }

  /// A number of the whole network that a measure of the cells leaves. Its split is the measure's name: `knn` also judges
  /// the test images, by metrics of the same names.
  init(key: SettingKey, measure: StageKind, metric: String, cells: ArraySlice<CellResult>) {
    self.init(
      key: key, split: measure.rawValue, metric: metric, isJudged: false,
      runs: cells.flatMap { result in
        result.measures.filter { $0.measure.kind == measure }.map {
          Run(seed: result.cell.seed, state: $0.state, metrics: $0.metrics)
        }
      })
  }

  private struct Run {
    let seed: Int
    let state: CellState
    let metrics: [MetricValue]
  }

  private init(key: SettingKey, split: String, metric: String, isJudged: Bool, runs: [Run]) {
    self.key = key
    self.split = split
    self.metric = metric
    self.isJudged = isJudged
    planned = runs.count
    diverged = runs.count { $0.state == .diverged }
    failed = runs.count { $0.state == .failed }
    values = runs.compactMap { run in
      guard run.state == .done, let value = run.metrics.first(where: { $0.name == metric })?.value, value.isFinite
      else {
        return nil
      }
      return SeedValue(seed: run.seed, value: value)
    }
    summary = SampleSummary(values.map(\.value))
  }

  /// The runs that are not among the values, as `1 failed, 2 missing`; empty where all are.
  package var absences: String {
    [(diverged, "diverged"), (failed, "failed"), (missing, "missing")]
      .filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
  }
}
