import Foundation

/// The learning rate as training goes on: a value, so that a checkpoint holds it whole.
///
/// Each link equals torch's scheduler of its name: `LinearLR`, `ReduceLROnPlateau` in mode max with a relative threshold of
/// 1e-4 of the best metric's magnitude, `CosineAnnealingLR` and `OneCycleLR` moved at every step, `MultiStepLR` moved at
/// every epoch. The plateau does not see validations that fall within the warm-up; the cosine begins after it.
public struct LearningRateSchedule: Sendable, Codable, Hashable {
  private let stages: [ScheduleStage]
  private let base: Double
  private let totalSteps: Int
  private let stepsPerEpoch: Int
  /// What the plateau rule has made of the base rate.
  private var reduced: Double
  private var best: Double?
  private var looksWithoutRise = 0

  /// - Parameters:
  ///   - base: The learning rate that the schedule moves.
  ///   - totalSteps: Optimizer steps of the whole training.
  public init(_ stages: [ScheduleStage], base: Double, totalSteps: Int, stepsPerEpoch: Int) {
    self.stages = stages
    self.base = base
    self.totalSteps = totalSteps
    self.stepsPerEpoch = stepsPerEpoch
    reduced = base
  }

  private var warmup: (iterations: Int, start: Double)? {
    for case .linearWarmup(let iterations, let start) in stages { return (iterations, start) }
    return nil
  }

  /// The rate of the step that follows `steps` steps.
  public func rate(after steps: Int) -> Double {
    let warmup = warmup
    if let warmup, steps < warmup.iterations {
      return warmup.start + (base - warmup.start) * Double(steps) / Double(warmup.iterations)
    }
    for stage in stages {
      switch stage {
      case .linearWarmup: continue
      case .plateau: return reduced
      case .cosine(let minimum):
        let begun = warmup?.iterations ?? 0
        return Self.wave(from: base, to: minimum, at: Double(steps - begun) / Double(max(1, totalSteps - begun)))
      case .multistep(let epochs, let factor):
        // The 1e-9 keeps a milestone that is a whole number of steps from being missed by rounding.
        let passed = epochs.count { Double(steps) + 1e-9 >= $0 * Double(stepsPerEpoch) }
        return base * pow(factor, Double(passed))
      case .oneCycle(let risingShare, let rise, let fall): return cycle(at: steps, risingShare, rise: rise, fall: fall)
      case .rangeTest(let start): return start * pow(base / start, Double(steps) / Double(max(1, totalSteps - 1)))
      }
    }
    return base
  }

  private func cycle(at steps: Int, _ risingShare: Double, rise: Double, fall: Double) -> Double {
    let last = Double(max(1, totalSteps - 1))
    // torch's turning point: a step before the share of all steps.
    let top = risingShare * Double(totalSteps) - 1
    let low = base / rise
    if Double(steps) <= top { return Self.wave(from: low, to: base, at: top > 0 ? Double(steps) / top : 1) }
    return Self.wave(from: base, to: low / fall, at: (Double(steps) - top) / (last - top))
  }

  /// Half a wave of the cosine: `first` at 0, `second` at 1.
  private static func wave(from first: Double, to second: Double, at place: Double) -> Double {
    second + (first - second) / 2 * (1 + cos(.pi * min(1, max(0, place))))
  }

  /// Looks at a validation's metric.
  ///
  /// - Parameters:
  ///   - steps: Optimizer steps done.
  ///   - endsEpoch: Whether it is the last validation of its epoch.
  public mutating func observe(metric: Double, after steps: Int, endsEpoch: Bool) {
    if let warmup, steps < warmup.iterations { return }
    for case .plateau(let factor, let patience, let minimumRate, let look) in stages {
      if look == .epoch && !endsEpoch { return }
      if best.map({ metric > $0 + 1e-4 * $0.magnitude }) ?? !metric.isNaN {
        best = metric
        looksWithoutRise = 0
      } else {
        looksWithoutRise += 1
      }
      if looksWithoutRise > patience {
        reduced = min(reduced, max(reduced * factor, minimumRate))
        looksWithoutRise = 0
      }
    }
  }

  /// Whether a link that counts on steps after the warm-up would have none.
  var isCutShort: Bool {
    guard let warmup, warmup.iterations >= totalSteps else { return false }
    return stages.contains { stage in
      switch stage {
      case .cosine, .multistep: true
      case .linearWarmup, .plateau, .oneCycle, .rangeTest: false
      }
    }
  }

  /// What of the schedule never comes to act in a training of so many steps, in words; nil where all of it does.
  var unreached: String? {
    guard let warmup, warmup.iterations >= totalSteps else { return nil }
    let later = stages.map(\.name).filter { $0 != "linear_warmup" }
    return "the warm-up of \(warmup.iterations) steps is as long as the training of \(totalSteps) steps or longer: the "
      + "learning rate never reaches \(base)" + (later.isEmpty ? "" : ", and \(later[0]) has no steps left")
  }
}
