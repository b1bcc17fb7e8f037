import Files
import Planner

/// What a coordinator and a worker say to each other: one JSON object a line, UTF-8, over the worker's standard input
/// and output (`MessageText.swift` has the form). Every message carries its version; a worker of another version is refused
/// at its greeting.
public enum ProtocolVersion {
  public static let current = 2
}

/// From the coordinator to a worker.
public enum WorkerRequest: Sendable, Hashable {
  /// Run a stage. A worker runs one stage at a time.
  case run(StageRequest)
  /// Write a checkpoint as soon as it can be done, answer `stopped`, and wait for the next request.
  case stop
  /// End. A worker whose standard input closes does the same after a checkpoint.
  case exit
}

/// A stage to run and where it reads and writes.
public struct StageRequest: Sendable, Codable, Hashable {
  /// The attempt's number in the database: every answer names it.
  public var attempt: Int64
  public var key: StageKey
  public var kind: StageKind
  public var label: String
  public var parameters: JSONValue
  public var inputs: [ResolvedInput]
  public var locations: [String: String]
  /// Options that cannot change what the stage computes, by name.
  public var manner: JSONValue
  /// An empty folder for this attempt's files; it becomes the artifact when the stage is done. A stage that leaves it
  /// empty has no artifact but its outcome.
  public var outputFolder: String
  /// A folder that outlives the attempt: checkpoints of the same key lie here.
  public var checkpointFolder: String
  /// CPU threads for numerics; at least 1.
  public var threads: Int
  /// `cpu`, `cuda:0`, ...
  public var device: String
  /// Where the attempt's standard output and error go; nil leaves them as the worker was started.
  public var logFile: String?
  /// The stages that will follow at the same worker and measure the same model: what they need of a pass over its images
  /// can be taken from the first one's.
  public var companions: [CompanionStage]

  public init(
    attempt: Int64, key: StageKey, kind: StageKind, label: String, parameters: JSONValue, inputs: [ResolvedInput],
    locations: [String: String], manner: JSONValue = [:], outputFolder: String, checkpointFolder: String, threads: Int,
    device: String, logFile: String? = nil, companions: [CompanionStage] = []
  ) {
    self.attempt = attempt
    self.key = key
    self.kind = kind
    self.label = label
    self.parameters = parameters
    self.inputs = inputs
    self.locations = locations
    self.manner = manner
    self.outputFolder = outputFolder
    self.checkpointFolder = checkpointFolder
    self.threads = threads
    self.device = device
    self.logFile = logFile
    self.companions = companions
  }
}

/// A stage that is to follow.
public struct CompanionStage: Sendable, Codable, Hashable {
  public var key: StageKey
  public var kind: StageKind
  public var parameters: JSONValue
  public var inputs: [ResolvedInput]

  public init(key: StageKey, kind: StageKind, parameters: JSONValue, inputs: [ResolvedInput]) {
    self.key = key
    self.kind = kind
    self.parameters = parameters
    self.inputs = inputs
  }
}

/// An input and the folder of its artifact.
public struct ResolvedInput: Sendable, Codable, Hashable {
  public var role: String
  public var key: StageKey
  public var folder: String

  public init(role: String, key: StageKey, folder: String) {
    self.role = role
    self.key = key
    self.folder = folder
  }
}

/// From a worker to the coordinator.
public enum WorkerEvent: Sendable, Hashable {
  /// The greeting: the first line a worker writes.
  case hello(version: Int, processID: Int32)
  /// Said every few seconds while a stage runs, by a thread that the stage cannot hold up: the process is there, and has
  /// used so much processor time since it began.
  case alive(attempt: Int64, cpuSeconds: Double)
  /// For display only; nothing that must not be lost travels here.
  case progress(attempt: Int64, StageProgress)
  /// The stage's files lie complete in its output folder, `outcome.json` (this same outcome) among them, synced to disk;
  /// or the stage made no files and the folder is gone.
  case done(attempt: Int64, StageOutcome, StageCost)
  case failed(attempt: Int64, StageFailure, StageCost)
  /// A checkpoint was written (or the stage has none) after `stop`.
  case stopped(attempt: Int64, StageCost)
}

/// What an attempt used of the machine.
public struct StageCost: Sendable, Codable, Hashable {
  /// User and system time of the worker during the attempt.
  public var cpuSeconds: Double
  /// The largest resident memory of the worker during the attempt, in bytes.
  public var peakMemory: Int64
  /// The largest memory that the attempt had of its device, in bytes; nil where nobody measured it.
  public var peakDeviceMemory: Int64?

  public init(cpuSeconds: Double = 0, peakMemory: Int64 = 0, peakDeviceMemory: Int64? = nil) {
    self.cpuSeconds = cpuSeconds
    self.peakMemory = peakMemory
    self.peakDeviceMemory = peakDeviceMemory
  }

