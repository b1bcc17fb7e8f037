import Store
import WorkerProtocol

/// Where stages run: worker processes of this machine, later those of a cluster. The coordinator gives each slot one
/// stage at a time.
public protocol WorkerBackEnd: Sendable {
  /// How many stages may run at once.
  var slots: Int { get }

  /// Names who is told what the workers say and how they end. Called once, before anything else; each slot's reports come
  /// in order.
  func connect(_ listener: @escaping @Sendable (WorkerReport) -> Void)

  /// Makes sure that a worker stands by at the slot.
  ///
  /// - Returns: The process, if one had to be started. It must be recorded before `send` hands it a stage.
  /// - Throws: `WorkerStartError`.
  func prepare(slot: Int) throws -> ProcessIdentity?

  /// Hands a request to the worker at the slot. A worker that is gone is reported as lost, not here.
  func send(_ request: WorkerRequest, to slot: Int)

  /// Kills the worker at the slot; it is reported as lost.
  func kill(slot: Int)

  /// Lets idle workers end, kills those that do not, and returns when all are gone.
  func shutDown() async
}

/// What a back end reports of one of its slots.
public struct WorkerReport: Sendable {
  public enum Content: Sendable, Hashable {
    case said(WorkerEvent)
    case lost(WorkerLoss)
  }

  public let slot: Int
  public let content: Content

  public init(slot: Int, _ content: Content) {
    self.slot = slot
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
}

/// A worker that cannot be started.
public struct WorkerStartError: Error, Hashable, Sendable {
  public let path: String
  /// The system's `errno`.
  public let code: Int32
}
