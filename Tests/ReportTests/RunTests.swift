import Planner
import Report
import Store
import Testing

/// What ran when.
@Suite struct RunTests {
  private func attempt(
    _ number: Int64, from start: Double, to end: Double?, kind: StageKind = .train, device: String = "cpu"
  ) throws -> AttemptOfWork {
    func time(_ seconds: Double) -> Timestamp { Timestamp(milliseconds: 1_000_000 + Int64(seconds * 1000)) }
    return AttemptOfWork(
      kind: kind, stage: try #require(StageKey(hex: String(repeating: "a", count: 64))),
      course: AttemptCourse(
        number: number, state: .done, started: time(start), finished: end.map(time), host: "box", device: device,
        threads: 1))
  }

  @Test func whatOverlapsIsOnSlotsOfItsOwn() throws {
    let run = RunRecord([
      try attempt(1, from: 0, to: 10), try attempt(2, from: 5, to: 20), try attempt(3, from: 10, to: 12),
      try attempt(4, from: 0, to: 4, device: "cuda:0"), try attempt(5, from: 12, to: nil),
    ])
    #expect(run.slots == ["box cpu #1", "box cpu #2", "box cuda:0"])
    #expect(run.bars.map(\.attempt.course.number) == [1, 4, 2, 3])
    #expect(run.bars.map(\.slot) == [0, 2, 1, 0])
    #expect(run.busySeconds == 20 && run.pauses.isEmpty)
  }

  @Test func longIdleTimesAreLeftOut() throws {
    let run = RunRecord([
      try attempt(1, from: 0, to: 100), try attempt(2, from: 400, to: 500), try attempt(3, from: 2500, to: 2600),
    ])
    #expect(run.pauses.count == 1 && run.pauses[0].at == 500 && run.pauses[0].seconds == 2000)
    #expect(run.bars[2].start == 500 && run.bars[2].end == 600)
    #expect(run.wholeSeconds == 2600 && run.busySeconds == 600)
  }

  @Test func whatRunsAtOnceIsCountedByKind() throws {
    let run = RunRecord([
      try attempt(1, from: 0, to: 10), try attempt(2, from: 2, to: 6, kind: .test), try attempt(3, from: 4, to: 10),
    ])
    let moments = run.running([.train, .test], times: 11)
    #expect(moments.map(\.time) == (0...10).map(Double.init))
    #expect(moments.map { $0.counts[0] } == [1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 0])
    #expect(moments.map { $0.counts[1] } == [0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0])
  }
}
