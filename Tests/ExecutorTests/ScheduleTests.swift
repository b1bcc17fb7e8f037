import Executor
import Testing
import WorkerProtocol

@Suite("Schedule")
struct ScheduleTests {
  typealias Directive = Schedule.Directive

  /// Two data sets, a training of each, a test of each.
  static let twoChains = [[], [], [0], [1], [2], [3]]

  func schedule(_ inputs: [[Int]], done: Set<Int> = [], slots: Int = 2, retries: Int = 2, failFast: Bool = false)
    -> Schedule
  {
    Schedule(
      inputs: inputs, done: inputs.indices.map { done.contains($0) }, slots: slots,
      retry: RetryPolicy(retries: retries, firstDelay: .seconds(1), growth: 4), failFast: failFast)
  }

  @Test func startsInPlanOrderOnFreeSlots() {
    var schedule = schedule(Self.twoChains)
    #expect(schedule.handle(.begin) == [.start(stage: 0, slot: 0), .start(stage: 1, slot: 1)])
    #expect(schedule.handle(.finished(stage: 1)) == [.start(stage: 3, slot: 1)])
    #expect(schedule.handle(.finished(stage: 0)) == [.start(stage: 2, slot: 0)])
    #expect(schedule.handle(.finished(stage: 2)) == [.start(stage: 4, slot: 0)])
    #expect(schedule.handle(.finished(stage: 4)) == [])
    #expect(schedule.handle(.finished(stage: 3)) == [.start(stage: 5, slot: 0)])
    #expect(schedule.handle(.finished(stage: 5)) == [.end])
  }

  // Two trainings, three measures of the first model and one of the second.
  private func measures(slots: Int) -> Schedule {
    Schedule(
      inputs: [[], [], [0], [0], [0], [1]], done: Array(repeating: false, count: 6), groups: [nil, nil, 0, 0, 0, nil],
      slots: slots, retry: RetryPolicy(retries: 1, firstDelay: .seconds(1)))
  }

  @Test func aGroupStaysAtItsSlot() {
    var schedule = measures(slots: 2)
    #expect(schedule.handle(.begin) == [.start(stage: 0, slot: 0), .start(stage: 1, slot: 1)])
    #expect(schedule.handle(.finished(stage: 0)) == [.start(stage: 2, slot: 0)])
    #expect(schedule.companions(of: 2) == [3, 4])
    // The other slot takes what is by itself and leaves the group alone.
    #expect(schedule.handle(.finished(stage: 1)) == [.start(stage: 5, slot: 1)])
    #expect(schedule.handle(.finished(stage: 5)) == [])
    #expect(schedule.handle(.finished(stage: 2)) == [.start(stage: 3, slot: 0)])
    #expect(schedule.companions(of: 3) == [4])
    #expect(schedule.handle(.finished(stage: 3)) == [.start(stage: 4, slot: 0)])
    #expect(schedule.companions(of: 4) == [])
    #expect(schedule.handle(.finished(stage: 4)) == [.end])
  }

