import Engine
import Files
import Foundation
import Planner
import WorkerProtocol

/// A training as `train` and `pretrain` stages have it in common: from a network with its first weights to an outcome,
/// stopping and going on by a checkpoint.
struct ModelTraining {
  /// How often a checkpoint is written, in seconds, unless the environment says otherwise.
  static let checkpointInterval = 30.0
  static let intervalVariable = "GRAFT_CHECKPOINT_SECONDS"
  /// `off` where a GPU is to be told each operation of a step by itself.
  static let graphsVariable = "GRAFT_CUDA_GRAPHS"

  let request: StageRequest
  let options: Planner.TrainingOptions
  let metric: Planner.Metric
  let seed: Int
  let classes: Int
  /// The learning rate that a search found, where the options ask for one.
  var foundRate: Double?
  /// The checkpoint's name in the request's folder.
  var checkpointName = "training.safetensors"
  /// Which of how many trainings of the stage this is.
  var part = (index: 0, count: 1)

  /// Trains until the end or until the context says stop.
  ///
  /// - Parameters:
  ///   - change: Makes the engine's options others than those of the study.
  ///   - afterStep: Sees each step and says whether to go on.
  /// - Throws: `StageStopped` after a checkpoint was written.
  func run(
    _ network: any Network, training: any ImageSource, validation: any ImageSource, device: Device,
    context: StageContext, changing change: (inout Engine.TrainingOptions) -> Void = { _ in },
    afterStep: (TrainingProgress) -> TrainingDecision = { _ in .proceed }
  ) throws -> TrainingResult {
    let environment = ProcessInfo.processInfo.environment
    let policy = Trainer.CheckpointPolicy(
      path: "\(request.checkpointFolder)/\(checkpointName)",
      interval: environment[Self.intervalVariable].flatMap(Double.init) ?? Self.checkpointInterval,
      clock: { Double(DispatchTime.now().uptimeNanoseconds) / 1e9 })
    try DurableFiles.makeFolder(request.checkpointFolder)
    var options = engineOptions
    if training.learnsUnknown {
      guard self.options.classWeights == .none else {
        throw StageFailure(
          .spec, "\(request.label): class_weights has no meaning where uncertain labels are a class of their own",
          remedy: "leave `class_weights` out, or say `uncertain: zeros`, `ones` or `ignore`")
      }
      options.loss = .threeWayCrossEntropy
    } else if training.targets != nil {
      options.loss = .binaryCrossEntropy(weights: self.options.classWeights.engine)
    }
    change(&options)
    let trainer = try Trainer(
      options: options, device: device, checkpoint: policy, recordsSteps: environment[Self.graphsVariable] != "off",
      log: context.log)
    context.log(
      "\(training.count) training and \(validation.count) validation images, \(network.parameterCount) parameters")
    let watch = try TrainingWatch(request, metric: metric, part: part, context: context)
    let result = try trainer.run(
      network, training: training, validation: validation,
      metric: { metric.value(probabilities: $0, labels: $1, targets: validation.targets, classes: classes) }
    ) { progress in
      try watch.observe(progress)
      return context.shouldStop ? .stop : afterStep(progress)
    }
    for record in result.history {
      context.log(
        "step \(record.step): training loss \(record.trainingLoss), validation loss \(record.validationLoss), "
          + "\(metric.rawValue) \(record.validationMetric)"
          + (record.validationNeighbours.map { ", by neighbours \($0)" } ?? ""))
    }
    if let step = result.stoppedEarly { context.log("stopped early after step \(step) of \(result.totalSteps)") }
    if case .stopped = result.end, context.shouldStop { throw StageStopped() }
    if case .diverged(let step) = result.end { context.log("diverged: the loss at step \(step) is not finite") }
    return result
  }

  private var engineOptions: Engine.TrainingOptions {
    Engine.TrainingOptions(
      epochs: options.epochs, batchSize: options.batchSize, optimizer: options.optimizer.engine(foundRate: foundRate),
      loss: .crossEntropy(weights: options.classWeights.engine), schedule: options.schedule.map(\.engine),
      gradientClip: options.gradientClipping, validateEvery: options.validationInterval, seed: UInt64(seed),
      keepsBest: options.keepsBest,
      earlyStopping: options.earlyStop.map {
        EarlyStopping(patience: $0.patience, minimumDelta: $0.minimumDelta)
      },
      freezesBackbone: options.freezesBackbone, judgesNeighbours: options.judgesNeighbours,
      precision: options.mixedPrecision.engine)
  }
}

extension TrainingResult {
  /// The outcome to record: the history, the best validation, and how it ended.
  func outcome(metric: Planner.Metric, facts further: [String: JSONValue]) -> StageOutcome {
    var facts = further
    facts["steps"] = .number(Double(totalSteps))
    facts["batch_size"] = .number(Double(batchSize))
    if let best {
      facts["best_step"] = .number(Double(best.step))
      facts["best_epoch"] = .number(best.epoch)
    }
    if let stoppedEarly { facts["stopped_early_at_step"] = .number(Double(stoppedEarly)) }
    var diverged = false
    if case .diverged(let step) = end {
      diverged = true
      facts["diverged_at_step"] = .number(Double(step))
    }
    return StageOutcome(
      diverged: diverged,
      metrics: best.map { [MetricValue(split: "val", name: metric.rawValue, value: $0.validationMetric)] } ?? [],
      history: history.map {
        HistoryEntry(
          step: $0.step, epoch: $0.epoch, learningRate: $0.learningRate, trainingLoss: $0.trainingLoss,
          validationLoss: $0.validationLoss, validationMetric: $0.validationMetric,
          validationNeighbours: $0.validationNeighbours)
      },
      facts: .object(facts))
  }
}
