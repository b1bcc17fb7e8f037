import Planner
import Store
import WorkerProtocol

/// A stage at a slot.
struct RunningAttempt {
  let stage: Int
  let kind: StageKind
  let number: Int64
  var started: ContinuousClock.Instant
  let checkpoint: CheckpointMark
  var wasKilled = false
  /// Why it is being ended, where it is not the run that stops.
  var verdict: Verdict?
  var progress: StageProgress?
  var progressRecorded: ContinuousClock.Instant?
  var signs: SignsOfLife
  /// The most memory that its worker was seen to have, in bytes.
  var peakMemory: Int64 = 0

  func seconds(at now: ContinuousClock.Instant) -> Double { (now - started) / .seconds(1) }

  /// What it took, by its worker's own account or, where that did not live to tell, by what was seen.
  func peaks(_ cost: StageCost?) -> StagePeaks? {
    let memory = max(cost?.peakMemory ?? 0, peakMemory)
    return memory > 0 || cost?.peakDeviceMemory != nil
      ? StagePeaks(memory: memory, placeMemory: cost?.peakDeviceMemory) : nil
  }
}

/// What is known of whether a stage is being worked on.
struct SignsOfLife {
  /// Where time counts from; nil until the worker's first word.
  private(set) var begun: ContinuousClock.Instant?
  /// When it last said something or was seen to compute.
  private(set) var last: ContinuousClock.Instant?
  /// Processor time of its worker when that was last taken for a sign.
  private var cpuSeconds: Double?
  /// Less is what a process uses that only says that it is there.
  private static let leastWork = 0.1

  init(begun: ContinuousClock.Instant?) {
    self.begun = begun
    last = begun
  }

  /// It begins only now, whatever was known of it.
  mutating func begin(at now: ContinuousClock.Instant) {
    begun = now
    last = now
  }

  mutating func saw(progressAt now: ContinuousClock.Instant) {
    begun = begun ?? now
    last = now
  }

  mutating func saw(cpuSeconds now: Double, at time: ContinuousClock.Instant) {
    begun = begun ?? time
    if let cpuSeconds, now - cpuSeconds < Self.leastWork { return }
    cpuSeconds = now
    last = time
  }
}

/// That an attempt is not to go on.
struct Verdict {
  let failure: StageFailure
  /// Whether its worker may write a checkpoint first.
  let leavesTime: Bool
  /// Whether another try would end the same.
  let isFinal: Bool
}

/// What an attempt is held against while it runs.
struct AttemptWatch {
  let limits: StageLimits
  let hungAfter: Duration?

  func limitsMemory(of kind: StageKind) -> Bool { limits[kind].memory != nil }

  /// - Parameters:
  ///   - memory: What its worker has now, in bytes; nil where that is not known.
  /// - Returns: Nil for an attempt that may go on.
  func verdict(on attempt: RunningAttempt, at now: ContinuousClock.Instant, memory: Int64?) -> Verdict? {
    let limit = limits[attempt.kind]
    let entry = "resources.limits.\(limits.byKind[attempt.kind] == nil ? "default" : attempt.kind.rawValue)"
    if let most = limit.memory, let memory, memory > most {
      return Verdict(
        failure: StageFailure(
          .memory,
          "its worker had \(Self.text(bytes: memory)) of memory, more than the limit of \(Self.text(bytes: Int64(most)))",
          remedy: "raise `\(entry).memory` in the study, or use a smaller batch"),
        leavesTime: false, isFinal: true)
    }
    guard let begun = attempt.signs.begun else { return nil }
    if let most = limit.time, now - begun > .seconds(most) {
      return Verdict(
        failure: StageFailure(
          .time, "it ran for longer than the limit of \(Self.text(seconds: most))",
          remedy: "raise `\(entry).time` in the study and run it again: it goes on from its checkpoint"),
        leavesTime: true, isFinal: true)
    }
    if let hungAfter, let last = attempt.signs.last, now - last > hungAfter {
      return Verdict(
        failure: StageFailure(
          .hung,
          "its worker has neither said anything nor computed for \(Self.text(seconds: hungAfter / .seconds(1)))",
          remedy: "`graft logs` shows what it did last; `resources.hung_after` sets how long is waited"),
        leavesTime: false, isFinal: false)
    }
    return nil
  }

  static func text(bytes: Int64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"]
    var value = Double(bytes)
    var unit = 0
    while value >= 1024, unit < units.count - 1 {
      value /= 1024
      unit += 1
    }
    let tenths = (value * 10).rounded() / 10
    return unit == 0 || tenths == tenths.rounded() ? "\(Int64(tenths)) \(units[unit])" : "\(tenths) \(units[unit])"
  }

  static func text(seconds: Double) -> String {
    for (unit, size) in [("d", 86400.0), ("h", 3600), ("min", 60)] where seconds >= size {
      let tenths = (seconds / size * 10).rounded() / 10
      return tenths == tenths.rounded() ? "\(Int(tenths)) \(unit)" : "\(tenths) \(unit)"
    }
    return seconds == seconds.rounded() ? "\(Int(seconds)) s" : "\(seconds) s"
  }
}
