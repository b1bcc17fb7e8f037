/// The training loop: shuffled batches, a loss, clipped gradients, an optimizer, a learning-rate schedule, validation, the
/// best weights by the validation metric, and checkpoints that a training goes on from as if nothing had happened.
public struct Trainer {
  /// The data set's metric: probabilities [count x classes] row-major and labels to a number that is better when higher.
  /// Where images show several classes there are no labels, and the function has the targets of its own.
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
  private let recorder: (any OperationRecorder)?
  private let log: (String) -> Void

  /// - Parameters:
  ///   - recordsSteps: Whether steps are recorded and launched as a whole where the device can do that.
  ///   - log: Receives what a person may want to know: a checkpoint gone on from or found damaged.
  /// - Throws: `EngineError.specification` naming every option that cannot be.
  public init(
    options: TrainingOptions, device: Device = .cpu, checkpoint: CheckpointPolicy? = nil, recordsSteps: Bool = true,
    log: @escaping (String) -> Void = { _ in }
  ) throws {
    try self.init(
      options: options, device: device, checkpoint: checkpoint, recorder: recordsSteps ? device.recorder : nil, log: log
    )
  }

  /// - Parameter recorder: What records the steps; nil where each is computed operation by operation.
  package init(
    options: TrainingOptions, device: Device, checkpoint: CheckpointPolicy?, recorder: (any OperationRecorder)?,
    log: @escaping (String) -> Void
  ) throws {
    try options.check()
    self.recorder = recorder
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
  /// - Throws: `EngineError.data` for splits that cannot be trained on, `EngineError.specification` for options that do not
  ///   fit them, `EngineError.machine` for a precision that the device does not have, `FileFault` where a checkpoint cannot
  ///   be written, and what the sources throw.
  public func run(
    _ network: any Network, training: any ImageSource, validation: any ImageSource, metric: MetricFunction,
    afterStep: (TrainingProgress) throws -> TrainingDecision = { _ in .proceed }
  ) throws -> TrainingResult {
    guard training.count > 0 else { throw EngineError.data("the training split has no images") }
    guard validation.count > 0 else { throw EngineError.data("the validation split has no images") }
    guard options.batchSize <= training.count else {
      throw EngineError.specification(
        "batch_size \(options.batchSize) is more than the \(training.count) training images: set it to "
          + "\(training.count) or less, for small fractions by a rule, or train on more images")
    }
    let timetable = TrainingTimetable(options, count: training.count)
    let schedule = LearningRateSchedule(
      options.schedule, base: options.optimizer.rate(batchSize: timetable.batchSize), totalSteps: timetable.totalSteps,
      stepsPerEpoch: timetable.stepsPerEpoch)
    if let unreached = schedule.unreached {
      guard !schedule.isCutShort else {
        throw EngineError.specification("training: \(unreached); lower `iterations` or raise `epochs`")
      }
      log(unreached)
    }
    try options.precision.check(on: device)
    return try recorder.session {
      var run = try TrainingRun(
        network: network, training: training, validation: validation, device: device, timetable: timetable,
        optimizer: Optimizer(
          trained(network), rule: options.optimizer.rule(batchSize: timetable.batchSize),
          weightDecay: options.optimizer.weightDecay),
        state: TrainingCheckpoint.State(
          options: options, trainingCount: training.count, validationCount: validation.count, step: 0, updates: 0,
          schedule: schedule, lossTotal: 0, lossCount: 0, history: [], best: nil,
          improvement: options.earlyStopping.map(ImprovementCount.init),
          lossScale: options.precision == .float16 ? LossScale() : nil,
          order: RandomStream(seed: options.seed, purpose: "order"),
          augmentation: RandomStream(seed: options.seed, purpose: "augment")),
        recorder: recorder, log: log)
      return try complete(&run, metric: metric, afterStep: afterStep)
    }
  }

  /// Goes on from the checkpoint, if there is one, to the end or to where the training is to stop.
  private func complete(
    _ run: inout TrainingRun, metric: MetricFunction, afterStep: (TrainingProgress) throws -> TrainingDecision
  ) throws -> TrainingResult {
    if let checkpoint { run.goOn(from: checkpoint.path, log: log) }
    let timetable = run.timetable
    var lastWrite = checkpoint?.clock() ?? 0
    while run.state.step < timetable.totalSteps && !run.isOver {
      let rate = run.state.schedule.rate(after: run.state.step)
      guard let loss = try run.step(rate: rate) else { return try run.result(.diverged(step: run.state.step)) }
      if timetable.validates(after: run.state.step) {
        guard try run.validate(metric, rate: rate) else { return try run.result(.diverged(step: run.state.step)) }
      }
      let decision = try afterStep(
        TrainingProgress(
          step: run.state.step, totalSteps: timetable.totalSteps, epoch: timetable.epoch(after: run.state.step),
          epochs: options.epochs, loss: loss, learningRate: rate, lastValidation: run.state.history.last))
      if let checkpoint {
        let now = checkpoint.clock()
        if decision == .stop || now - lastWrite >= checkpoint.interval {
          try run.checkpoint().write(to: checkpoint.path)
          lastWrite = checkpoint.clock()
        }
      }
      if decision == .stop && run.state.step < timetable.totalSteps && !run.isOver {
        return try run.result(.stopped(step: run.state.step))
      }
    }
    return try run.result(.finished)
  }

  /// What the optimizer moves; what is frozen gets no gradients.
  private func trained(_ network: any Network) throws -> [NetworkTensor] {
    guard options.freezesBackbone else { return network.parameters }
    for parameter in network.parameters where !parameter.isHead { try parameter.tensor.requireGradient(false) }
    return network.parameters.filter(\.isHead)
  }
}
