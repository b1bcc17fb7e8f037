import Engine
import Foundation
import Testing

/// What options do to the course of a training.
@Suite struct TrainingCourseTests {
  static func train(_ change: (inout TrainingOptions) -> Void) throws -> TrainerTests.Trained {
    var options = TrainerTests.options()
    change(&options)
    return try TrainerTests.train("vit_micro", options: options)
  }

  struct Course: CustomTestStringConvertible, Sendable {
    let name: String
    let change: @Sendable (inout TrainingOptions) -> Void
    var testDescription: String { name }
  }

  static let courses = [
    Course(name: "sgd, cosine") {
      $0.optimizer = OptimizerOptions(rate: 1e-2, rule: .sgd(momentum: 0.9, nesterov: true))
      $0.schedule = [.linearWarmup(iterations: 4), .cosine()]
    },
    Course(name: "sgd without momentum, multistep") {
      $0.optimizer = OptimizerOptions(rate: 1e-2, rule: .sgd(momentum: 0))
      $0.schedule = [.multistep(epochs: [1, 2])]
    },
    Course(name: "adam, one cycle") {
      $0.optimizer = OptimizerOptions(rate: 1e-3, weightDecay: 1e-2, rule: .adam())
      $0.schedule = [.oneCycle()]
    },
    Course(name: "lars, plateau, early stopping") {
      $0.optimizer = OptimizerOptions(rate: 0.1, largeBatches: LayerwiseRates(leastBatch: 8, trust: 0.01))
      $0.earlyStopping = EarlyStopping(patience: 2, minimumDelta: 0.3)
    },
    Course(name: "frozen, balanced, last weights, neighbours") {
      $0.freezesBackbone = true
      $0.loss = .crossEntropy(weights: .balanced)
      $0.keepsBest = false
      $0.judgesNeighbours = true
    },
  ]

  @Test(arguments: courses) func goesOnFromAnyStepAsIfNothingHadHappened(_ course: Course) throws {
    var options = TrainerTests.options()
    course.change(&options)
    let undisturbed = try TrainerTests.train("vit_micro", options: options)
    #expect(undisturbed.result.end == .finished)
    for stop in 1...(undisturbed.result.stoppedEarly ?? 12) {
      try withTemporaryFolder { folder in
        let policy = Trainer.CheckpointPolicy(path: "\(folder)/checkpoint", interval: 1e9, clock: { 0 })
        let stopped = try TrainerTests.train(
          "vit_micro", options: options, checkpoint: policy, afterStep: { $0.step == stop ? .stop : .proceed })
        let isLast = stop == undisturbed.result.stoppedEarly ?? 12
        #expect(stopped.result.end == (isLast ? .finished : .stopped(step: stop)))
        // The last step's checkpoint is there too: a training killed before its result was safe has only the end to say.
        let resumed = try TrainerTests.train("vit_micro", options: options, checkpoint: policy)
        #expect(resumed.result == undisturbed.result, "stopped after step \(stop)")
        #expect(resumed.weights == undisturbed.weights)
      }
    }
  }

  @Test func endsEarlyWhereNothingImproves() throws {
    // No validation can be 2 better than the one before.
    let trained = try Self.train { $0.earlyStopping = EarlyStopping(patience: 2, minimumDelta: 2) }
    #expect(trained.result.end == .finished)
    #expect(trained.result.stoppedEarly == 6)
    #expect(trained.result.history.map(\.step) == [2, 4, 6])
    let patient = try Self.train { $0.earlyStopping = EarlyStopping(patience: 6, minimumDelta: 2) }
    #expect(patient.result.stoppedEarly == nil)
    #expect(patient.result.history.count == 6)
  }

  @Test func keepsTheLastWeightsWhereAskedTo() throws {
    let best = try Self.train { $0.epochs = 8 }.result
    let last = try Self.train {
      $0.epochs = 8; $0.keepsBest = false
    }
    #expect(last.result.history == best.history)
    #expect(last.result.best == best.history.last)
    #expect(last.result.best != best.best)
    #expect(last.result.bestWeights == last.weights)
    #expect(last.result.bestWeights != best.bestWeights)
  }