  @Test func aGroupGoesOnAfterAFailureAndTriesAgainByItself() {
    var schedule = measures(slots: 1)
    _ = schedule.handle(.begin)
    #expect(schedule.handle(.finished(stage: 0)) == [.start(stage: 1, slot: 0)])
    #expect(schedule.handle(.finished(stage: 1)) == [.start(stage: 2, slot: 0)])
    #expect(
      schedule.handle(.failed(stage: 2, .crash, advanced: false)) == [
        .awaitRetry(stage: 2, after: .seconds(1)), .start(stage: 3, slot: 0),
      ])
    #expect(schedule.handle(.failed(stage: 3, .data, advanced: false)) == [.start(stage: 4, slot: 0)])
    #expect(schedule.handle(.finished(stage: 4)) == [.start(stage: 5, slot: 0)])
    #expect(schedule.handle(.retryDue(stage: 2)) == [])
    #expect(schedule.handle(.finished(stage: 5)) == [.start(stage: 2, slot: 0)])
    #expect(schedule.handle(.finished(stage: 2)) == [.end])
    #expect(schedule.statuses == [.done, .done, .done, .failed, .done, .done])
  }

  @Test func aStopEndsAGroup() {
    var schedule = measures(slots: 1)
    _ = schedule.handle(.begin)
    _ = schedule.handle(.finished(stage: 0))
    _ = schedule.handle(.finished(stage: 1))
    #expect(schedule.statuses[2] == .running(slot: 0))
    #expect(schedule.handle(.stop(.afterCheckpoint)) == [.askToStop(slot: 0)])
    #expect(schedule.companions(of: 2) == [])
    #expect(schedule.handle(.finished(stage: 2)) == [.end])
    #expect(schedule.statuses[3] == .ready)
  }

  @Test(arguments: [Set(0..<6), [0, 1, 2, 3, 4, 5]])
  func nothingToDoEndsAtOnce(done: Set<Int>) {
    var schedule = schedule(Self.twoChains, done: done)
    #expect(schedule.handle(.begin) == [.end])
  }

  @Test func doneInputsAreNotAwaited() {
    var schedule = schedule(Self.twoChains, done: [0, 2, 1])
    #expect(schedule.handle(.begin) == [.start(stage: 3, slot: 0), .start(stage: 4, slot: 1)])
  }

  @Test(arguments: [FailureClass.data, .spec, .machine])
  func faultsOfTheStudyAreNotRetried(failureClass: FailureClass) {
    var schedule = schedule(Self.twoChains, slots: 1)
    _ = schedule.handle(.begin)
    let directives = schedule.handle(.failed(stage: 0, failureClass, advanced: false))
    #expect(directives == [.block(stage: 2, by: 0), .block(stage: 4, by: 0), .start(stage: 1, slot: 0)])
    #expect(schedule.statuses[0] == .failed)
    #expect(schedule.statuses[2] == .waiting)
    #expect(schedule.blockers == [2: 0, 4: 0])
  }

  @Test(arguments: [FailureClass.crash, .memory, .lost])
  func crashesAreRetriedWithGrowingDelay(failureClass: FailureClass) {
    var schedule = schedule([[]], slots: 1)
    _ = schedule.handle(.begin)
    for delay in [Duration.seconds(1), .seconds(4)] {
      #expect(
        schedule.handle(.failed(stage: 0, failureClass, advanced: false)) == [.awaitRetry(stage: 0, after: delay)])
      #expect(schedule.statuses[0] == .backingOff)
      #expect(schedule.handle(.retryDue(stage: 0)) == [.start(stage: 0, slot: 0)])
    }
    #expect(schedule.handle(.failed(stage: 0, failureClass, advanced: false)) == [.end])
    #expect(schedule.statuses[0] == .failed)
  }

  @Test func gettingFurtherStartsTheCountAnew() {
    var schedule = schedule([[]], slots: 1, retries: 1)
    _ = schedule.handle(.begin)
    for _ in 0..<5 {
      #expect(
        schedule.handle(.failed(stage: 0, .crash, advanced: true)) == [.awaitRetry(stage: 0, after: .seconds(1))])
      _ = schedule.handle(.retryDue(stage: 0))
    }
    #expect(schedule.handle(.failed(stage: 0, .crash, advanced: false)) == [.end])
  }

  @Test func stopAsksWhatRunsAndStartsNothing() {
    var schedule = schedule(Self.twoChains)
    _ = schedule.handle(.begin)
    #expect(schedule.handle(.stop(.afterCheckpoint)) == [.askToStop(slot: 0), .askToStop(slot: 1)])
    #expect(schedule.handle(.finished(stage: 0)) == [])
    #expect(schedule.handle(.stop(.atOnce)) == [.kill(slot: 1)])
    #expect(schedule.handle(.stop(.atOnce)) == [])
    #expect(schedule.handle(.stopped(stage: 1)) == [.end])
    #expect(schedule.statuses == [.done, .stopped, .ready, .waiting, .waiting, .waiting])
  }

  @Test func stopDropsRetries() {
    var schedule = schedule([[], []], slots: 1)
    _ = schedule.handle(.begin)
    _ = schedule.handle(.failed(stage: 0, .crash, advanced: false))
    #expect(schedule.handle(.stop(.afterCheckpoint)) == [.askToStop(slot: 0)])
    #expect(schedule.handle(.retryDue(stage: 0)) == [])
    #expect(schedule.handle(.failed(stage: 1, .crash, advanced: false)) == [.end])
  }

  @Test func failFastStopsTheRest() {
    var schedule = schedule([[], [], [0]], failFast: true)
    _ = schedule.handle(.begin)
    #expect(
      schedule.handle(.failed(stage: 0, .data, advanced: false)) == [.block(stage: 2, by: 0), .askToStop(slot: 1)])
    #expect(schedule.handle(.stopped(stage: 1)) == [.end])
  }

  @Test func answersThatNoLongerApplyChangeNothing() {
    var schedule = schedule([[], []], slots: 1)
    _ = schedule.handle(.begin)
    let before = schedule.statuses
    #expect(schedule.handle(.finished(stage: 1)) == [])
    #expect(schedule.handle(.retryDue(stage: 0)) == [])
    #expect(schedule.handle(.stopped(stage: 1)) == [])
    #expect(schedule.statuses == before)
  }

  /// Every order of every answer on small graphs: no stage starts before its inputs, none twice at once, no slot is shared,
  /// the end comes exactly once and only when nothing runs.
  @Test(arguments: [
    [[], [0], [0], [1, 2]], [[], [], [0, 1]], [[], [], []], [[], [0], [1], [2]], [[], [0], [], [2, 0]],
  ])
  func everyOrderKeepsTheRules(inputs: [[Int]]) {
    var explored = Explorer(inputs: inputs)
    explored.explore(schedule(inputs, retries: 1))
    #expect(explored.faults.isEmpty, "\(explored.faults.prefix(3))")
    #expect(explored.endings > inputs.count)
  }
}

