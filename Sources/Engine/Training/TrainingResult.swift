/// One validation during a training.
public struct ValidationRecord: Sendable, Codable, Hashable {
  /// Optimizer steps done.
  public let step: Int
  /// Epochs done, with a fraction where the validation falls within one.
  public let epoch: Double
  /// The learning rate of the last step.
  public let learningRate: Double
  /// The mean training loss over the images since the last validation.
  public let trainingLoss: Double
  public let validationLoss: Double
  public let validationMetric: Double
  /// The metric of the nearest neighbours' vote; nil where it was not asked for.
  public var validationNeighbours: Double?

  package init(
    step: Int, epoch: Double, learningRate: Double, trainingLoss: Double, validationLoss: Double,
    validationMetric: Double
  ) {
    self.step = step
    self.epoch = epoch
    self.learningRate = learningRate
    self.trainingLoss = trainingLoss
    self.validationLoss = validationLoss
    self.validationMetric = validationMetric
  }
}

/// How far a training is, after each step.
public struct TrainingProgress: Sendable, Hashable {
  public let step: Int
  public let totalSteps: Int
  /// Epochs done, with a fraction.
  public let epoch: Double
  public let epochs: Int
  /// The step's training loss and learning rate.
  public let loss: Double
  public let learningRate: Double
  /// The last validation, if there was one.
  public let lastValidation: ValidationRecord?
}

/// What to do after a step.
public enum TrainingDecision: Sendable, Hashable {
  case proceed
  /// Write a checkpoint, if there is a place for it, and end.
  case stop
}

/// How a training ended.
public enum TrainingEnd: Sendable, Hashable {
  case finished
  /// The loss or the gradient's norm of the step was not finite.
  case diverged(step: Int)
  /// The callback said so; a checkpoint was written where there is a place for one.
  case stopped(step: Int)
}

/// What a training came to. It depends on the options, the data and the first weights alone, not on interruptions.
public struct TrainingResult: Sendable, Hashable {
  public let end: TrainingEnd
  /// A row per validation.
  public let history: [ValidationRecord]
  /// The validation whose weights are kept: the one with the highest metric, the earliest of equals, or the last where
  /// the options say so; nil where none was reached.
  public let best: ValidationRecord?
  /// The weights at that validation.
  public let bestWeights: StateDict?
  /// The step after which early stopping ended the training; nil where it went through all of its epochs.
  public let stoppedEarly: Int?
  public let totalSteps: Int
  /// Images a step.
  public let batchSize: Int
}