  @Test(arguments: TrainerTests.backbones) func aFrozenBackboneStaysAsItWas(_ backbone: String) throws {
    let network = try Backbone.make(name: backbone, classes: 3, options: NetworkOptions(imageSize: 16))
    try Initialisation.random.apply(to: network, seed: 1)
    let before = try network.stateDict()
    var options = TrainerTests.options(epochs: 20)
    options.optimizer.rate = 1e-2
    options.freezesBackbone = true
    try withTemporaryFolder { folder in
      let policy = Trainer.CheckpointPolicy(path: "\(folder)/checkpoint", interval: 1e9, clock: { 0 })
      let trained = try TrainerTests.train(
        backbone, options: options, checkpoint: policy, afterStep: { $0.step == 30 ? .stop : .proceed })
      let heads = Set(network.tensors.filter(\.isHead).map(\.name))
      for entry in before.entries {
        #expect((trained.weights[entry.name]?.values == entry.values) != heads.contains(entry.name), "\(entry.name)")
      }
      // The checkpoint has moments of the head alone.
      let saved = try Safetensors.read(policy.path).tensors.names.filter { $0.hasPrefix("first/") }
      #expect(Set(saved) == Set(heads.map { "first/\($0)" }))
      let whole = try TrainerTests.train(backbone, options: options).result
      #expect(try #require(whole.history.last).trainingLoss < (try #require(whole.history.first)).trainingLoss)
    }
  }

  @Test func layerwiseRatesActOnLargeBatchesAlone() throws {
    func weights(_ leastBatch: Int?) throws -> StateDict {
      try Self.train {
        $0.optimizer.largeBatches = leastBatch.map { LayerwiseRates(leastBatch: $0, trust: 0.01) }
      }.weights
    }
    let plain = try weights(nil)
    #expect(try weights(9) == plain)
    #expect(try weights(8) != plain)
  }

  @Test func theRateFollowsTheBatchWhereAskedTo() throws {
    // 8 images of 256.
    let scaled = try Self.train {
      $0.optimizer.rate = 0.032; $0.optimizer.scalesRate = true
    }
    let plain = try Self.train { $0.optimizer.rate = 0.001 }
    #expect(scaled.result == plain.result)
    #expect(scaled.weights == plain.weights)
  }

  @Test func balancedWeightsAreThoseOfTheirCounts() throws {
    let labels = SyntheticSource(count: 34).labels
    let weights = (0..<3).map { label in 34 / (3 * Double(labels.count { $0 == label })) }
    let balanced = try Self.train { $0.loss = .crossEntropy(weights: .balanced) }
    #expect(balanced.result == (try Self.train { $0.loss = .crossEntropy(weights: .given(weights)) }).result)
    #expect(balanced.result != (try Self.train { _ in }).result)
  }

  @Test func aWarmupLongerThanTheTrainingIsSaid() throws {
    var options = TrainerTests.options()
    options.schedule = [.linearWarmup(iterations: 12), .plateau()]
    var lines: [String] = []
    let trained = try TrainerTests.train("vit_micro", options: options, log: { lines.append($0) })
    #expect(trained.result.end == .finished)
    #expect(lines.count == 1 && lines[0].contains("never reaches 0.001, and plateau has no steps left"), "\(lines)")
    options.schedule = [.linearWarmup(iterations: 12), .cosine()]
    let error = #expect(throws: EngineError.self) { try TrainerTests.train("vit_micro", options: options) }
    #expect(error?.message.contains("cosine has no steps left") == true)
  }

  @Test(arguments: [
    ([ScheduleStage.cosine(), .linearWarmup(iterations: 3)], "stands after cosine"),
    ([.cosine(), .plateau()], "cosine and plateau would all move"),
    ([.linearWarmup(iterations: 3), .oneCycle()], "warm-up of its own"),
    ([.multistep(epochs: [2, 1])], "must be above 0 and ascend"), ([.oneCycle(risingShare: 1)], "rising_share is 1"),
  ])
  func refusesSchedulesWithoutSense(_ schedule: [ScheduleStage], _ text: String) {
    let error = #expect(throws: EngineError.self) { try Self.train { $0.schedule = schedule } }
    #expect(error?.message.contains(text) == true, "\(error?.message ?? "")")
  }

  @Test func refusesOptimizersThatCannotBe() {
    for (rule, text) in [
      (UpdateRule.sgd(momentum: 1), "momentum is 1.0"), (.sgd(momentum: 0, nesterov: true), "nesterov"),
      (.adam(beta1: 1), "betas"), (.adamw(epsilon: 0), "eps is 0"), (.lars(trust: 0), "trust_coefficient is 0"),
    ] {
      let error = #expect(throws: EngineError.self) { try Self.train { $0.optimizer.rule = rule } }
      #expect(error?.message.contains(text) == true, "\(error?.message ?? "")")
    }
    let error = #expect(throws: EngineError.self) { try Self.train { $0.earlyStopping = EarlyStopping(patience: 0) } }
    #expect(error?.message.contains("patience is 0") == true)
  }

