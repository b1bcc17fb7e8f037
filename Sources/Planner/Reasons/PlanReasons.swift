/// Why each stage of a plan would run or is skipped.
public struct PlanReasons: Sendable {
  /// In the order of the plan's stages.
  public let values: [StageReason]
  private let stages: PlannedStages

  init(_ values: [StageReason], of stages: PlannedStages) {
    self.values = values
    self.stages = stages
  }

  /// The reason of the stage that has this key; nil where the plan has none.
  public subscript(key: StageKey) -> StageReason? { stages.place(of: key).map { values[$0] } }

  /// How many stages a run would do.
  public var countToRun: Int { values.count { $0.wouldRun } }
}

extension Plan {
  /// Why each stage would run or is skipped, from what is recorded of them.
  ///
  /// - Parameters:
  ///   - records: In the order of the plan's stages; nil for one that was never begun.
  ///   - stale: By place, why what was done once does not count any more.
  ///   - retriesFailures: Whether a run tries again what failed before.
  public func reasons(
    records: [RecordedStage?], stale: [Int: StaleCause] = [:], retriesFailures: Bool = true
  ) -> PlanReasons {
    precondition(records.count == stages.count, "a record or nil for each stage")
    var reasons: [StageReason] = []
    reasons.reserveCapacity(stages.count)
    // Inputs stand before what reads them, so one pass sees every input's reason first.
    for place in stages.indices {
      let cause = stale.isEmpty ? nil : stale[place]
      reasons.append(reason(of: place, records[place], cause, retriesFailures, reasons))
    }
    return PlanReasons(reasons, of: stages)
  }

  /// The same from what is recorded of some stages, by their keys.
  public func reasons(records: [StageKey: RecordedStage], retriesFailures: Bool = true) -> PlanReasons {
    reasons(records: stages.keys.map { records[$0] }, retriesFailures: retriesFailures)
  }

  private func reason(
    of place: Int, _ record: RecordedStage?, _ cause: StaleCause?, _ retriesFailures: Bool, _ known: [StageReason]
  ) -> StageReason {
    if case .done(hasArtifact: true)? = record { return .done }
    var awaited: StageKey?
    for input in stages.inputPlaces(of: place) where input >= 0 {
      switch known[Int(input)] {
      case .failed, .inputFailed: return .inputFailed(stages.keys[Int(input)])
      case .done: break
      default: awaited = stages.keys[Int(input)]
      }
    }
    if case .failed? = record, !retriesFailures { return .failed }
    if record == nil, let cause { return .stale(cause) }
    if let awaited { return .inputWillRun(awaited) }
    switch record {
    case .done: return .artifactMissing
    case .failed: return .failedBefore
    case .stopped: return .interrupted
    case .running: return .running
    case .waiting, .ready, nil: return .notYetRun
    }
  }
}
