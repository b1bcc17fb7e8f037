import Engine
import Testing
import TorchTape

/// Records operators on the CPU as a CUDA graph would.
private final class TapeRecorder: OperationRecorder {
  private(set) var counts: [Int] = []
  private(set) var replays = 0
  /// Which recording fails, from 0.
  var failing: Int?

  func session<Value>(_ body: () throws -> Value) throws -> Value { try body() }

  func record(after neighbour: (any OperationRecording)?, _ body: () throws -> Void) throws -> any OperationRecording {
    guard let tape = torch_tape_begin() else { throw EngineError.native("no tape") }
    let recording = Tape(tape) { self.replays += 1 }
    let result = Result { try body() }
    let fault = torch_tape_end(tape).map { String(cString: $0) }
    try result.get()
    if let fault { throw EngineError.native(fault) }
    if counts.count == failing { throw EngineError.native("the tape is torn") }
    counts.append(Int(torch_tape_count(tape)))
    return recording
  }

  private final class Tape: OperationRecording {
    private let tape: OpaquePointer
    private let count: () -> Void

    init(_ tape: OpaquePointer, count: @escaping () -> Void) {
      self.tape = tape
      self.count = count
    }

    deinit { torch_tape_free(tape) }

    func replay() throws {
      if let fault = torch_tape_replay(tape) { throw EngineError.native(String(cString: fault)) }
      count()
    }
  }
}

/// Images of which one may be infinitely bright.
private struct SpoiltSource: ImageSource {
  let images: SyntheticSource
  let position: Int?

  var count: Int { images.count }
  var shape: ImageShape { images.shape }
  var classes: Int { images.classes }
  var labels: [Int] { images.labels }

  func batch(_ positions: [Int], draws: RandomStream?) throws -> ImageBatch {
    var batch = try images.batch(positions, draws: draws)
    if let index = positions.firstIndex(where: { $0 == position }) {
      batch.pixels[index * batch.pixels.count / positions.count] = .infinity
    }
    return batch
  }
}

/// What a CUDA graph keeps of a step is what the tape keeps: which operators, on which memory, with which numbers.
@Suite struct RecordedStepTests {
  struct Case: CustomTestStringConvertible, Sendable {
    var backbone = "vit_micro"
    var side = 16
    var rule = UpdateRule.adamw()
    var loss = LossFunction.crossEntropy()
    var precision = Precision.float32
    var dropPath: Double?
    var isFrozen = false
    /// For images that may show several classes.
    var outputs = 3

    var testDescription: String { "\(backbone) \(rule) \(loss) \(precision)\(isFrozen ? " frozen" : "")" }
  }

  private static func train(
    _ test: Case, recorder: TapeRecorder?, log: @escaping (String) -> Void = { _ in },
    checkpoint: Trainer.CheckpointPolicy? = nil, stop: Int? = nil, spoilt: Int? = nil,
    validateEvery: Double = 0.5
  ) throws -> TrainerTests.Trained {
    try Runtime.setThreads(1)
    Runtime.useKernels(false)
    defer { Runtime.useKernels(true) }
    var options = TrainingOptions(
      epochs: 3, batchSize: 8, optimizer: OptimizerOptions(rate: 1e-3, weightDecay: 1e-2, rule: test.rule),
      loss: test.loss, schedule: [.linearWarmup(iterations: 4), .cosine()], gradientClip: 0.5,
      validateEvery: validateEvery, seed: 5)
    options.precision = test.precision
    options.freezesBackbone = test.isFrozen
    let network = try Backbone.make(
      name: test.backbone, classes: test.outputs, options: NetworkOptions(imageSize: test.side, dropPath: test.dropPath)
    )
    try Initialisation.random.apply(to: network, seed: 1)
    let images = SyntheticSource(count: 34, side: test.side)
    let further = SyntheticSource(count: 13, side: test.side, seed: 2)
    let trainer = try Trainer(options: options, device: .cpu, checkpoint: checkpoint, recorder: recorder, log: log)
    let decide = { (progress: TrainingProgress) -> TrainingDecision in progress.step == stop ? .stop : .proceed }
    let result =
      if case .crossEntropy = test.loss {
        try trainer.run(
          network, training: SpoiltSource(images: images, position: spoilt), validation: further, metric: accuracy,
          afterStep: decide)
      } else {
        try trainer.run(
          network, training: SeveralClassesTests.PartlyKnown(images: images, learnsUnknown: test.outputs == 6),
          validation: SeveralClassesTests.PartlyKnown(images: further, learnsUnknown: test.outputs == 6),
          metric: { values, _ in Double(values.reduce(0, +)) }, afterStep: decide)
      }
    return TrainerTests.Trained(result: result, weights: try network.stateDict())
  }

