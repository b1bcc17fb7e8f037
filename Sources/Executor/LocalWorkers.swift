import Files
import Foundation
import Store
import Synchronization
import WorkerProtocol

/// Worker processes of this machine, started when first needed and kept from stage to stage.
public final class LocalWorkers: WorkerBackEnd {
  public let slots: Int
  private let path: String
  private let arguments: [String]
  private let environment: [String: String]
  private let processors: ProcessorShares?
  private let logFile: @Sendable (Int) -> String
  private let state: Mutex<State>

  private struct State {
    /// By slot.
    var workers: [Int: Worker] = [:]
    var started = 0
    var listener: (@Sendable (WorkerReport) -> Void)?
  }

  private struct Worker {
    let id: Int
    let process: WorkerProcess
  }

  /// - Parameters:
  ///   - path: The worker's executable.
  ///   - arguments: What each is started with.
  ///   - slots: How many; at least 1.
  ///   - threads: CPU threads of each, for the numerics' own pools.
  ///   - processors: What each keeps to; nil where the kernel is to choose.
  ///   - workspace: Where each prints what belongs to no stage.
  public init(
    path: String, arguments: [String] = [], slots: Int, threads: Int, processors: ProcessorShares? = nil,
    workspace: Workspace
  ) {
    self.path = path
    self.arguments = arguments
    self.slots = max(1, slots)
    var environment = ProcessInfo.processInfo.environment
    for name in ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"] { environment[name] = String(threads) }
    self.environment = environment
    self.processors = processors
    logFile = { workspace.workerLogFile(slot: $0) }
    state = Mutex(State())
  }

  public func connect(_ listener: @escaping @Sendable (WorkerReport) -> Void) {
    state.withLock { $0.listener = listener }
  }

  public func prepare(slot: Int) throws -> StandbyWorker {
    // A process that dies at once is reported after this is left, and so after it is known here.
    try state.withLock { state in
      if let worker = state.workers[slot] { return StandbyWorker(id: worker.id, started: nil) }
      state.started += 1
      let id = state.started
      var environment = environment
      environment[AllowedProcessors.variable] = processors?.text(slot: slot)
      let process = try WorkerProcess.start(
        path: path, arguments: arguments, environment: environment, logFile: logFile(slot)
      ) { [weak self] content in
        self?.report(WorkerReport(slot: slot, worker: id, content))
      }
      state.workers[slot] = Worker(id: id, process: process)
      return StandbyWorker(id: id, started: process.identity)
    }
  }

  private func report(_ report: WorkerReport) {
    let listener = state.withLock { state in
      if case .lost = report.content { state.workers[report.slot] = nil }
      return state.listener
    }
    listener?(report)
  }

  public func send(_ request: WorkerRequest, to slot: Int) {
    state.withLock { $0.workers[slot] }?.process.send(request)
  }

  /// A conversation with each worker, and what starting one takes for a moment.
  public var descriptorsNeeded: Int { slots + 8 }

  public func processID(slot: Int) -> Int32? { state.withLock { $0.workers[slot] }?.process.identity.processID }

  public func kill(slot: Int) {
    state.withLock { $0.workers[slot] }?.process.kill()
  }

  public func shutDown() async {
    let processes = state.withLock { $0.workers.values.map(\.process) }
    for process in processes {
      process.send(.exit)
      process.closeInput()
    }
    let deadline = ContinuousClock.now + .seconds(5)
    // A process that the system does not let die keeps nobody from ending: the next run finds it in the record.
    let patience = deadline + .seconds(60)
    for process in processes {
      while process.isAlive, ContinuousClock.now < patience {
        if ContinuousClock.now >= deadline { process.kill() }
        try? await Task.sleep(for: .milliseconds(2))
      }
    }
  }
}
