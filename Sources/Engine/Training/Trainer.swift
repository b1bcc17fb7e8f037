import Foundation

/// The training loop: shuffled batches, cross-entropy, clipped gradients, AdamW, a learning-rate schedule, validation, the
/// best weights by the validation metric, and checkpoints that a training goes on from as if nothing had happened.
public struct Trainer {
  /// The data set's metric: probabilities [count x classes] row-major and labels to a number that is better when higher.
  public typealias MetricFunction = (_ probabilities: [Float], _ labels: [Int]) -> Double

  /// Where and how often a checkpoint is written.
  public struct CheckpointPolicy {
    /// The file; replaced as a whole each time. It is left in place at the end: the caller removes it when the result is
    /// safe.
    public var path: String
    /// Seconds between checkpoints.
    public var interval: Double
    /// A clock that never goes back, in seconds.
    public var clock: () -> Double

    public init(path: String, interval: Double = 30, clock: @escaping () -> Double) {
      self.path = path
      self.interval = interval
      self.clock = clock
    }
  }

  private let options: TrainingOptions
  private let device: Device
  private let checkpoint: CheckpointPolicy?
  private let log: (String) -> Void

  /// - Parameter log: Receives what a person may want to know: a checkpoint gone on from or found damaged.
  /// - Throws: `EngineError.specification` naming every option that cannot be.
  public init(
    options: TrainingOptions, device: Device = .cpu, checkpoint: CheckpointPolicy? = nil,
    log: @escaping (String) -> Void = { _ in }
  ) throws {
    try options.check()
    self.options = options
    self.device = device
    self.checkpoint = checkpoint
    self.log = log
  }

  /// Trains the network from its present weights, or goes on from the checkpoint if one of the same training is there.
  /// Afterwards the network holds the best weights, unless the training was stopped.
  ///
  /// The number of threads is the calling thread's (`Runtime.setThreads`).
  ///
  /// - Parameter afterStep: Called after each step and says whether to go on.
  /// - Throws: `EngineError.data` for splits that cannot be trained on, `FileFault` where a checkpoint cannot be written, and what the sources throw.
  public func run(
    _ network: any Network, training: any ImageSource, validation: any ImageSource, metric: MetricFunction,
    afterStep: (TrainingProgress) throws -> TrainingDecision = { _ in .proceed }
  ) throws -> TrainingResult {
    guard training.count > 0 else { throw EngineError.data("the training split has no images") }
    guard validation.count > 0 else { throw EngineError.data("the validation split has no images") }
    let timetable = TrainingTimetable(options, count: training.count)
    if timetable.batchSize < options.batchSize {
      log(
        "batch_size \(options.batchSize) is more than the \(training.count) training images: all of them are one batch")
    }
    var run = TrainingRun(
      network: network, optimizer: try AdamW(network.parameters, options: options.optimizer),
      state: TrainingCheckpoint.State(
        options: options, trainingCount: training.count, validationCount: validation.count, step: 0,
        schedule: LearningRateSchedule(options.schedule, base: options.optimizer.rate), lossTotal: 0, lossCount: 0,
        history: [], best: nil, order: RandomStream(seed: options.seed, purpose: "order"),
        augmentation: RandomStream(seed: options.seed, purpose: "augment")))
    if let checkpoint { run.goOn(from: checkpoint.path, log: log) }

    var lastWrite = checkpoint?.clock() ?? 0
    var order: (epoch: Int, positions: [Int]) = (-1, [])
    while run.state.step < timetable.totalSteps {
      let epoch = run.state.step / timetable.stepsPerEpoch
      if order.epoch != epoch {
        var draws = run.state.order.child(UInt64(epoch))
        order = (epoch, draws.permutation(training.count))
      }
      let start = run.state.step % timetable.stepsPerEpoch * timetable.batchSize
      let batch = try training.batch(
        Array(order.positions[start..<start + timetable.batchSize]),
        draws: run.state.augmentation.child(UInt64(run.state.step)))
      let rate = run.state.schedule.rate(after: run.state.step)
      let loss = try run.step(batch, rate: rate, clip: options.gradientClip, device: device)
      guard let loss else { return try run.result(.diverged(step: run.state.step), timetable) }

      if timetable.validates(after: run.state.step) {
        let evaluation = try Evaluation.of(
          network, on: validation, batchSize: options.evaluationBatchSize, device: device)
        guard evaluation.loss.isFinite else { return try run.result(.diverged(step: run.state.step), timetable) }
        try run.record(
          evaluation, metric: metric(evaluation.probabilities, evaluation.labels), rate: rate, timetable: timetable)
      }
      let decision = try afterStep(
        TrainingProgress(
          step: run.state.step, totalSteps: timetable.totalSteps, epoch: timetable.epoch(after: run.state.step),
          epochs: options.epochs, loss: loss, lastValidation: run.state.history.last))
      if let checkpoint {
        let now = checkpoint.clock()
        if decision == .stop || now - lastWrite >= checkpoint.interval {
          try run.checkpoint().write(to: checkpoint.path)
          lastWrite = checkpoint.clock()
        }
      }
      if decision == .stop && run.state.step < timetable.totalSteps {
        return try run.result(.stopped(step: run.state.step), timetable)
      }
    }
    return try run.result(.finished, timetable)
  }
}