  @Test func halfPrecisionIsForCUDADevices() {
    let error = #expect(throws: EngineError.self) { try Self.train { $0.precision = .float16 } }
    #expect(error?.message.contains("fp16 is for CUDA devices") == true)
  }

  /// Where the machine has it, products rounded to bfloat16 give nearly the same training; else it says so beforehand.
  @Test(arguments: TrainerTests.backbones) func trainsInBfloat16OrSaysThatItCannot(_ backbone: String) throws {
    var options = TrainerTests.options(epochs: 20, validateEvery: 5)
    let plain = try TrainerTests.train(backbone, options: options).result
    options.precision = .bfloat16
    do {
      let rounded = try TrainerTests.train(backbone, options: options).result
      let (loss, wanted) = (rounded.history.map(\.trainingLoss), plain.history.map(\.trainingLoss))
      #expect(loss != wanted)
      for (loss, wanted) in zip(loss, wanted) { #expect((loss - wanted).magnitude < 0.15) }
      #expect(try #require(rounded.best).validationMetric > 0.8)
    } catch EngineError.machine(let text) {
      #expect(text.contains("bf16 cannot be had on cpu"))
    }
  }
}

@Suite struct NearestNeighbourTests {
  @Test(arguments: TrainerTests.backbones) func theHeadOfTheFeaturesIsTheOutput(_ backbone: String) throws {
    let network = try Backbone.make(name: backbone, classes: 3, options: NetworkOptions(imageSize: 16))
    try Initialisation.random.apply(to: network, seed: 1)
    let images = try SyntheticSource(count: 4, side: 16).batch([0, 1, 2, 3], draws: nil)
    let pixels = try Tensor(images.pixels, shape: [4, 3, 16, 16])
    let features = try network.features(pixels)
    let head = network.tensors.filter(\.isHead)
    let logits = try features.linear(head[0].tensor, bias: head[1].tensor).values()
    #expect(try logits == network(pixels, pass: .evaluation).values())
  }

  /// The vote by hand, from the features: cosine, 200 neighbours, exp(cosine / 0.1).
  @Test(arguments: [30, 230]) func votesByTheNearest(_ count: Int) throws {
    let network = try Backbone.make(name: "vit_micro", classes: 3, options: NetworkOptions(imageSize: 16))
    try Initialisation.random.apply(to: network, seed: 1)
    let training = SyntheticSource(count: count, side: 16)
    let validation = SyntheticSource(count: 7, side: 16, seed: 2)
    let votes = try NearestNeighbours.probabilities(network, on: validation, bank: training, batchSize: 16)
    func vectors(_ source: SyntheticSource) throws -> [[Double]] {
      let batch = try source.batch(Array(0..<source.count), draws: nil)
      let values = try network.features(Tensor(batch.pixels, shape: [batch.count, 3, 16, 16])).values().map(Double.init)
      let width = values.count / source.count
      return (0..<source.count).map { Array(values[$0 * width..<($0 + 1) * width]) }
    }
    func cosine(_ a: [Double], _ b: [Double]) -> Double {
      func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
      return dot(a, b) / (dot(a, a) * dot(b, b)).squareRoot()
    }
    let bank = try vectors(training)
    for (row, query) in try vectors(validation).enumerated() {
      let nearest = bank.map { cosine(query, $0) }.enumerated().sorted { $0.element > $1.element }.prefix(200)
      var shares = [0.0, 0, 0]
      for (index, cosine) in nearest { shares[training.labels[index]] += exp(cosine / 0.1) }
      let total = shares.reduce(0, +)
      for (label, share) in shares.enumerated() {
        #expect((Double(votes[row * 3 + label]) - share / total).magnitude < 1e-3)
      }
    }
  }

  @Test func aTrainingRecordsTheVote() throws {
    let trained = try TrainingCourseTests.train { $0.judgesNeighbours = true }.result
    let plain = try TrainingCourseTests.train { _ in }.result
    #expect(plain.history.allSatisfy { $0.validationNeighbours == nil })
    #expect(trained.history.allSatisfy { ($0.validationNeighbours ?? -1) > 0.3 })
    #expect(trained.history.map(\.validationMetric) == plain.history.map(\.validationMetric))
  }
}
