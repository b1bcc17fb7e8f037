import Executor
import Testing
import WorkerProtocol

/// How the schedule shares out memory, devices and turns.
@Suite("Sharing a machine")
struct SharingTests {
  /// Independent stages that are all alike, or each like itself alone.
  func schedule(
    _ count: Int, layout: SlotLayout, alike: Bool = true, memory: [Int64] = [], order: [Int32] = [], failed: [Int] = [],
    inputs: [[Int]]? = nil, groups: [Int?] = [], retries: Int = 2
  ) -> Schedule {
    Schedule(
      inputs: inputs ?? Array(repeating: [], count: count), done: Array(repeating: false, count: count),
      failed: failed, groups: groups, order: order,
      likeness: alike
        ? StageLikeness(ofStage: Array(repeating: 0, count: count), wider: [-1])
        : StageLikeness(ofStage: (0..<count).map { Int32($0) }, wider: Array(repeating: -1, count: count)),
      measured: Dictionary(uniqueKeysWithValues: memory.enumerated().map { ($0, StagePeaks(memory: $1)) }),
      layout: layout, retry: RetryPolicy(retries: retries, firstDelay: .seconds(1)))
  }

  func started(_ directives: [Schedule.Directive]) -> [Int] {
    directives.compactMap { if case .start(let stage, _) = $0 { stage } else { nil } }
  }

  func places(_ directives: [Schedule.Directive], of layout: SlotLayout) -> [Int] {
    directives.compactMap { if case .start(_, let slot) = $0 { layout.place(of: slot) } else { nil } }
  }

  // MARK: - Memory

  @Test func whatIsMeasuredOfOneIsExpectedOfLikeOnes() {
    var schedule = schedule(6, layout: SlotLayout(slotsPerPlace: 3, memory: 10))
    // Nothing is known yet.
    #expect(started(schedule.handle(.begin)) == [0, 1, 2])
    #expect(started(schedule.handle(.finished(stage: 0, peaks: StagePeaks(memory: 4)))) == [3])
    // Those that run began with nothing known of them; from now on each counts for 4, and two fit.
    #expect(started(schedule.handle(.finished(stage: 1, peaks: StagePeaks(memory: 4)))) == [4])
    #expect(started(schedule.handle(.finished(stage: 2, peaks: StagePeaks(memory: 3)))) == [])
    #expect(started(schedule.handle(.finished(stage: 3, peaks: StagePeaks(memory: 4)))) == [5])
  }

  @Test func whatIsTooLargeForTheMachineRunsAlone() {
    var schedule = schedule(3, layout: SlotLayout(slotsPerPlace: 3, memory: 10), alike: false, memory: [4, 50, 4])
    // The large one is passed by what fits, and has all of the machine afterwards.
    #expect(started(schedule.handle(.begin)) == [0, 2])
    #expect(started(schedule.handle(.finished(stage: 0))) == [])
    #expect(started(schedule.handle(.finished(stage: 2))) == [1])
    #expect(schedule.handle(.finished(stage: 1)) == [.end])
  }

  @Test func whatDoesNotFitIsNotPassedForEver() {
    // A large one first in line behind one that runs, and very many small ones.
    let sizes: [Int64] = [6, 8] + Array(repeating: 2, count: 60)
    var schedule = schedule(62, layout: SlotLayout(slotsPerPlace: 3, memory: 10), alike: false, memory: sizes)
    var running = started(schedule.handle(.begin))
    #expect(running == [0, 2, 3])
    var finished = 0
    while !running.contains(1) {
      // The first one stays; small ones come and go.
      guard let next = running.first(where: { $0 != 0 }) ?? running.first else { break }
      running.removeAll { $0 == next }
      running += started(schedule.handle(.finished(stage: next)))
      finished += 1
    }
    #expect(running.first == 1)
    #expect(finished < 20)
  }