  /// Whether two trainings came to the same. To be asked outside an expectation: one that fails writes all that it looked at, and
  /// that may be millions of weights.
  private static func isSame(_ left: TrainerTests.Trained, _ right: TrainerTests.Trained) -> Bool {
    left.result == right.result && left.weights == right.weights
  }

  @Test(arguments: [
    Case(), Case(dropPath: 0.4), Case(backbone: "resnet_micro"), Case(backbone: "resnet18", side: 32),
    Case(backbone: "swin_tiny", side: 64), Case(backbone: "inception_v3", side: 75),
    Case(backbone: "resnet_micro", precision: .bfloat16), Case(precision: .bfloat16),
    Case(rule: .sgd(momentum: 0)), Case(rule: .sgd(momentum: 0.8, nesterov: true)), Case(rule: .adam()),
    Case(rule: .lars(trust: 0.01)), Case(loss: .crossEntropy(weights: .given([1, 2, 3]))),
    Case(backbone: "resnet_micro", isFrozen: true),
    Case(loss: .binaryCrossEntropy(weights: .balanced), outputs: 2), Case(loss: .threeWayCrossEntropy, outputs: 6),
  ])
  func computesWhatStepsOperationByOperationDo(_ test: Case) throws {
    let expected = try Self.train(test, recorder: nil)
    let recorder = TapeRecorder()
    let recorded = try Self.train(test, recorder: recorder)
    #expect(recorder.counts.count == 2)
    #expect(recorder.replays == 2 * (recorded.result.totalSteps - 3))
    let same = Self.isSame(recorded, expected)
    #expect(same)
  }

  @Test func goesOnFromACheckpoint() throws {
    let undisturbed = try Self.train(Case(dropPath: 0.4), recorder: TapeRecorder())
    try withTemporaryFolder { folder in
      let policy = Trainer.CheckpointPolicy(path: "\(folder)/checkpoint", interval: 1e9, clock: { 0 })
      let stopped = try Self.train(Case(dropPath: 0.4), recorder: TapeRecorder(), checkpoint: policy, stop: 6)
      #expect(stopped.result.end == .stopped(step: 6))
      let resumed = try Self.train(Case(dropPath: 0.4), recorder: TapeRecorder(), checkpoint: policy)
      let same = Self.isSame(resumed, undisturbed)
      #expect(same)
    }
  }

  /// Where the pass, or the move after it, cannot be recorded, every step is computed operation by operation.
  @Test(arguments: [0, 1]) func givesARecordingUpThatFails(_ failing: Int) throws {
    let recorder = TapeRecorder()
    recorder.failing = failing
    var said: [String] = []
    let trained = try Self.train(Case(), recorder: recorder, log: { said.append($0) })
    #expect(said.count == 1 && said[0].contains("operation by operation") && said[0].contains("the tape is torn"))
    #expect(recorder.replays == 0)
    let expected = try Self.train(Case(), recorder: nil)
    let same = Self.isSame(trained, expected)
    #expect(same)
  }

  /// An image of infinite brightness ends a training; the step that sees it moves nothing.
  @Test(arguments: [false, true]) func movesNothingWhereAGradientIsNotFinite(recorded: Bool) throws {
    let recorder = { recorded ? TapeRecorder() : nil }
    // One that the first epoch leaves out: it comes when steps are recorded.
    for position in 0..<34 {
      let diverged = try Self.train(Case(), recorder: recorder(), spoilt: position, validateEvery: 3)
      guard case .diverged(let step) = diverged.result.end, step > 4 else { continue }
      let stopped = try Self.train(Case(), recorder: recorder(), stop: step - 1, validateEvery: 3)
      #expect(stopped.result.end == .stopped(step: step - 1))
      let moved = diverged.weights != stopped.weights
      #expect(!moved)
      return
    }
    Issue.record("no image comes late enough")
  }

  /// The tape can fail: what a graph would not see at its next launch is not there either.
  @Test func tellsWhatADeviceCannotRecord() throws {
    let x = try Tensor([1, 2], shape: [2])
    let y = try Tensor([3, 4], shape: [2])
    let error = #expect(throws: EngineError.self) {
      _ = try TapeRecorder().record(after: nil) { _ = try x.adding(Tensor([10, 20], shape: [2])) }
    }
    #expect(error?.message.contains("memory of the program") == true)
    var sum: Tensor?
    let recording = try TapeRecorder().record(after: nil) { sum = try x.adding(y) }
    try y.write([5, 6])
    try recording.replay()
    #expect(try #require(sum).values() == [6, 8])
  }
}
