import Planner
import Store
import WorkerProtocol

/// Where stages run: worker processes of this machine, or those of a cluster. The coordinator gives each slot one
/// stage at a time.
public protocol WorkerBackEnd: Sendable {
  /// How many slots there are.
  var slots: Int { get }

  /// Whether a stage that is sent begins at once; not where it may have to wait in a queue of the back end's own. Then its
  /// time counts from when that says that it began, or from its worker's first word.
  var beginsAtOnce: Bool { get }

  /// Whether the slots' workers share one machine's memory; not where each has its own.
  var slotsShareMemory: Bool { get }

  /// How many files and connections all slots together may hold open in this process.
  var descriptorsNeeded: Int { get }

  /// Output folders in which workers of an earlier run still write: the start of a run leaves them as they are.
  var outputsInUse: Set<String> { get }

  /// Where a stage runs, where the back end and not the run's options say so.
  func placement(of stage: Stage, slot: Int) -> StagePlacement?

  /// Names who is told what the workers say and how they end. Called once, before anything else; each slot's reports come
  /// in order.
  func connect(_ listener: @escaping @Sendable (WorkerReport) -> Void)

  /// Makes sure that a worker stands by at the slot.
  ///
  /// - Throws: `WorkerStartError`.
  func prepare(slot: Int) throws -> StandbyWorker

  /// Hands a request to the worker at the slot. A worker that is gone is reported as lost, not here.
  func send(_ request: WorkerRequest, to slot: Int)

  /// The process of the worker at the slot, where it runs on this machine.
  func processID(slot: Int) -> Int32?

  /// Kills the worker at the slot; it is reported as lost.
  func kill(slot: Int)

  /// Lets idle workers end, kills those that do not, and returns when all are gone.
  func shutDown() async
}

extension WorkerBackEnd {
  public var beginsAtOnce: Bool { true }
  public var slotsShareMemory: Bool { true }
  public var descriptorsNeeded: Int { 0 }
  public var outputsInUse: Set<String> { [] }
  public func placement(of stage: Stage, slot: Int) -> StagePlacement? { nil }
  public func processID(slot: Int) -> Int32? { nil }
}

/// What a stage is given of the machine that it runs on.
public struct StagePlacement: Sendable, Hashable {
  public let threads: Int
  /// `cpu`, `cuda:0`, ...
  public let device: String

  public init(threads: Int, device: String) {
    self.threads = threads
    self.device = device
  }
}

/// A worker at a slot, ready for a stage.
public struct StandbyWorker: Sendable, Hashable {
  /// Tells it from those that were at the slot before it.
  public let id: Int
  /// The process, if it had to be started for this. It must be recorded before `send` hands it a stage.
  public let started: ProcessIdentity?

  public init(id: Int, started: ProcessIdentity?) {
    self.id = id
    self.started = started
  }
}

/// What a back end reports of one of its slots.
public struct WorkerReport: Sendable {
  public enum Content: Sendable, Hashable {
    case said(WorkerEvent)
    /// The attempt began only now, though it was handed over earlier.
    case began(attempt: Int64)
    case lost(WorkerLoss)
  }

  public let slot: Int
  /// Which of the workers that the slot has had: its loss may be read when another stands there already.
  public let worker: Int
  public let content: Content

  public init(slot: Int, worker: Int, _ content: Content) {
    self.slot = slot
    self.worker = worker
    self.content = content
  }
}

/// How a worker came to be gone.
public enum WorkerLoss: Sendable, Hashable {
  case exited(status: Int32)
  /// `outOfMemory`: the system ended a process for want of memory meanwhile.
  case signalled(Int32, outOfMemory: Bool)
  /// It wrote what is no message, was killed for it, and this is what it wrote.
  case babbled(String)
  /// It ended before its greeting; with the last that it printed.
  case neverGreeted(status: Int32, output: String)
  /// It greeted with another version of the protocol.
  case otherVersion(Int)
  /// What ran it ended it, and says how.
  case ended(StageFailure)
  /// There will be no worker: the run cannot go on.
  case unavailable(StageFailure)
}

/// A worker that cannot be started.
public struct WorkerStartError: Error, Hashable, Sendable {
  public let path: String
  /// The system's `errno`.
  public let code: Int32
}
