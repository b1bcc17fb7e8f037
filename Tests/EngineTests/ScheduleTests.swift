import Engine
import Testing

@Suite struct ScheduleTests {
  @Test func warmsUpInEqualSteps() {
    let schedule = LearningRateSchedule(
      [.linearWarmup(iterations: 4, start: 0)], base: 1, totalSteps: 100, stepsPerEpoch: 10)
    #expect((0...6).map { schedule.rate(after: $0) } == [0, 0.25, 0.5, 0.75, 1, 1, 1])
  }

  struct Case: Sendable {
    let metrics: [Double]
    /// The rate after each.
    let rates: [Double]
  }

  /// With patience 1 and factor 1/2: what torch's ReduceLROnPlateau(mode="max") gives.
  static let cases = [
    Case(metrics: [0.1, 0.2, 0.3, 0.4], rates: [1, 1, 1, 1]),
    Case(metrics: [0.5, 0.5, 0.5, 0.5, 0.5], rates: [1, 1, 0.5, 0.5, 0.25]),
    Case(metrics: [0.5, 0.4, 0.6, 0.5, 0.5, 0.5], rates: [1, 1, 1, 1, 0.5, 0.5]),
    // A rise by less than the threshold is none.
    Case(metrics: [0.5, 0.50004, 0.50004], rates: [1, 1, 0.5]),
    Case(metrics: [0.5, 0.50006, 0.50006], rates: [1, 1, 1]),
    // Down to the smallest rate.
    Case(metrics: [0.5, 0, 0, 0, 0, 0, 0, 0, 0], rates: [1, 1, 0.5, 0.5, 0.25, 0.25, 0.2, 0.2, 0.2]),
    Case(metrics: [.nan, .nan, 0.5, 0.4], rates: [1, 0.5, 0.5, 0.5]),
  ]

  @Test(arguments: cases) func reducesOnAPlateau(_ test: Case) {
    var schedule = LearningRateSchedule(
      [.plateau(factor: 0.5, patience: 1, minimumRate: 0.2, look: .validation)], base: 1, totalSteps: 100,
      stepsPerEpoch: 10)
    let rates = test.metrics.enumerated().map { step, metric in
      schedule.observe(metric: metric, after: step, endsEpoch: true)
      return schedule.rate(after: step)
    }
    #expect(rates == test.rates)
  }

  @Test func thePlateauDoesNotSeeTheWarmup() {
    var schedule = LearningRateSchedule(
      [.linearWarmup(iterations: 10, start: 0), .plateau(factor: 0.1, patience: 0, look: .validation)], base: 1,
      totalSteps: 100, stepsPerEpoch: 10)
    for step in 1...9 { schedule.observe(metric: 0, after: step, endsEpoch: true) }
    #expect(schedule.rate(after: 10) == 1)
    schedule.observe(metric: 0, after: 10, endsEpoch: true)
    schedule.observe(metric: 0, after: 11, endsEpoch: true)
    #expect(schedule.rate(after: 12) == 0.1)
  }

  @Test func looksAtTheLastValidationOfAnEpochAlone() {
    var schedule = LearningRateSchedule(
      [.plateau(factor: 0.5, patience: 0)], base: 1, totalSteps: 100, stepsPerEpoch: 10)
    schedule.observe(metric: 0.5, after: 1, endsEpoch: true)
    for step in 2...5 { schedule.observe(metric: 0.1, after: step, endsEpoch: false) }
    #expect(schedule.rate(after: 6) == 1)
    schedule.observe(metric: 0.1, after: 6, endsEpoch: true)
    #expect(schedule.rate(after: 7) == 0.5)
  }

  struct Torch: Decodable {
    let rates: [String: [Double]]
    let metrics: [Double]
  }

  static let links: [(String, [ScheduleStage])] = [
    ("linear_warmup", [.linearWarmup(iterations: 7)]), ("cosine", [.cosine(minimumRate: 0.01)]),
    ("linear_warmup, cosine", [.linearWarmup(iterations: 7), .cosine(minimumRate: 0.01)]),
    ("multistep", [.multistep(epochs: [2, 3])]), ("one_cycle", [.oneCycle()]),
  ]

  /// Torch's rates at each of 20 steps, five epochs of four; 1e-12 is what its step-by-step products leave.
  @Test(arguments: links) func equalsTorch(_ name: String, _ stages: [ScheduleStage]) throws {
    let expected = try #require(try TrainingFixture.load("schedules", as: Torch.self).rates[name])
    let schedule = LearningRateSchedule(stages, base: 0.5, totalSteps: 20, stepsPerEpoch: 4)
    let rates = (0..<20).map { schedule.rate(after: $0) }
    for (step, (rate, wanted)) in zip(rates, expected).enumerated() {
      #expect((rate - wanted).magnitude <= 1e-12, "step \(step)")
    }
  }

  @Test func thePlateauEqualsTorchs() throws {
    let torch = try TrainingFixture.load("schedules", as: Torch.self)
    var schedule = LearningRateSchedule(
      [.plateau(factor: 0.5, patience: 1, minimumRate: 0.02)], base: 0.5, totalSteps: 20, stepsPerEpoch: 1)
    let rates = torch.metrics.enumerated().map { step, metric in
      schedule.observe(metric: metric, after: step + 1, endsEpoch: true)
      return schedule.rate(after: step + 1)
    }
    #expect(rates == torch.rates["plateau"])
  }
}
