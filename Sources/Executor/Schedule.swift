import Planner
import WorkerProtocol

/// What runs when: a pure value that takes events and answers with directives. It knows stages by their place in the plan
/// and slots by number; it knows no process, no clock, no database. No event costs more where there are more slots or more
/// stages, but for the logarithm of their number.
public struct Schedule: Sendable {
  public enum Status: Sendable, Hashable {
    /// Inputs are missing.
    case waiting
    case ready
    case running(slot: Int)
    /// Failed, and tried again when its delay is over.
    case backingOff
    case done, failed, stopped
  }

  public enum Event: Sendable, Hashable {
    /// Start. The first event, once.
    case begin
    case finished(stage: Int, peaks: StagePeaks? = nil)
    /// `advanced`: the attempt got further than the one before it, so the count of retries starts anew. `isFinal`: another
    /// try would end the same, whatever the class.
    case failed(stage: Int, FailureClass, advanced: Bool, peaks: StagePeaks? = nil, isFinal: Bool = false)
    /// An attempt ended after it was asked to, or was killed for that.
    case stopped(stage: Int)
    case retryDue(stage: Int)
    case stop(StopMode)
  }

  public enum Directive: Sendable, Hashable {
    case start(stage: Int, slot: Int)
    /// Answer with `retryDue` when the delay is over.
    case awaitRetry(stage: Int, after: Duration)
    case askToStop(slot: Int)
    case kill(slot: Int)
    /// A stage that cannot run because of the failed one.
    case block(stage: Int, by: Int)
    /// Nothing runs and nothing will.
    case end
  }

  public private(set) var statuses: [Status]
  /// The failed stage that each blocked stage waits for.
  public private(set) var blockers: [Int: Int] = [:]
  public private(set) var stopMode: StopMode?

  private let dependents: [[Int]]
  private var missingInputs: [Int]
  private var ready: ReadyStages
  private var ledger: SlotLedger
  private var peaks: MeasuredPeaks
  /// The stage at each slot that is taken.
  private var running: [Int: Int] = [:]
  private var backingOff: Set<Int> = []
  private var failures: [Int: Int] = [:]
  /// How often a stage that found no room saw a later one start.
  private var overtaken: [Int: Int] = [:]
  private var failedBefore: [Int]
  private var hasEnded = false
  private let retry: RetryPolicy
  private let failFast: Bool

  /// So many stages are looked at for one that fits where the first does not.
  private static let lookAhead = 8
  /// One that was overtaken so often is waited for.
  private var patience: Int { max(Self.lookAhead, 2 * ledger.layout.most) }

  /// - Parameters:
  ///   - inputs: For each stage the places of its inputs, each before the stage itself.
  ///   - done: Which stages are done already.
  ///   - failed: Which count as failed from the start, and are not tried.
  ///   - groups: For each stage the group of those that run one after the other at one slot; empty for no groups.
  ///   - order: The stages in the order in which they should run; empty for that of their numbers.
  ///   - likeness: Which stages are alike in what they need.
  ///   - measured: What was measured of stages in earlier runs.
  ///   - layout: The slots.
  ///   - retry: How often and when a stage is tried again.
  ///   - failFast: Whether the first failure ends the run.
  public init(
    inputs: [[Int]], done: [Bool], failed: [Int] = [], groups: [Int?] = [], order: [Int32] = [],
    likeness: StageLikeness = StageLikeness(), measured: [Int: StagePeaks] = [:], layout: SlotLayout,
    retry: RetryPolicy = RetryPolicy(), failFast: Bool = false
  ) {
    precondition(inputs.count == done.count, "a schedule of mismatched parts")
    precondition(groups.isEmpty || groups.count == inputs.count, "a schedule of mismatched groups")
    precondition(order.isEmpty || order.count == inputs.count, "a schedule of a mismatched order")
    precondition(likeness.ofStage.isEmpty || likeness.ofStage.count == inputs.count, "mismatched likenesses")
    ready = ReadyStages(groups: groups, order: order)
    ledger = SlotLedger(layout: layout)
    peaks = MeasuredPeaks(likeness: likeness)
    for (stage, found) in measured { peaks.learn(found, of: stage) }
    var dependents = [[Int]](repeating: [], count: inputs.count)
    missingInputs = Array(repeating: 0, count: inputs.count)
    statuses = done.map { $0 ? .done : .waiting }
    for stage in failed where !done[stage] { statuses[stage] = .failed }
    for (stage, needed) in inputs.enumerated() where !done[stage] {
      for input in Set(needed) where !done[input] {
        precondition(input < stage, "an input after its reader")
        dependents[input].append(stage)
        missingInputs[stage] += 1
      }
      if missingInputs[stage] == 0, statuses[stage] == .waiting {
        statuses[stage] = .ready
        ready.insert(stage)
      }
    }
    self.dependents = dependents
    failedBefore = failed.filter { !done[$0] }
    self.retry = retry
    self.failFast = failFast
  }