/// Walks every sequence of answers that workers could give.
private struct Explorer {
  let inputs: [[Int]]
  var faults: [String] = []
  var endings = 0

  struct World {
    var schedule: Schedule
    var running: [Int: Int] = [:]
    var done: Set<Int> = []
    var pendingRetries: Set<Int> = []
    var hasEnded = false
    var stops = 0
  }

  init(inputs: [[Int]]) { self.inputs = inputs }

  mutating func explore(_ schedule: Schedule) {
    var world = World(schedule: schedule)
    apply(world.schedule.handle(.begin), to: &world)
    explore(world)
  }

  private mutating func explore(_ world: World) {
    if world.hasEnded {
      endings += 1
      if !world.running.isEmpty { faults.append("ended while \(world.running) ran") }
      if world.stops == 0, world.schedule.statuses.contains(.ready) { faults.append("ended with work to do") }
      return
    }
    if world.running.isEmpty, world.pendingRetries.isEmpty {
      faults.append("hangs in \(world.schedule.statuses)")
      return
    }
    for (stage, _) in world.running.sorted(by: { $0.key < $1.key }) {
      step(world, .finished(stage: stage)) { world in
        world.running[stage] = nil
        world.done.insert(stage)
      }
      for failureClass in [FailureClass.crash, .data] {
        step(world, .failed(stage: stage, failureClass, advanced: false)) { $0.running[stage] = nil }
      }
      if world.stops > 0 { step(world, .stopped(stage: stage)) { $0.running[stage] = nil } }
    }
    for stage in world.pendingRetries.sorted() {
      step(world, .retryDue(stage: stage)) { $0.pendingRetries.remove(stage) }
    }
    if world.stops == 0 { step(world, .stop(.afterCheckpoint)) { $0.stops += 1 } }
  }

  private mutating func step(_ world: World, _ event: Schedule.Event, _ change: (inout World) -> Void) {
    var next = world
    change(&next)
    apply(next.schedule.handle(event), to: &next)
    explore(next)
  }

  private mutating func apply(_ directives: [Schedule.Directive], to world: inout World) {
    for directive in directives {
      switch directive {
      case .start(let stage, let slot):
        if world.stops > 0 { faults.append("started \(stage) after a stop") }
        if world.running[stage] != nil || world.done.contains(stage) { faults.append("started \(stage) twice") }
        if world.running.values.contains(slot) { faults.append("slot \(slot) given twice") }
        if !inputs[stage].allSatisfy({ world.done.contains($0) }) { faults.append("\(stage) before its inputs") }
        world.running[stage] = slot
      case .awaitRetry(let stage, _): world.pendingRetries.insert(stage)
      case .askToStop(let slot), .kill(let slot):
        if !world.running.values.contains(slot) { faults.append("asked an idle slot to stop") }
      case .block(let stage, let failed):
        if world.schedule.statuses[failed] != .failed {
          faults.append("\(stage) blocked by \(failed), which did not fail")
        }
      case .end:
        if world.hasEnded { faults.append("ended twice") }
        world.hasEnded = true
      }
    }
  }
}