/// A training between two steps.
private struct TrainingRun {
  let network: any Network
  let optimizer: AdamW
  var state: TrainingCheckpoint.State
  var bestWeights: StateDict?
  /// What the network leaves out at random: a stream of each step's own, so that nothing of it is to be kept.
  private let dropping: RandomStream

  init(network: any Network, optimizer: AdamW, state: TrainingCheckpoint.State) {
    self.network = network
    self.optimizer = optimizer
    self.state = state
    dropping = RandomStream(seed: state.options.seed, purpose: "drop")
  }

  /// One step. Returns its loss, or nil where that or the gradient's norm is not finite.
  mutating func step(_ batch: ImageBatch, rate: Double, clip: Double?, device: Device) throws -> Double? {
    let loss = try Native.recording(true) {
      let logits = try network(batch.tensor(on: device), pass: .training(draws: dropping.child(UInt64(state.step))))
      let classes = logits.shape.last ?? 0
      guard batch.labels.allSatisfy({ (0..<classes).contains($0) }) else {
        throw EngineError.data("labels go up to \(batch.labels.max() ?? 0), but the network has \(classes) classes")
      }
      let loss = try logits.crossEntropy(Tensor(labels: batch.labels, device: device))
      try loss.backward()
      return Double(try loss.values()[0])
    }
    state.step += 1
    let norm = try optimizer.move(rate: rate, clip: clip)
    guard loss.isFinite, norm.isFinite else { return nil }
    state.lossTotal += loss * Double(batch.count)
    state.lossCount += batch.count
    return loss
  }

  /// Enters a validation into the history, the schedule and, where it is the best so far, the best weights.
  mutating func record(_ evaluation: Evaluation, metric: Double, rate: Double, timetable: TrainingTimetable) throws {
    let record = ValidationRecord(
      step: state.step, epoch: timetable.epoch(after: state.step), learningRate: rate,
      trainingLoss: state.lossTotal / Double(state.lossCount), validationLoss: evaluation.loss, validationMetric: metric
    )
    state.history.append(record)
    state.lossTotal = 0
    state.lossCount = 0
    if state.best.map({ metric > $0.validationMetric || ($0.validationMetric.isNaN && !metric.isNaN) }) ?? true {
      state.best = record
      bestWeights = try network.stateDict()
    }
    state.schedule.observe(
      metric: metric, after: state.step, endsEpoch: timetable.endsEpoch(after: state.step))
  }

  func result(_ end: TrainingEnd, _ timetable: TrainingTimetable) throws -> TrainingResult {
    if case .stopped = end {} else if let bestWeights { try network.load(bestWeights) }
    return TrainingResult(
      end: end, history: state.history, best: state.best, bestWeights: bestWeights, totalSteps: timetable.totalSteps,
      batchSize: timetable.batchSize)
  }

  func checkpoint() throws -> TrainingCheckpoint {
    var tensors = StateDict()
    for entry in try network.stateDict().entries {
      try tensors.append("model/\(entry.name)", shape: entry.shape, values: entry.values)
    }
    for entry in bestWeights?.entries ?? [] {
      try tensors.append("best/\(entry.name)", shape: entry.shape, values: entry.values)
    }
    try optimizer.append(to: &tensors)
    return TrainingCheckpoint(state: state, tensors: tensors)
  }

  /// Takes everything from the checkpoint at the path, if there is one of this training; else leaves all as it was.
  mutating func goOn(from path: String, log: (String) -> Void) {
    guard access(path, F_OK) == 0 else { return }
    do {
      let saved = try TrainingCheckpoint.read(path)
      guard saved.state.options == state.options, saved.state.trainingCount == state.trainingCount,
        saved.state.validationCount == state.validationCount
      else { throw EngineError.data("it is of another training") }
      let model = try saved.tensors.part("model/")
      let best = try saved.tensors.part("best/")
      try StrictLoading.check(model, against: network.tensors, what: "the checkpoint")
      try optimizer.restore(from: saved.tensors, step: saved.state.step)
      try network.load(model)
      bestWeights = best.entries.isEmpty ? nil : best
      state = saved.state
      log("going on from step \(state.step) by the checkpoint \(path)")
    } catch {
      log("the checkpoint \(path) is not used, training starts over: \(error)")
    }
  }
}
