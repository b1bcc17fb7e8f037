import Planner

/// How long a run will still take: the middle and an interval that holds the truth in about 80 of 100 cases, in seconds.
public struct Estimate: Sendable, Hashable {
  public let seconds: Double
  public let low: Double
  public let high: Double
}

/// What like stages took, and what the remaining ones will take.
///
/// Stages are alike when kind, data set, backbone and fraction agree; where no such stage was measured, those of like kind
/// and backbone stand in, then those of like kind, each with a wider spread.
struct DurationModel: Sendable {
  /// Sums of the durations measured for one likeness (Welford's method).
  private struct Spread {
    var count = 0.0
    var mean = 0.0
    var squares = 0.0

    mutating func add(_ value: Double) {
      count += 1
      let difference = value - mean
      mean += difference / count
      squares += difference * (value - mean)
    }
  }

  private struct Likeness: Hashable {
    var kind: StageKind
    var backbone = ""
    var setting = ""
  }

  private var spreads: [Likeness: Spread] = [:]
  private var remaining: [Likeness: Int] = [:]
  private let likeness: [Likeness]

  /// - Parameter measured: Seconds of the stages that are done, in the plan's order; may be empty.
  init(plan: Plan, isDone: [Bool], measured: [Double?]) {
    var named: [StageKey: Likeness] = [:]
    for cell in plan.cells {
      let measures = cell.measures.map { ($0.kind, $0.key) }
      for (kind, key) in cell.stages.map({ ($0.key, $0.value) }) + measures where named[key] == nil {
        // A stage that many cells share (a data set's, say) is like others of its kind only.
        let isOwn = kind == .train || kind.isModelMeasure || kind == .crossCKA
        named[key] =
          isOwn
          ? Likeness(kind: kind, backbone: cell.backbone, setting: "\(cell.dataset)/\(cell.fraction)")
          : Likeness(kind: kind)
      }
    }
    likeness = zip(plan.stages.keys, plan.stages.kinds).map { named[$0] ?? Likeness(kind: $1) }
    for index in plan.stages.indices where !isDone[index] { remaining[likeness[index], default: 0] += 1 }
    for (index, seconds) in measured.enumerated() {
      if let seconds { add(seconds, likeness[index]) }
    }
  }

  /// A stage ended for good; `seconds` only where it is done.
  mutating func close(stage: Int, seconds: Double?) {
    remaining[likeness[stage], default: 1] -= 1
    if let seconds { add(seconds, likeness[stage]) }
  }

  private mutating func add(_ seconds: Double, _ likeness: Likeness) {
    var general = likeness
    spreads[general, default: Spread()].add(seconds)
    if !general.setting.isEmpty {
      general.setting = ""
      spreads[general, default: Spread()].add(seconds)
    }
    if !general.backbone.isEmpty {
      general.backbone = ""
      spreads[general, default: Spread()].add(seconds)
    }
  }

  /// - Parameters:
  ///   - running: How long each running stage has run, and what part of it is done.
  ///   - slots: How many run at once.
  /// - Returns: nil while nothing like one of the remaining stages was measured.
  func estimate(running: [(stage: Int, seconds: Double, fraction: Double)], slots: Int) -> Estimate? {
    var mean = 0.0
    var variance = 0.0
    var stages = 0
    for (likeness, count) in remaining where count > 0 {
      guard let spread = nearest(likeness) else { return nil }
      let number = Double(count)
      mean += number * spread.mean
      // Each stage strays by itself, and all of them together by what the mean is not known.
      variance += number * spread.variance + number * number * spread.variance / spread.count
      stages += count
    }
    for (stage, seconds, fraction) in running {
      guard let spread = nearest(likeness[stage]) else { return nil }
      let total = fraction > 0.05 ? seconds / fraction : spread.mean
      mean -= min(seconds, total) + spread.mean - total
    }
    let atOnce = Double(max(1, min(slots, stages)))
    let middle = max(0, mean) / atOnce
    let half = 1.2816 * variance.squareRoot() / atOnce
    return Estimate(seconds: middle, low: max(0, middle - half), high: middle + half)
  }

  private func nearest(_ likeness: Likeness) -> (mean: Double, variance: Double, count: Double)? {
    var tried = likeness
    var isExact = true
    while true {
      if let spread = spreads[tried] {
        let assumed = 0.25 * spread.mean * spread.mean
        let measured = spread.count > 1 ? spread.squares / (spread.count - 1) : assumed
        return (spread.mean, isExact ? measured : max(measured, assumed), spread.count)
      }
      isExact = false
      if !tried.setting.isEmpty {
        tried.setting = ""
      } else if !tried.backbone.isEmpty {
        tried.backbone = ""
      } else {
        return nil
      }
    }
  }
}
