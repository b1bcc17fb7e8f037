import Executor
import Testing

/// How a back end finds out how many jobs it may have, without anybody who tells.
@Suite struct SubmissionPaceTests {
  private let start = ContinuousClock.now

  private func after(_ seconds: Int) -> ContinuousClock.Instant { start + .seconds(seconds) }

  @Test func anArrayThatIsTooLargeIsHalvedUntilItIsTaken() {
    var pace = SubmissionPace()
    #expect(pace.room(out: 0, others: 0, at: start) == .max)
    pace.foundNoRoom(for: 8, out: 0, at: start)
    #expect(pace.room(out: 0, others: 0, at: start) == 0)
    #expect(pace.room(out: 0, others: 0, at: after(1)) == 4)
    pace.foundNoRoom(for: 4, out: 0, at: after(1))
    #expect(pace.room(out: 0, others: 0, at: after(2)) == 2)
    pace.took(2)
    #expect(pace.hasTaken)
    // More after a success.
    #expect(pace.room(out: 2, others: 0, at: after(2)) == 4)
  }

  /// Slurm takes three.
  @Test func noMoreAreOutThanWereTaken() {
    var pace = SubmissionPace()
    pace.took(3)
    pace.foundNoRoom(for: 1, out: 3, at: start)
    #expect(pace.room(out: 3, others: 0, at: after(1)) == 0)
    // One has ended, two have.
    #expect(pace.room(out: 2, others: 0, at: after(2)) == 1)
    pace.took(1)
    #expect(pace.room(out: 1, others: 0, at: after(3)) == 2)
    pace.took(2)
    // The limit may be another by now.
    #expect(pace.room(out: 3, others: 0, at: after(14)) == 0)
    #expect(pace.room(out: 3, others: 0, at: after(15)) == 1)
    pace.took(1)
    #expect(pace.room(out: 4, others: 0, at: after(15)) == 2)
  }

  @Test func whatIsRefusedAgainAndAgainIsTriedMoreAndMoreRarely() {
    var pace = SubmissionPace()
    var time = 0
    var gaps: [Int] = []
    for _ in 0..<7 {
      pace.foundNoRoom(for: 1, out: 3, at: after(time))
      var gap = 0
      while pace.room(out: 3, others: 0, at: after(time + gap)) == 0 { gap += 1 }
      gaps.append(gap)
      time += gap
    }
    #expect(gaps == [15, 30, 60, 120, 240, 300, 300])
  }

  /// A job that has ended counts a moment longer for Slurm than for those who read its last word.
  @Test func aJobThatHasJustEndedLowersNothing() {
    var pace = SubmissionPace()
    pace.took(3)
    pace.foundNoRoom(for: 1, out: 3, at: start)
    pace.foundNoRoom(for: 1, out: 2, at: after(1))
    #expect(pace.room(out: 2, others: 0, at: after(5)) == 0)
    #expect(pace.room(out: 2, others: 0, at: after(6)) == 1)
    pace.took(1)
    #expect(pace.room(out: 3, others: 0, at: after(7)) == 0)
    // One that is refused for longer is no job that has just ended.
    for time in [8, 13, 18] { pace.foundNoRoom(for: 1, out: 2, at: after(time)) }
    #expect(pace.room(out: 2, others: 0, at: after(19)) == 0)
    #expect(pace.room(out: 1, others: 0, at: after(19)) == 1)
  }

  @Test func whereNothingIsOutNobodyWaitsLong() {
    var pace = SubmissionPace()
    for time in [0, 15, 45] { pace.wasRefused(at: after(time)) }
    #expect(pace.room(out: 0, others: 2, at: after(104)) == 0)
    #expect(pace.room(out: 0, others: 0, at: after(59)) == 0)
    #expect(pace.room(out: 0, others: 0, at: after(60)) > 0)
  }
}
