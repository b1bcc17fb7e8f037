import Executor
import Store
import Synchronization

/// Hands a coordinator to whoever asks first.
final class Holder: Sendable {
  private let held = Mutex<RunCoordinator?>(nil)

  func set(_ coordinator: RunCoordinator) { held.withLock { $0 = coordinator } }

  func take(_ body: (RunCoordinator) -> Void) {
    let coordinator = held.withLock { held in
      defer { held = nil }
      return held
    }
    if let coordinator { body(coordinator) }
  }
}

/// Statuses that another terminal would have seen.
final class Seen: Sendable {
  private let kept = Mutex<[PlanStatus]>([])

  func keep(_ status: PlanStatus) { kept.withLock { $0.append(status) } }

  var statuses: [PlanStatus] { kept.withLock { $0 } }
}
