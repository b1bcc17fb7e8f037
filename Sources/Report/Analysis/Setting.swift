import Planner
import Store

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
  /// Whether the data set is judged by this metric.
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

  init(key: SettingKey, split: String, metric: String, isJudged: Bool, cells: ArraySlice<CellResult>) {
    self.key = key
    self.split = split
    self.metric = metric
    self.isJudged = isJudged
    planned = cells.count
    diverged = cells.count { $0.state == .diverged }
    failed = cells.count { $0.state == .failed }
    values = cells.compactMap { result in
      guard result.state == .done,
        let value = result.metrics.first(where: { $0.split == split && $0.name == metric })?.value, value.isFinite
      else { return nil }
      return SeedValue(seed: result.cell.seed, value: value)
    }
    summary = SampleSummary(values.map(\.value))
  }

  /// The runs that are not among the values, as `1 failed, 2 missing`; empty where all are.
  package var absences: String {
    [(diverged, "diverged"), (failed, "failed"), (missing, "missing")]
      .filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
  }
}