  /// Takes an event; events that no longer apply (a retry of a stage that was stopped meanwhile) change nothing.
  public mutating func handle(_ event: Event) -> [Directive] {
    var directives: [Directive] = []
    var ended: (stage: Int, slot: Int)?
    switch event {
    case .begin:
      for stage in failedBefore { block(dependentsOf: stage, into: &directives) }
      failedBefore = []
    case .finished(let stage, let found):
      guard let slot = slot(of: stage) else { return [] }
      statuses[stage] = .done
      ended = (stage, slot)
      if let found { peaks.learn(found, of: stage) }
      for dependent in dependents[stage] {
        missingInputs[dependent] -= 1
        if missingInputs[dependent] == 0, statuses[dependent] == .waiting {
          statuses[dependent] = .ready
          ready.insert(dependent)
        }
      }
    case .failed(let stage, let failureClass, let advanced, let found, let isFinal):
      guard let slot = slot(of: stage) else { return [] }
      ended = (stage, slot)
      if let found { peaks.learn(found, of: stage) }
      let delay = isFinal ? nil : delay(afterFailureOf: stage, failureClass, at: slot, advanced: advanced)
      if let delay, stopMode == nil {
        statuses[stage] = .backingOff
        backingOff.insert(stage)
        directives.append(.awaitRetry(stage: stage, after: delay))
      } else {
        statuses[stage] = .failed
        block(dependentsOf: stage, into: &directives)
        if failFast { stop(.afterCheckpoint, but: slot, into: &directives) }
      }
    case .stopped(let stage):
      guard let slot = slot(of: stage) else { return [] }
      ended = (stage, slot)
      statuses[stage] = .stopped
    case .retryDue(let stage):
      guard backingOff.remove(stage) != nil else { return [] }
      statuses[stage] = .ready
      if peaks.isLimited(stage) { ready.separate(stage) }
      ready.insert(stage)
    case .stop(let mode):
      stop(mode, into: &directives)
    }
    if let ended { goOn(after: ended.stage, at: ended.slot, into: &directives) }
    startWhatCan(into: &directives)
    return directives
  }

  /// The ready stages that will follow a running one at its slot, which has begun what they share.
  public func companions(of stage: Int) -> [Int] { stopMode == nil ? ready.companions(of: stage) : [] }

  /// The slot of a running stage; nil for a stage that does not run.
  private func slot(of stage: Int) -> Int? {
    guard case .running(let slot) = statuses[stage] else { return nil }
    return slot
  }

  /// After what time a failed stage is tried again; nil where it is not.
  private mutating func delay(
    afterFailureOf stage: Int, _ failureClass: FailureClass, at slot: Int, advanced: Bool
  ) -> Duration? {
    guard failureClass.isRetried, retry.retries > 0 else { return nil }
    if failureClass == .memory, ledger.layout.sharesMemory {
      let others = ledger.others
      peaks.runOut(stage, beside: others, atPlace: ledger.othersAtPlace(of: slot))
      // It shared what it ran out of. It is judged by how it does alone, and half as many neighbours soon are none.
      if others > 0 { return retry.delay(beforeRetry: 1) }
    }
    let count = advanced ? 1 : failures[stage, default: 0] + 1
    failures[stage] = count
    return count <= retry.retries ? retry.delay(beforeRetry: count) : nil
  }

  /// Gives a slot to the next stage of the group that had it, or frees it.
  private mutating func goOn(after stage: Int, at slot: Int, into directives: inout [Directive]) {
    running[slot] = nil
    if stopMode == nil, let next = ready.popNext(after: stage) {
      ledger.exchange(slot, need(of: next))
      start(next, at: slot, into: &directives)
    } else {
      ready.release(groupOf: stage)
      ledger.giveBack(slot)
    }
  }

  private mutating func start(_ stage: Int, at slot: Int, into directives: inout [Directive]) {
    statuses[stage] = .running(slot: slot)
    running[slot] = stage
    directives.append(.start(stage: stage, slot: slot))
  }

  private mutating func startWhatCan(into directives: inout [Directive]) {
    while stopMode == nil, let (stage, slot) = takeSlot() { start(stage, at: slot, into: &directives) }
    if running.isEmpty, stopMode != nil || (ready.isEmpty && backingOff.isEmpty), !hasEnded {
      hasEnded = true
      directives.append(.end)
    }
  }

  /// The first ready stage that fits, and its slot. A stage that does not fit lets a few later ones pass, for a time.
  private mutating func takeSlot() -> (stage: Int, slot: Int)? {
    guard ledger.hasRoom else { return nil }
    var passed: [Int] = []
    defer { for stage in passed { ready.putBack(stage) } }
    while passed.count < Self.lookAhead, let stage = ready.popFirst() {
      if let slot = ledger.take(need(of: stage)) {
        for stage in passed { overtaken[stage, default: 0] += 1 }
        if !overtaken.isEmpty { overtaken[stage] = nil }
        return (stage, slot)
      }
      passed.append(stage)
      if overtaken[stage, default: 0] >= patience { return nil }
    }
    return nil
  }

  /// What a stage needs, those that will follow it at its slot included.
  private func need(of stage: Int) -> StageNeed {
    var need = peaks.need(of: stage)
    for companion in ready.companions(of: stage) {
      let other = peaks.need(of: companion)
      need.memory = max(need.memory, other.memory)
      if let known = need.placeMemory { need.placeMemory = other.placeMemory.map { max(known, $0) } }
    }
    return need
  }

  private mutating func block(dependentsOf failed: Int, into directives: inout [Directive]) {
    var next = dependents[failed]
    while let stage = next.popLast() {
      guard blockers[stage] == nil, statuses[stage] != .failed else { continue }
      blockers[stage] = failed
      directives.append(.block(stage: stage, by: failed))
      next.append(contentsOf: dependents[stage])
    }
  }

  /// - Parameter ending: A slot whose stage has just ended.
  private mutating func stop(_ mode: StopMode, but ending: Int? = nil, into directives: inout [Directive]) {
    if stopMode == nil {
      // What waits for its next try is not tried again in this run.
      for stage in backingOff { statuses[stage] = .stopped }
      backingOff = []
    }
    guard stopMode != mode, stopMode != .atOnce else { return }
    stopMode = mode
    for slot in running.keys.sorted() where slot != ending {
      directives.append(mode == .atOnce ? .kill(slot: slot) : .askToStop(slot: slot))
    }
  }
}
