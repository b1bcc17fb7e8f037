import Engine
import Foundation
import Testing

@Suite struct TrainerTests {
  static let backbones = ["resnet_micro", "vit_micro"]

  static func options(epochs: Int = 3, batch: Int = 8, validateEvery: Double = 0.5) -> TrainingOptions {
    TrainingOptions(
      epochs: epochs, batchSize: batch, optimizer: OptimizerOptions(rate: 1e-3, weightDecay: 1e-2),
      schedule: [.linearWarmup(iterations: 4), .plateau(patience: 1, look: .validation)], gradientClip: 1,
      validateEvery: validateEvery, seed: 5)
  }

  struct Trained {
    let result: TrainingResult
    let weights: StateDict
  }

  /// A training from fresh weights, on images of 16 pixels.
  static func train(
    _ backbone: String, options: TrainingOptions, checkpoint: Trainer.CheckpointPolicy? = nil,
    log: @escaping (String) -> Void = { _ in }, afterStep: (TrainingProgress) -> TrainingDecision = { _ in .proceed }
  ) throws -> Trained {
    try Runtime.setThreads(1)
    let network = try Backbone.make(name: backbone, classes: 3, options: NetworkOptions(imageSize: 16))
    try Initialisation.random.apply(to: network, seed: 1)
    let result = try Trainer(options: options, checkpoint: checkpoint, log: log).run(
      network, training: SyntheticSource(count: 34, side: 16),
      validation: SyntheticSource(count: 13, side: 16, seed: 2),
      metric: accuracy, afterStep: afterStep)
    return Trained(result: result, weights: try network.stateDict())
  }

  @Test(arguments: backbones) func learns(_ backbone: String) throws {
    let trained = try Self.train(backbone, options: Self.options(epochs: 30, validateEvery: 5)).result
    #expect(trained.end == .finished)
    #expect(trained.totalSteps == 30 * 4)
    #expect(trained.history.count == 6)
    #expect(try #require(trained.best).validationMetric > 0.9)
    #expect(try #require(trained.history.last).trainingLoss < 0.5 * (try #require(trained.history.first).trainingLoss))
  }

  @Test(arguments: backbones) func isTheSameForTheSameSeedAndNotForAnother(_ backbone: String) throws {
    let first = try Self.train(backbone, options: Self.options())
    let second = try Self.train(backbone, options: Self.options())
    #expect(first.result == second.result)
    #expect(first.weights == second.weights)
    var other = Self.options()
    other.seed = 6
    #expect(try Self.train(backbone, options: other).weights != first.weights)
  }

  @Test(arguments: backbones) func goesOnFromACheckpointAtAnyStepAsIfNothingHadHappened(_ backbone: String) throws {
    let undisturbed = try Self.train(backbone, options: Self.options())
    for stop in 1...11 {
      try withTemporaryFolder { folder in
        let policy = Trainer.CheckpointPolicy(path: "\(folder)/checkpoint", interval: 1e9, clock: { 0 })
        let stopped = try Self.train(
          backbone, options: Self.options(), checkpoint: policy, afterStep: { $0.step == stop ? .stop : .proceed })
        #expect(stopped.result.end == .stopped(step: stop))
        let resumed = try Self.train(backbone, options: Self.options(), checkpoint: policy)
        #expect(resumed.result == undisturbed.result, "stopped after step \(stop)")
        #expect(resumed.weights == undisturbed.weights)
      }
    }
  }

  @Test func writesCheckpointsByTheClockAndTheResultDoesNotKnow() throws {
    let undisturbed = try Self.train("vit_micro", options: Self.options())
    try withTemporaryFolder { folder in
      var time = 0.0
      let policy = Trainer.CheckpointPolicy(path: "\(folder)/checkpoint", interval: 5) {
        time += 1; return time
      }
      var sizes: Set<Bool> = []
      let trained = try Self.train(
        "vit_micro", options: Self.options(), checkpoint: policy,
        afterStep: { _ in
          sizes.insert(FileManager.default.fileExists(atPath: policy.path))
          return .proceed
        })
      #expect(sizes == [false, true])
      #expect(trained.result == undisturbed.result)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["checkpoint"])
    }
  }

