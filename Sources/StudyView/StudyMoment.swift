/// What there is to say of a study at one moment, cell by cell apart.
public struct StudyMoment: Sendable, Hashable {
  public var study: String
  public var stages = StageTally()
  /// Nil where nobody runs in the workspace.
  public var run: RunNote?
  /// What runs, the longest first.
  public var running: [RunningWork] = []
  /// The last failures, the latest first; there may be more of them.
  public var failures: [FailureNote] = []
  /// Stages done a minute of late; nil where that is not known yet.
  public var perMinute: Double?
  public var remaining: Remaining?
  /// What a person should know, a sentence each.
  public var notices: [String] = []

  public init(study: String) { self.study = study }
}

/// Stages by how they stand.
public struct StageTally: Sendable, Hashable {
  public var all = 0
  public var done = 0
  public var running = 0
  public var failed = 0
  /// Wait for a failed one.
  public var held = 0

  public init(all: Int = 0, done: Int = 0, running: Int = 0, failed: Int = 0, held: Int = 0) {
    self.all = all
    self.done = done
    self.running = running
    self.failed = failed
    self.held = held
  }
}

/// Who runs a study.
public struct RunNote: Sendable, Hashable {
  /// Process and machine.
  public var who: String
  /// When it began, as a clock shows it.
  public var since: String
  /// How long ago that is.
  public var seconds: Double
  public var command: String

  public init(who: String, since: String, seconds: Double, command: String) {
    self.who = who
    self.since = since
    self.seconds = seconds
    self.command = command
  }
}

/// A running stage.
public struct RunningWork: Sendable, Hashable {
  public var label: String
  /// Between 0 and 1; nil where it has told nothing yet.
  public var fraction: Double?
  /// `epoch 3/12, loss 0.412`; empty where it has told nothing yet.
  public var told: String
  /// How long it has run.
  public var seconds: Double
  /// The device.
  public var place: String
  /// Who works on it; empty where that is not known.
  public var worker: String

  public init(
    label: String, fraction: Double? = nil, told: String = "", seconds: Double, place: String, worker: String = ""
  ) {
    self.label = label
    self.fraction = fraction
    self.told = told
    self.seconds = seconds
    self.place = place
    self.worker = worker
  }
}

/// A stage that failed.
public struct FailureNote: Sendable, Hashable {
  public var label: String
  /// `data`, `memory`, ...
  public var failureClass: String
  public var message: String
  /// How long ago; nil where that is not known.
  public var secondsAgo: Double?

  public init(label: String, failureClass: String, message: String, secondsAgo: Double?) {
    self.label = label
    self.failureClass = failureClass
    self.message = message
    self.secondsAgo = secondsAgo
  }
}

/// How long what is left may take, in seconds.
public struct Remaining: Sendable, Hashable {
  public var seconds: Double
  public var low: Double
  public var high: Double
  /// How many stages run at once.
  public var jobs: Int

  public init(seconds: Double, low: Double, high: Double, jobs: Int) {
    self.seconds = seconds
    self.low = low
    self.high = high
    self.jobs = jobs
  }
}