  /// What two tries at one stage cost together: time adds up, of memory the larger peak counts.
  public static func + (first: StageCost, second: StageCost) -> StageCost {
    StageCost(
      cpuSeconds: first.cpuSeconds + second.cpuSeconds, peakMemory: max(first.peakMemory, second.peakMemory),
      peakDeviceMemory: [first.peakDeviceMemory, second.peakDeviceMemory].compactMap { $0 }.max())
  }
}

/// How far a running stage is.
public struct StageProgress: Sendable, Codable, Hashable {
  /// Between 0 and 1.
  public var fraction: Double
  /// `epoch 3/10`, `images 800/2400`.
  public var position: String
  public var loss: Double?
  public var metricName: String?
  public var metric: Double?

  public init(fraction: Double, position: String, loss: Double? = nil, metricName: String? = nil, metric: Double? = nil)
  {
    self.fraction = fraction
    self.position = position
    self.loss = loss
    self.metricName = metricName
    self.metric = metric
  }
}

/// What a finished stage has to say besides its files; recorded with them in one transaction.
/// It depends on the stage's key alone, never on the time, the attempt or the interruptions.
public struct StageOutcome: Sendable, Codable, Hashable {
  /// A training whose loss stopped being finite is done, and diverged.
  public var diverged: Bool
  public var metrics: [MetricValue]
  /// A row per validation, of `train` and `pretrain`.
  public var history: [HistoryEntry]
  /// Facts for people and reports: counts, classes, digests, chosen step.
  public var facts: JSONValue

  public init(diverged: Bool = false, metrics: [MetricValue] = [], history: [HistoryEntry] = [], facts: JSONValue = [:])
  {
    self.diverged = diverged
    self.metrics = metrics
    self.history = history
    self.facts = facts
  }

  /// The file in a stage's artifact that holds its outcome.
  public static let fileName = "outcome.json"
}

/// One measured number.
public struct MetricValue: Sendable, Codable, Hashable {
  public var split: String
  public var name: String
  public var value: Double

  public init(split: String, name: String, value: Double) {
    self.split = split
    self.name = name
    self.value = value
  }
}

/// One validation during a training.
public struct HistoryEntry: Sendable, Codable, Hashable {
  /// Optimizer steps done.
  public var step: Int
  /// Epochs done, with a fraction where validation falls within one.
  public var epoch: Double
  public var learningRate: Double
  /// Mean training loss since the last validation.
  public var trainingLoss: Double
  public var validationLoss: Double
  /// The data set's metric on the validation split.
  public var validationMetric: Double
  /// The metric of the nearest neighbours' vote on the validation split; nil where it was not asked for.
  public var validationNeighbours: Double?

  public init(
    step: Int, epoch: Double, learningRate: Double, trainingLoss: Double, validationLoss: Double,
    validationMetric: Double, validationNeighbours: Double? = nil
  ) {
    self.step = step
    self.epoch = epoch
    self.learningRate = learningRate
    self.trainingLoss = trainingLoss
    self.validationLoss = validationLoss
    self.validationMetric = validationMetric
    self.validationNeighbours = validationNeighbours
  }
}

/// Why a stage failed, for a person and for the retry rule.
public struct StageFailure: Sendable, Codable, Hashable, Error {
  public var failureClass: FailureClass
  /// What is wrong and where, one or more lines.
  public var message: String
  /// What to do about it.
  public var remedy: String?

  public init(_ failureClass: FailureClass, _ message: String, remedy: String? = nil) {
    self.failureClass = failureClass
    self.message = message
    self.remedy = remedy
  }
}

extension StageFailure {
  /// What a file that cannot be read or written comes to: a full disk is nobody's fault, a missing file the data's.
  public init(_ fault: FileFault) {
    let failureClass: FailureClass =
      if fault.isOutOfSpace { .disk } else if fault.isMissing { .data } else { .machine }
    self.init(failureClass, fault.description, remedy: fault.remedy)
  }
}

/// Classes of failure. `isRetried` says which are tried again.
public enum FailureClass: String, Sendable, Codable, Hashable, CaseIterable {
  /// The data or weights are missing or wrong.
  case data
  /// The parameters ask for what cannot be done.
  case spec
  /// The machine lacks something: a device, a library, the right to write.
  case machine
  /// The disk is full. That is no fault of the stage's: the run stops, and the stage goes on when there is room again.
  case disk
  /// The worker died, or an error nobody foresaw.
  case crash
  /// There was not enough memory, or the stage took more than its limit.
  case memory
  /// The machine that it ran on is gone.
  case lost
  /// It took longer than its limit.
  case time
  /// Its worker was there and gave no sign of work for a long time.
  case hung

  public var isRetried: Bool {
    switch self {
    case .data, .spec, .machine, .disk, .time: false
    case .crash, .memory, .lost, .hung: true
    }
  }
}