  enum Damage: CaseIterable { case truncated, bitFlipped, empty, other }

  @Test(arguments: Damage.allCases) func startsOverFromADamagedCheckpoint(_ damage: Damage) throws {
    let undisturbed = try Self.train("vit_micro", options: Self.options())
    try withTemporaryFolder { folder in
      let policy = Trainer.CheckpointPolicy(path: "\(folder)/checkpoint", interval: 1e9, clock: { 0 })
      var options = Self.options()
      if damage == .other { options.seed = 7 }
      _ = try Self.train(
        "vit_micro", options: options, checkpoint: policy, afterStep: { $0.step == 6 ? .stop : .proceed })
      var bytes = Array(try Data(contentsOf: URL(filePath: policy.path)))
      switch damage {
      case .truncated: bytes.removeLast(1000)
      case .bitFlipped: bytes[bytes.count / 2] ^= 4
      case .empty: bytes = []
      case .other: break
      }
      try Data(bytes).write(to: URL(filePath: policy.path))
      var lines: [String] = []
      let trained = try Self.train("vit_micro", options: Self.options(), checkpoint: policy, log: { lines.append($0) })
      #expect(trained.result == undisturbed.result)
      #expect(lines.count == 1 && lines[0].contains("starts over"))
    }
  }

  @Test func reportsDivergence() throws {
    var options = Self.options()
    options.schedule = []
    options.optimizer.rate = 1e30
    let result = try Self.train("vit_micro", options: options).result
    guard case .diverged(let step) = result.end else {
      Issue.record("ended as \(result.end)")
      return
    }
    #expect((2...12).contains(step))
  }

  @Test func refusesABatchLargerThanTheTrainingSet() throws {
    #expect {
      _ = try Self.train("vit_micro", options: Self.options(batch: 64))
    } throws: {
      "\($0)".contains("batch_size 64 is more than the 34 training images")
    }
    #expect(try Self.train("vit_micro", options: Self.options(batch: 34)).result.totalSteps == 3)
  }

  @Test func keepsTheFirstOfTheBestWeights() throws {
    let trained = try Self.train("resnet_micro", options: Self.options(epochs: 8, validateEvery: 1))
    let top = try #require(trained.result.history.map(\.validationMetric).max())
    #expect(trained.result.best == trained.result.history.first { $0.validationMetric == top })
    #expect(trained.result.bestWeights == trained.weights)
    let network = try Backbone.make(name: "resnet_micro", classes: 3, options: NetworkOptions(imageSize: 16))
    try network.load(try #require(trained.result.bestWeights))
    let evaluation = try Evaluation.of(network, on: SyntheticSource(count: 13, side: 16, seed: 2))
    #expect(accuracy(evaluation.probabilities, evaluation.labels) == top)
    #expect(evaluation.loss == trained.result.best?.validationLoss)
  }

  @Test func refusesImpossibleOptionsAllAtOnce() throws {
    var options = Self.options()
    options.epochs = 0
    options.batchSize = -1
    options.optimizer.rate = .nan
    options.schedule = [.plateau(factor: 2), .linearWarmup(iterations: 0)]
    #expect {
      try Trainer(options: options)
    } throws: { error in
      let text = "\(error)"
      return ["epochs is 0", "batch_size is -1", "lr is nan", "factor is 2", "0 iterations", "put it first"].allSatisfy(
        text.contains)
    }
  }
}

/// A folder that is there for the body alone.
func withTemporaryFolder<Value>(_ body: (String) throws -> Value) throws -> Value {
  let folder = FileManager.default.temporaryDirectory.appending(path: "graft-engine-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try body(folder.path)
}
