/// When a training that no longer improves ends before its last epoch.
public struct EarlyStopping: Sendable, Codable, Hashable {
  /// Validations in a row without a better metric that end it; at least 1.
  public var patience: Int
  /// By how much a metric must exceed the best before it to be better.
  public var minimumDelta: Double

  public init(patience: Int, minimumDelta: Double = 0) {
    self.patience = patience
    self.minimumDelta = minimumDelta
  }
}

/// Counts validations without a better metric: a value, so that a checkpoint holds it whole.
struct ImprovementCount: Sendable, Codable, Hashable {
  private let options: EarlyStopping
  private var best: Double?
  private var withoutRise = 0

  init(_ options: EarlyStopping) { self.options = options }

  /// Whether the training is to end.
  var isOver: Bool { withoutRise >= options.patience }

  /// Looks at a validation's metric; one that is not a number is never better.
  mutating func observe(_ metric: Double) {
    if best.map({ metric > $0 + options.minimumDelta }) ?? !metric.isNaN {
      best = metric
      withoutRise = 0
    } else {
      withoutRise += 1
    }
  }
}
