import Foundation

/// A training between two steps.
struct TrainingRun {
  let network: any Network
  let training: any ImageSource
  let validation: any ImageSource
  let device: Device
  let timetable: TrainingTimetable
  let optimizer: Optimizer
  let loss: BatchLoss
  let steps: TrainingStep
  /// Whether a pass that was begun goes on while this thread does something else.
  private let computesApart: Bool
  var state: TrainingCheckpoint.State
  private var bestWeights: StateDict?
  private var order: (epoch: Int, positions: [Int]) = (-1, [])
  /// The next step's, where they are ready.
  private var ready: StepInputs?

  /// - Parameter recorder: What records the steps; nil where each is computed operation by operation.
  init(
    network: any Network, training: any ImageSource, validation: any ImageSource, device: Device,
    timetable: TrainingTimetable, optimizer: Optimizer, state: TrainingCheckpoint.State,
    recorder: (any OperationRecorder)?, log: @escaping (String) -> Void
  ) throws {
    self.network = network
    self.training = training
    self.validation = validation
    self.device = device
    self.timetable = timetable
    self.optimizer = optimizer
    self.state = state
    computesApart = device != .cpu || recorder != nil
    loss = try BatchLoss(state.options.loss, training: training, device: device)
    steps = TrainingStep(
      network, loss: loss, optimizer: optimizer, precision: state.options.precision,
      isFrozen: state.options.freezesBackbone, device: device, recorder: recorder, log: log)
  }

  private var options: TrainingOptions { state.options }

  /// Whether early stopping has ended it.
  var isOver: Bool { state.improvement?.isOver ?? false }

  /// What the step after so many others computes with. All that is drawn for it comes from streams of the step's own, so that
  /// nothing of them is to be kept.
  private mutating func inputs(after step: Int) throws -> StepInputs {
    let epoch = step / timetable.stepsPerEpoch
    if order.epoch != epoch {
      var draws = state.order.child(UInt64(epoch))
      order = (epoch, draws.permutation(training.count))
    }
    let start = step % timetable.stepsPerEpoch * timetable.batchSize
    let batch = try training.batch(
      Array(order.positions[start..<start + timetable.batchSize]), draws: state.augmentation.child(UInt64(step)),
      on: device)
    let answers = try loss.answers(of: batch, outputs: network.outputs)
    let images = try batch.tensor(on: device)
    guard !options.freezesBackbone else { return StepInputs(images: images, answers: answers, drops: nil) }
    let draws = RandomStream(seed: options.seed, purpose: "drop").child(UInt64(step))
    let drops = try network.dropFactors(images: batch.count, draws: draws, device: device)
    return StepInputs(images: images, answers: answers, drops: drops)
  }

  /// One step. Returns its loss, or nil where that or the gradient's norm is not finite.
  mutating func step(rate: Double) throws -> Double? {
    let inputs = try ready ?? inputs(after: state.step)
    ready = nil
    try steps.begin(inputs, lossScale: state.lossScale?.value)
    // A device computes by itself: meanwhile the next batch is made ready.
    if computesApart, state.step + 1 < timetable.totalSteps { ready = try self.inputs(after: state.step + 1) }
    let outcome = try steps.finish(rate: rate, clip: options.gradientClip)
    state.step += 1
    state.updates = optimizer.step
    guard outcome.loss.isFinite else { return nil }
    if state.lossScale != nil {
      guard state.lossScale?.observe(overflow: !outcome.gradientNorm.isFinite) == true else { return nil }
    } else if !outcome.gradientNorm.isFinite {
      return nil
    }
    state.lossTotal += outcome.loss * Double(inputs.count)
    state.lossCount += inputs.count
    return outcome.loss
  }

  /// Judges the network by the validation split and enters that into the history, the schedule, early stopping and, where
  /// its weights are to be kept, the best weights. Returns false where the validation's loss is not finite.
  mutating func validate(_ metric: Trainer.MetricFunction, rate: Double) throws -> Bool {
    let batchSize = options.evaluationBatchSize
    let evaluation = try Evaluation.of(network, on: validation, batchSize: batchSize, device: device)
    guard evaluation.loss.isFinite else { return false }
    let value = metric(evaluation.probabilities, evaluation.labels)
    var record = ValidationRecord(
      step: state.step, epoch: timetable.epoch(after: state.step), learningRate: rate,
      trainingLoss: state.lossTotal / Double(state.lossCount), validationLoss: evaluation.loss, validationMetric: value)
    if options.judgesNeighbours {
      let votes = try NearestNeighbours.probabilities(
        network, on: validation, bank: training, batchSize: batchSize, device: device)
      record.validationNeighbours = metric(votes, evaluation.labels)
    }
    state.history.append(record)
    state.lossTotal = 0
    state.lossCount = 0
    let isBest = state.best.map { value > $0.validationMetric || ($0.validationMetric.isNaN && !value.isNaN) } ?? true
    if isBest || !options.keepsBest {
      state.best = record
      bestWeights = try network.stateDict()
    }
    state.schedule.observe(metric: value, after: state.step, endsEpoch: timetable.endsEpoch(after: state.step))
    state.improvement?.observe(value)
    return true
  }

  func result(_ end: TrainingEnd) throws -> TrainingResult {
    if case .stopped = end {} else if let bestWeights { try network.load(bestWeights) }
    return TrainingResult(
      end: end, history: state.history, best: state.best, bestWeights: bestWeights,
      stoppedEarly: isOver && state.step < timetable.totalSteps ? state.step : nil, totalSteps: timetable.totalSteps,
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
      try optimizer.restore(from: saved.tensors, step: saved.state.updates)
      try network.load(model)
      bestWeights = best.entries.isEmpty ? nil : best
      state = saved.state
      log("going on from step \(state.step) by the checkpoint \(path)")
    } catch {
      log("the checkpoint \(path) is not used, training starts over: \(error)")
    }
  }
}
