import Executor
import Planner
import Store
import Synchronization
import Testing
import WorkerProtocol

@Suite("Back ends")
struct BackEndTests {
  /// A worker answers, dies, and its loss is read when the slot has another worker with the next stage: that one must not
  /// be taken for lost, or the stage would run twice at once.
  @Test(.timeLimit(.minutes(1)))
  func aLossReadLateIsNotTheNextWorkers() async throws {
    let study = try FakeStudy()
    let workspace = try Workspace.open(study.folder, command: "test")
    defer { workspace.close() }
    let stages = try (0..<3).map { try study.stage("stage-\($0)") }
    let backEnd = MortalWorkers()
    let recorder = Recorder()
    let coordinator = try RunCoordinator(
      plan: study.plan(stages), workspace: workspace, backEnd: backEnd, options: RunOptions(jobs: 1, threadsPerJob: 1),
      observer: recorder, clock: ImmediateClock())
    #expect(try await coordinator.run().ending == .complete)
    #expect(recorder.started == ["stage-0", "stage-1", "stage-2"])
  }
}

/// One slot whose workers die right after each answer.
private final class MortalWorkers: WorkerBackEnd {
  let slots = 1
  private let state = Mutex(State())

  private struct State {
    var worker = 0
    var listener: (@Sendable (WorkerReport) -> Void)?
  }

  func connect(_ listener: @escaping @Sendable (WorkerReport) -> Void) { state.withLock { $0.listener = listener } }

  func prepare(slot: Int) throws -> StandbyWorker {
    state.withLock { state in
      state.worker += 1
      return StandbyWorker(id: state.worker, started: nil)
    }
  }

  func send(_ request: WorkerRequest, to slot: Int) {
    guard case .run(let stage) = request else { return }
    let (worker, listener) = state.withLock { ($0.worker, $0.listener) }
    listener?(
      WorkerReport(slot: slot, worker: worker, .said(.done(attempt: stage.attempt, StageOutcome(), StageCost()))))
    listener?(WorkerReport(slot: slot, worker: worker, .lost(.signalled(9, outOfMemory: false))))
  }

  func kill(slot: Int) {}

  func shutDown() async {}
}
