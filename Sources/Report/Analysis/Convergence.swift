import Planner
import Store

/// How soon one run came near its best: the first validation whose metric reaches a share of the run's highest.
package struct Convergence: OfCell {
  package let result: CellResult
  package var cell: Cell { result.cell }
  package let best: Double?
  /// The share of the best. Nil where the best is not above zero, as a kappa's may be: a share of it would lie above it.
  package let threshold: Double?
  /// Of the first validation at or above the threshold; nil for a training that diverged.
  package let step: Int?
  package let epoch: Double?

  /// - Parameter share: Above 0, at most 1.
  package init(_ result: CellResult, share: Double) {
    self.result = result
    let entries = result.history.filter { $0.validationMetric.isFinite }.sorted { $0.step < $1.step }
    let best = entries.map(\.validationMetric).max()
    let threshold = best.flatMap { $0 > 0 ? $0 * share : nil }
    let reached =
      result.state == .diverged ? nil : threshold.flatMap { level in entries.first { $0.validationMetric >= level } }
    self.best = best
    self.threshold = threshold
    step = reached?.step
    epoch = reached?.epoch
  }

  /// Why there is no step.
  package enum Absence: Sendable, Hashable, CaseIterable {
    case diverged, withoutHistory, bestNotPositive
  }

  package var absence: Absence? {
    if step != nil { return nil }
    if result.state == .diverged { return .diverged }
    return best == nil ? .withoutHistory : .bestNotPositive
  }
}
