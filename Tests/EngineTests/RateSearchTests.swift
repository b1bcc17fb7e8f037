import Engine
import Testing

@Suite struct RateSearchTests {
  static let search = RateSearch(lowest: 1e-5, highest: 1e-2)

  @Test func ratesAreEvenByTheirLogarithms() {
    let rates = Self.search.evenRates(4)
    for (rate, wanted) in zip(rates, [1e-5, 1e-4, 1e-3, 1e-2]) { #expect((rate / wanted - 1).magnitude < 1e-12) }
    #expect(Self.search.evenRates(25).count == 25)
  }

  @Test func drawnRatesAreOfTheSeedAndInOrder() {
    let rates = Self.search.drawnRates(500, seed: 3)
    #expect(rates == Self.search.drawnRates(500, seed: 3))
    #expect(rates != Self.search.drawnRates(500, seed: 4))
    #expect(rates == rates.sorted())
    #expect(rates.allSatisfy { (1e-5...1e-2).contains($0) })
    // A third of the logarithms lies within each power of ten.
    #expect((130...205).contains(rates.count { $0 < 1e-4 }))
  }

  static func trial(_ rate: Double, metric: Double, loss: Double = 1, diverged: Bool = false)
    -> RateSearch.Trial
  {
    func record(_ step: Int, _ metric: Double) -> ValidationRecord {
      ValidationRecord(
        step: step, epoch: 1, learningRate: rate, trainingLoss: 1, validationLoss: loss, validationMetric: metric)
    }
    // An earlier validation, the best of all, counts for nothing.
    return RateSearch.Trial(rate: rate, history: [record(1, 9), record(2, metric)], diverged: diverged)
  }

  @Test(
    arguments: [
      ([trial(1, metric: 0.5), trial(2, metric: 0.7), trial(3, metric: 0.6)], 2.0),
      ([trial(1, metric: 0.5, loss: 2), trial(2, metric: 0.5, loss: 1), trial(3, metric: 0.5, loss: 1)], 2),
      ([trial(3, metric: 0.5), trial(1, metric: 0.5)], 1),
      ([trial(1, metric: 0.5), trial(2, metric: 0.7, diverged: true)], 1),
      ([trial(1, metric: .nan), trial(2, metric: -1)], 2), ([trial(1, metric: .nan)], nil), ([], nil),
    ] as [([RateSearch.Trial], Double?)])
  func theBestIsTheOneWithTheBestLastMetric(_ trials: [RateSearch.Trial], _ rate: Double?) {
    #expect(RateSearch.best(of: trials)?.rate == rate)
  }

  @Test func aRangeTestTakesATenthOfTheRateWithTheLeastLoss() {
    var test = RateSearch.RangeTest()
    #expect(test.found == nil)
    var steps = 0
    for step in 0..<200 {
      steps += 1
      // Falls to step 60, then explodes.
      let loss = step <= 60 ? 2 - Double(step) / 40 : 0.5 * Double(1 << min(30, step - 60))
      if !test.enter(rate: Double(step), loss: loss) { break }
    }
    #expect(steps < 75)
    // The average lags behind the loss by a step or two.
    #expect((6.0...6.2).contains(test.found ?? 0))
    #expect(test.rates.count == steps)
  }

  @Test func aRangeTestsRateRisesByTheSameFactor() {
    let schedule = LearningRateSchedule([.rangeTest(start: 1e-4)], base: 1e-1, totalSteps: 4, stepsPerEpoch: 4)
    for (step, wanted) in [1e-4, 1e-3, 1e-2, 1e-1].enumerated() {
      #expect((schedule.rate(after: step) / wanted - 1).magnitude < 1e-12)
    }
  }
}