  @Test func aGroupHasRoomForItsLargest() {
    // A training, and three measures of its model of which the last needs much.
    var schedule = schedule(
      5, layout: SlotLayout(slotsPerPlace: 2, memory: 10), alike: false, memory: [1, 5, 1, 1, 8],
      inputs: [[], [], [0], [0], [0]], groups: [nil, nil, 0, 0, 0])
    #expect(started(schedule.handle(.begin)) == [0, 1])
    #expect(started(schedule.handle(.finished(stage: 0))) == [])
    #expect(started(schedule.handle(.finished(stage: 1))) == [2])
    #expect(schedule.companions(of: 2) == [3, 4])
    #expect(started(schedule.handle(.finished(stage: 2))) == [3])
  }

  @Test func outOfMemoryHasFewerNeighboursUntilItIsAlone() {
    var schedule = schedule(9, layout: SlotLayout(slotsPerPlace: 8), alike: false)
    #expect(started(schedule.handle(.begin)) == Array(0..<8))
    func runOut() -> [Int] {
      #expect(
        schedule.handle(.failed(stage: 0, .memory, advanced: false)).first
          == .awaitRetry(stage: 0, after: .seconds(1)))
      return started(schedule.handle(.retryDue(stage: 0)))
    }
    // Of seven neighbours three are left; what is behind it in line waits too, for it would be one too many.
    #expect(runOut() == [])
    for stage in 1..<5 { #expect(started(schedule.handle(.finished(stage: stage))) == []) }
    #expect(started(schedule.handle(.finished(stage: 5))) == [0])
    // Of three (6, 7 and 8) one, then none.
    #expect(runOut() == [])
    #expect(started(schedule.handle(.finished(stage: 6))) == [])
    #expect(started(schedule.handle(.finished(stage: 7))) == [0])
    #expect(runOut() == [])
    #expect(started(schedule.handle(.finished(stage: 8))) == [0])
    // Alone it has its two retries like any other.
    for _ in 0..<2 {
      guard case .awaitRetry? = schedule.handle(.failed(stage: 0, .memory, advanced: false)).first else {
        Issue.record("not tried again")
        return
      }
      #expect(started(schedule.handle(.retryDue(stage: 0))) == [0])
    }
    #expect(schedule.handle(.failed(stage: 0, .memory, advanced: false)) == [.end])
  }

