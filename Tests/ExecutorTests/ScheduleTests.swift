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
      inputs: inputs, done: inputs.indices.map { done.contains($0) }, layout: SlotLayout(slotsPerPlace: slots),
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
      layout: SlotLayout(slotsPerPlace: slots), retry: RetryPolicy(retries: 1, firstDelay: .seconds(1)))
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

  @Test(arguments: [FailureClass.data, .spec, .machine, .time])
  func faultsOfTheStudyAreNotRetried(failureClass: FailureClass) {
    var schedule = schedule(Self.twoChains, slots: 1)
    _ = schedule.handle(.begin)
    let directives = schedule.handle(.failed(stage: 0, failureClass, advanced: false))
    #expect(directives == [.block(stage: 2, by: 0), .block(stage: 4, by: 0), .start(stage: 1, slot: 0)])
    #expect(schedule.statuses[0] == .failed)
    #expect(schedule.statuses[2] == .waiting)
    #expect(schedule.blockers == [2: 0, 4: 0])
  }

  @Test(arguments: [FailureClass.crash, .memory, .lost, .hung])
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

  /// Stages of 4, 6, 12, ... on a machine of 10, two places of two slots, and any of them may run out of memory: what is too
  /// large still runs, alone, and nothing waits for ever.
  private func scarce(_ inputs: [[Int]], needs: [Int64]) -> Schedule {
    Schedule(
      inputs: inputs, done: inputs.map { _ in false },
      likeness: StageLikeness(ofStage: inputs.indices.map { Int32($0) }, wider: inputs.map { _ in -1 }),
      measured: Dictionary(uniqueKeysWithValues: needs.enumerated().map { ($0, StagePeaks(memory: $1)) }),
      layout: SlotLayout(places: 2, slotsPerPlace: 2, memory: 10),
      retry: RetryPolicy(retries: 1, firstDelay: .seconds(1)))
  }

  @Test(arguments: [[[], []], [[], [0]]])
  func everyOrderKeepsTheRulesWhereMemoryIsShort(inputs: [[Int]]) {
    for needs: [Int64] in [[4, 6], [6, 12], [4, 7]] {
      var explored = Explorer(inputs: inputs, failureClasses: [.crash, .memory], needs: needs, capacity: 10)
      explored.explore(scarce(inputs, needs: needs))
      #expect(explored.faults.isEmpty, "\(explored.faults.prefix(3))")
      #expect(explored.endings > inputs.count)
    }
  }

  /// The same on a graph too large to try every order of: a thousand drawn at random, from seeds.
  @Test func ordersDrawnAtRandomKeepTheRulesWhereMemoryIsShort() {
    let inputs = [[], [], [0], [0, 1], [], [1], [], [2, 3], [4], []]
    let needs: [Int64] = [4, 6, 12, 1, 9, 3, 5, 10, 2, 7]
    var explored = Explorer(inputs: inputs, failureClasses: [.crash, .memory, .data], needs: needs, capacity: 10)
    for seed in 1...1000 { explored.walk(scarce(inputs, needs: needs), seed: UInt64(seed)) }
    #expect(explored.faults.isEmpty, "\(explored.faults.prefix(3))")
    #expect(explored.endings == 1000)
  }
}

/// Walks every sequence of answers that workers could give.
private struct Explorer {
  let inputs: [[Int]]
  var failureClasses: [FailureClass] = [.crash, .data]
  /// The memory of each stage, and of the machine.
  var needs: [Int64] = []
  var capacity: Int64?
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

  mutating func explore(_ schedule: Schedule) {
    var world = World(schedule: schedule)
    apply(world.schedule.handle(.begin), to: &world)
    explore(world)
  }

  private mutating func explore(_ world: World) {
    guard goesOn(world) else { return }
    for event in events(in: world) {
      var next = world
      apply(event, to: &next)
      explore(next)
    }
  }

  /// One sequence of answers, drawn from a seed.
  mutating func walk(_ schedule: Schedule, seed: UInt64) {
    var world = World(schedule: schedule)
    apply(world.schedule.handle(.begin), to: &world)
    var state = seed
    while goesOn(world) {
      // Knuth's constants; the high bits are the random ones.
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let possible = events(in: world).filter { event in
        // A stop would end most walks early.
        if case .stop = event { state >> 58 == 0 } else { true }
      }
      apply(possible[Int(state >> 33) % possible.count], to: &world)
    }
  }

  /// Whether anything can still happen; what must not be so at the end is a fault.
  private mutating func goesOn(_ world: World) -> Bool {
    if world.hasEnded {
      endings += 1
      if !world.running.isEmpty { faults.append("ended while \(world.running) ran") }
      if world.stops == 0, world.schedule.statuses.contains(.ready) { faults.append("ended with work to do") }
      return false
    }
    if world.running.isEmpty, world.pendingRetries.isEmpty {
      faults.append("hangs in \(world.schedule.statuses)")
      return false
    }
    return true
  }

  /// Everything that could happen next.
  private func events(in world: World) -> [Schedule.Event] {
    var events: [Schedule.Event] = []
    for stage in world.running.keys.sorted() {
      events.append(.finished(stage: stage))
      events += failureClasses.map { .failed(stage: stage, $0, advanced: false) }
      if world.stops > 0 { events.append(.stopped(stage: stage)) }
    }
    events += world.pendingRetries.sorted().map { .retryDue(stage: $0) }
    if world.stops == 0 { events.append(.stop(.afterCheckpoint)) }
    return events
  }

  private mutating func apply(_ event: Schedule.Event, to world: inout World) {
    switch event {
    case .finished(let stage, _):
      world.running[stage] = nil
      world.done.insert(stage)
    case .failed(let stage, _, _, _, _), .stopped(let stage): world.running[stage] = nil
    case .retryDue(let stage): world.pendingRetries.remove(stage)
    case .stop: world.stops += 1
    case .begin: break
    }
    apply(world.schedule.handle(event), to: &world)
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
        if let capacity, world.running.count > 1 {
          let taken = world.running.keys.reduce(0) { $0 + needs[$1] }
          if taken > capacity { faults.append("\(world.running.keys.sorted()) take \(taken) of \(capacity)") }
        }
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
