import Foundation

/// Finding a learning rate by trying several.
public struct RateSearch: Sendable, Hashable {
  /// The lowest and the highest rate.
  public var lowest: Double
  public var highest: Double

  public init(lowest: Double, highest: Double) {
    self.lowest = lowest
    self.highest = highest
  }

  /// Rates in ascending order, from the lowest to the highest, evenly spaced by their logarithms.
  public func evenRates(_ count: Int) -> [Double] {
    (0..<count).map { lowest * pow(highest / lowest, Double($0) / Double(max(1, count - 1))) }
  }

  /// Rates in ascending order, their logarithms drawn uniformly.
  public func drawnRates(_ count: Int, seed: UInt64) -> [Double] {
    var draws = RandomStream(seed: seed, purpose: "lr_search")
    return (0..<count).map { _ in lowest * pow(highest / lowest, draws.uniform()) }.sorted()
  }

  /// What a training with one rate came to.
  public struct Trial: Sendable, Codable, Hashable {
    public let rate: Double
    /// The validations, the last at the end; none where the training diverged before the first.
    public let history: [ValidationRecord]
    public let diverged: Bool

    public init(rate: Double, result: TrainingResult) {
      let diverged = if case .diverged = result.end { true } else { false }
      self.init(rate: rate, history: result.history, diverged: diverged)
    }

    package init(rate: Double, history: [ValidationRecord], diverged: Bool) {
      self.rate = rate
      self.history = history
      self.diverged = diverged
    }
  }

  /// The trial whose last validation has the highest metric; of equal ones that with the least validation loss, then the
  /// lowest rate. Nil where every trial diverged or has no metric.
  public static func best(of trials: [Trial]) -> Trial? {
    var best: (trial: Trial, last: ValidationRecord)?
    for trial in trials.sorted(by: { $0.rate < $1.rate }) where !trial.diverged {
      guard let last = trial.history.last, !last.validationMetric.isNaN else { continue }
      let isBetter =
        best.map {
          (last.validationMetric, -last.validationLoss) > ($0.last.validationMetric, -$0.last.validationLoss)
        } ?? true
      if isBetter { best = (trial, last) }
    }
    return best?.trial
  }

  /// The rate and the training loss of each step of a range test, in order.
  public struct RangeTest: Sendable, Hashable {
    public private(set) var rates: [Double] = []
    /// Exponential averages of the losses, freed of their start at 0.
    public private(set) var losses: [Double] = []
    private var average = 0.0
    private static let memory = 0.9

    public init() {}

    /// Enters a step. Returns whether to go on: not where the loss is four times the least before it.
    public mutating func enter(rate: Double, loss: Double) -> Bool {
      average = Self.memory * average + (1 - Self.memory) * loss
      let smooth = average / (1 - pow(Self.memory, Double(losses.count + 1)))
      let least = losses.min() ?? .infinity
      rates.append(rate)
      losses.append(smooth)
      return !(smooth > 4 * least)
    }

    /// A tenth of the rate with the least averaged loss; nil before any step.
    public var found: Double? {
      losses.indices.min { losses[$0] < losses[$1] }.map { rates[$0] / 10 }
    }
  }
}