  /// On a cluster the others have memory of their own: they go on, and every try counts.
  @Test func outOfMemoryOfItsOwnIsTriedAgainBesideTheOthers() {
    var schedule = schedule(3, layout: SlotLayout(slotsPerPlace: 3, sharesMemory: false), alike: false)
    #expect(started(schedule.handle(.begin)) == [0, 1, 2])
    for number in 1...2 {
      let delay: Duration = number == 1 ? .seconds(1) : .seconds(4)
      #expect(
        schedule.handle(.failed(stage: 0, .memory, advanced: false)) == [.awaitRetry(stage: 0, after: delay)])
      #expect(started(schedule.handle(.retryDue(stage: 0))) == [0])
    }
    #expect(schedule.handle(.failed(stage: 0, .memory, advanced: false)) == [])
    #expect(schedule.statuses[0] == .failed)
  }

  @Test func whoRunsAloneGetsNoNeighbour() {
    var schedule = schedule(2, layout: SlotLayout(slotsPerPlace: 2), alike: false)
    #expect(started(schedule.handle(.begin)) == [0, 1])
    _ = schedule.handle(.failed(stage: 0, .memory, advanced: false))
    _ = schedule.handle(.failed(stage: 1, .crash, advanced: false))
    #expect(started(schedule.handle(.retryDue(stage: 0))) == [0])
    #expect(started(schedule.handle(.retryDue(stage: 1))) == [])
    #expect(started(schedule.handle(.finished(stage: 0))) == [1])
  }

  @Test func whatWouldEndTheSameIsNotTriedAgain() {
    var schedule = schedule(1, layout: SlotLayout(slotsPerPlace: 1))
    _ = schedule.handle(.begin)
    #expect(schedule.handle(.failed(stage: 0, .memory, advanced: false, isFinal: true)) == [.end])
    #expect(schedule.statuses == [.failed])
  }

  // MARK: - Devices

  @Test func devicesAreFilledInTurn() {
    let layout = SlotLayout(places: 2, slotsPerPlace: 2)
    var schedule = schedule(6, layout: layout)
    #expect(places(schedule.handle(.begin), of: layout) == [0, 1, 0, 1])
    // A place that is freed is taken by the next.
    #expect(schedule.statuses[1] == .running(slot: 1))
    #expect(places(schedule.handle(.finished(stage: 1)), of: layout) == [1])
    #expect(places(schedule.handle(.finished(stage: 0)), of: layout) == [0])
  }

  @Test func fewerJobsThanSlots() {
    let layout = SlotLayout(places: 4, slotsPerPlace: 4, most: 3)
    var schedule = schedule(6, layout: layout)
    #expect(places(schedule.handle(.begin), of: layout) == [0, 1, 2])
  }

  @Test func devicesArePackedByWhatWasMeasured() {
    let layout = SlotLayout(places: 1, slotsPerPlace: 8, placeMemory: 80, packsByMeasure: true)
    var schedule = schedule(8, layout: layout)
    // One to begin with; then as many as fit.
    #expect(started(schedule.handle(.begin)) == [0])
    #expect(
      started(schedule.handle(.finished(stage: 0, peaks: StagePeaks(memory: 1, placeMemory: 25)))) == [1, 2, 3])
    // One of three ran out though they should have fitted: from now on two of its kind.
    let others = schedule.handle(.failed(stage: 2, .memory, advanced: false))
    #expect(others == [.awaitRetry(stage: 2, after: .seconds(1))])
    #expect(started(schedule.handle(.finished(stage: 1, peaks: StagePeaks(memory: 1, placeMemory: 25)))) == [4])
    #expect(started(schedule.handle(.finished(stage: 3, peaks: StagePeaks(memory: 1, placeMemory: 25)))) == [5])
  }

  @Test func whatNobodyMeasuredHasADeviceToItself() {
    let layout = SlotLayout(places: 2, slotsPerPlace: 8, placeMemory: 80, packsByMeasure: true)
    var schedule = schedule(6, layout: layout)
    #expect(places(schedule.handle(.begin), of: layout) == [0, 1])
    // No peak is told: nothing changes.
    #expect(places(schedule.handle(.finished(stage: 0, peaks: StagePeaks(memory: 5))), of: layout) == [0])
  }

  @Test func thousandsOfSlotsAreOnePlace() {
    var schedule = schedule(5000, layout: SlotLayout(slotsPerPlace: 4000))
    #expect(started(schedule.handle(.begin)) == Array(0..<4000))
    #expect(schedule.handle(.finished(stage: 17)) == [.start(stage: 4000, slot: 17)])
  }

  // MARK: - Turns

  @Test func theOrderGivenIsTheOneInWhichTheyRun() {
    var schedule = schedule(4, layout: SlotLayout(slotsPerPlace: 1), order: [3, 1, 0, 2])
    #expect(schedule.handle(.begin) == [.start(stage: 3, slot: 0)])
    #expect(schedule.handle(.finished(stage: 3)) == [.start(stage: 1, slot: 0)])
    #expect(schedule.handle(.finished(stage: 1)) == [.start(stage: 0, slot: 0)])
  }

  @Test func aGroupKeepsTheOrderGiven() {
    var schedule = schedule(
      5, layout: SlotLayout(slotsPerPlace: 1), order: [4, 3, 2, 1, 0], inputs: [[], [0], [0], [0], []],
      groups: [nil, 0, 0, 0, nil])
    #expect(schedule.handle(.begin) == [.start(stage: 4, slot: 0)])
    #expect(schedule.handle(.finished(stage: 4)) == [.start(stage: 0, slot: 0)])
    #expect(schedule.handle(.finished(stage: 0)) == [.start(stage: 3, slot: 0)])
    #expect(schedule.companions(of: 3) == [2, 1])
  }

  @Test func whatFailedBeforeMayBeLeftAlone() {
    var schedule = schedule(
      4, layout: SlotLayout(slotsPerPlace: 2), failed: [0], inputs: [[], [0], [1], []])
    #expect(
      schedule.handle(.begin) == [.block(stage: 1, by: 0), .block(stage: 2, by: 0), .start(stage: 3, slot: 0)])
    #expect(schedule.handle(.finished(stage: 3)) == [.end])
    #expect(schedule.statuses == [.failed, .waiting, .waiting, .done])
  }
}
