import WorkerProtocol

/// What runs when: a pure value that takes events and answers with directives. It knows stages by their place in the plan
/// and slots by number; it knows no process, no clock, no database.
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
    case finished(stage: Int)
    /// `advanced`: the attempt got further than the one before it, so the count of retries starts anew.
    case failed(stage: Int, FailureClass, advanced: Bool)
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
  private var freeSlots: ReadyQueue
  private var runningCount = 0
  private var backingOffCount = 0
  private var failures: [Int: Int] = [:]
  private var hasEnded = false
  private let retry: RetryPolicy
  private let failFast: Bool

  /// - Parameters:
  ///   - inputs: For each stage the places of its inputs, each before the stage itself.
  ///   - done: Which stages are done already.
  ///   - groups: For each stage the group of those that run one after the other at one slot; empty for no groups.
  ///   - slots: How many stages may run at once; at least 1.
  public init(
    inputs: [[Int]], done: [Bool], groups: [Int?] = [], slots: Int, retry: RetryPolicy = RetryPolicy(),
    failFast: Bool = false
  ) {
    precondition(inputs.count == done.count && slots > 0, "a schedule of mismatched parts")
    precondition(groups.isEmpty || groups.count == inputs.count, "a schedule of mismatched groups")
    ready = ReadyStages(groups: groups)
    var dependents = [[Int]](repeating: [], count: inputs.count)
    missingInputs = Array(repeating: 0, count: inputs.count)
    statuses = done.map { $0 ? .done : .waiting }
    for (stage, needed) in inputs.enumerated() where !done[stage] {
      for input in Set(needed) where !done[input] {
        precondition(input < stage, "an input after its reader")
        dependents[input].append(stage)
        missingInputs[stage] += 1
      }
      if missingInputs[stage] == 0 {
        statuses[stage] = .ready
        ready.insert(stage)
      }
    }
    self.dependents = dependents
    freeSlots = ReadyQueue(0..<slots)
    self.retry = retry
    self.failFast = failFast
  }

  /// Takes an event; events that no longer apply (a retry of a stage that was stopped meanwhile) change nothing.
  public mutating func handle(_ event: Event) -> [Directive] {
    var directives: [Directive] = []
    var ended: (stage: Int, slot: Int)?
    switch event {
    case .begin: break
    case .finished(let stage):
      guard let slot = release(stage) else { return [] }
      statuses[stage] = .done
      ended = (stage, slot)
      for dependent in dependents[stage] {
        missingInputs[dependent] -= 1
        if missingInputs[dependent] == 0, statuses[dependent] == .waiting {
          statuses[dependent] = .ready
          ready.insert(dependent)
        }
      }
    case .failed(let stage, let failureClass, let advanced):
      guard let slot = release(stage) else { return [] }
      ended = (stage, slot)
      let count = advanced ? 1 : failures[stage, default: 0] + 1
      failures[stage] = count
      if failureClass.isRetried, count <= retry.retries, stopMode == nil {
        statuses[stage] = .backingOff
        backingOffCount += 1
        directives.append(.awaitRetry(stage: stage, after: retry.delay(beforeRetry: count)))
      } else {
        statuses[stage] = .failed
        block(dependentsOf: stage, into: &directives)
        if failFast { stop(.afterCheckpoint, into: &directives) }
      }
    case .stopped(let stage):
      guard let slot = release(stage) else { return [] }
      ended = (stage, slot)
      statuses[stage] = .stopped
    case .retryDue(let stage):
      guard statuses[stage] == .backingOff else { return [] }
      backingOffCount -= 1
      statuses[stage] = .ready
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

  /// The slot of a running stage, which is that no more; nil for a stage that does not run.
  private mutating func release(_ stage: Int) -> Int? {
    guard case .running(let slot) = statuses[stage] else { return nil }
    runningCount -= 1
    return slot
  }

  /// Gives a slot to the next stage of the group that had it, or frees it.
  private mutating func goOn(after stage: Int, at slot: Int, into directives: inout [Directive]) {
    if stopMode == nil, let next = ready.popNext(after: stage) {
      start(next, at: slot, into: &directives)
    } else {
      ready.release(groupOf: stage)
      freeSlots.insert(slot)
    }
  }

  private mutating func start(_ stage: Int, at slot: Int, into directives: inout [Directive]) {
    statuses[stage] = .running(slot: slot)
    runningCount += 1
    directives.append(.start(stage: stage, slot: slot))
  }

  private mutating func startWhatCan(into directives: inout [Directive]) {
    if stopMode == nil {
      while let slot = freeSlots.popFirst() {
        guard let stage = ready.popFirst(for: slot) else {
          freeSlots.insert(slot)
          break
        }
        start(stage, at: slot, into: &directives)
      }
    }
    if runningCount == 0, stopMode != nil || (ready.isEmpty && backingOffCount == 0), !hasEnded {
      hasEnded = true
      directives.append(.end)
    }
  }

  private mutating func block(dependentsOf failed: Int, into directives: inout [Directive]) {
    var next = dependents[failed]
    while let stage = next.popLast() {
      guard blockers[stage] == nil else { continue }
      blockers[stage] = failed
      directives.append(.block(stage: stage, by: failed))
      next.append(contentsOf: dependents[stage])
    }
  }

  private mutating func stop(_ mode: StopMode, into directives: inout [Directive]) {
    if stopMode == nil {
      // What waits for its next try is not tried again in this run.
      for stage in statuses.indices where statuses[stage] == .backingOff { statuses[stage] = .stopped }
      backingOffCount = 0
    }
    guard stopMode != mode, stopMode != .atOnce else { return }
    stopMode = mode
    for case .running(let slot) in statuses {
      directives.append(mode == .atOnce ? .kill(slot: slot) : .askToStop(slot: slot))
    }
  }
}

/// How a run is told to stop.
public enum StopMode: Sendable, Hashable {
  /// No new work; running stages write a checkpoint and stop.
  case afterCheckpoint
  /// Workers are killed.
  case atOnce
}

/// How often and when a stage is tried again after a crash.
public struct RetryPolicy: Sendable, Hashable {
  public var retries: Int
  public var firstDelay: Duration
  /// By how much each delay is longer than the one before.
  public var growth: Int

  public init(retries: Int = 2, firstDelay: Duration = .seconds(1), growth: Int = 4) {
    self.retries = retries
    self.firstDelay = firstDelay
    self.growth = growth
  }

  /// - Parameter number: 1 for the first retry. Delays stop growing after the tenth.
  func delay(beforeRetry number: Int) -> Duration {
    var delay = firstDelay
    for _ in 1..<max(2, min(number, 10)) where number > 1 { delay *= growth }
    return delay
  }
}
