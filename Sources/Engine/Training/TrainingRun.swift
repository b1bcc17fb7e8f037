import Foundation

/// A training between two steps.
struct TrainingRun {
  let network: any Network
  let training: any ImageSource
  let validation: any ImageSource
  let device: Device
  let optimizer: Optimizer
  let loss: BatchLoss
  var state: TrainingCheckpoint.State
  private var bestWeights: StateDict?

  init(
    network: any Network, training: any ImageSource, validation: any ImageSource, device: Device, optimizer: Optimizer,
    loss: BatchLoss, state: TrainingCheckpoint.State
  ) {
    self.network = network
    self.training = training
    self.validation = validation
    self.device = device
    self.optimizer = optimizer
    self.loss = loss
    self.state = state
  }

  private var options: TrainingOptions { state.options }

  /// What the next step's pass over the network is: what it leaves out at random comes from a stream of the step's own, so
  /// that nothing of it is to be kept.
  private var pass: Pass {
    if options.freezesBackbone { return .evaluation }
    return .training(draws: RandomStream(seed: options.seed, purpose: "drop").child(UInt64(state.step)))
  }

  /// Whether early stopping has ended it.
  var isOver: Bool { state.improvement?.isOver ?? false }

  /// One step. Returns its loss, or nil where that or the gradient's norm is not finite.
  mutating func step(_ batch: ImageBatch, rate: Double) throws -> Double? {
    let scale = state.lossScale?.value ?? 1
    let loss = try Native.recording(true) {
      let loss = try options.precision.apply {
        try self.loss(network(batch.tensor(on: device), pass: pass), batch)
      }
      // Without a scale the gradient is seeded by the loss itself.
      try loss.backward(seed: state.lossScale == nil ? nil : Tensor([Float(scale)], shape: [], device: device))
      return Double(try loss.values()[0])
    }
    state.step += 1
    let norm = try optimizer.move(rate: rate, clip: options.gradientClip, lossScale: scale)
    state.updates = optimizer.step
    guard loss.isFinite else { return nil }
    if state.lossScale != nil {
      guard state.lossScale?.observe(overflow: !norm.isFinite) == true else { return nil }
    } else if !norm.isFinite {
      return nil
    }
    state.lossTotal += loss * Double(batch.count)
    state.lossCount += batch.count
    return loss
  }

  /// Judges the network by the validation split and enters that into the history, the schedule, early stopping and, where
  /// its weights are to be kept, the best weights. Returns false where the validation's loss is not finite.
  mutating func validate(_ metric: Trainer.MetricFunction, rate: Double, timetable: TrainingTimetable) throws -> Bool {
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

  func result(_ end: TrainingEnd, _ timetable: TrainingTimetable) throws -> TrainingResult {
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
