import Executor
import Files
import Testing

@Suite struct ProcessorSharesTests {
  @Test func eachSlotHasItsOwn() {
    let allowed = [0, 1, 2, 3, 8, 9, 10]
    let shares = ProcessorShares(slots: 3, threads: 2, allowed: allowed)
    #expect(shares?.processors == [[0, 1], [2, 3], [8, 9]])
    #expect(shares?.text(slot: 2) == "8,9")
    #expect(ProcessorShares(slots: 7, threads: 1, allowed: allowed)?.processors.flatMap(\.self) == allowed)
    #expect(ProcessorShares(slots: 1, threads: 7, allowed: allowed)?.processors == [allowed])
  }

  @Test(arguments: [(4, 2), (1, 8), (8, 1), (0, 1), (1, 0), (.max, 2)])
  func tooFewAreNone(slots: Int, threads: Int) {
    #expect(ProcessorShares(slots: slots, threads: threads, allowed: [0, 1, 2, 3, 8, 9, 10]) == nil)
  }

  @Test func thisProcessMayRunSomewhere() {
    let allowed = AllowedProcessors.numbers
    #expect(!allowed.isEmpty && allowed == Set(allowed).sorted())
  }
}
