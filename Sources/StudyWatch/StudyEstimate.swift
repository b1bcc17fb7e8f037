import Executor
import Planner
import Store
import WorkerProtocol

/// How long what is left of a study will take.
public struct StudyEstimate: Sendable {
  public let value: Estimate
  /// How many stages run at once.
  public let jobs: Int

  /// - Parameters:
  ///   - likeness: Of the plan's stages.
  ///   - held: Of each stage whether it waits for a failed one.
  /// - Returns: nil where nothing is left, or nothing like it was measured.
  public init?(of follower: PlanFollower, likeness: StageLikeness, held: [Bool], at now: Timestamp) {
    let plan = follower.plan
    let isLive = follower.holder != nil
    // What failed is for the next run to do, not for the one that goes on.
    let isDone = follower.states.indices.map { place in
      follower.states[place] == .done || isLive && (held[place] || follower.states[place] == .failed)
    }
    guard isDone.contains(false) else { return nil }
    let running = follower.running.compactMap { stage in
      plan.stages.place(of: stage.stage.key).map {
        (stage: $0, seconds: now.seconds(since: stage.attempt.started), fraction: stage.progress?.fraction ?? 0)
      }
    }
    // How many a run takes at once is not recorded, but its workers are.
    jobs =
      isLive
      ? max(1, running.count, follower.workers) : RunOptions(resources: plan.resources).jobs
    let estimate = Estimate.of(
      likeness, isDone: isDone, measured: follower.seconds, running: running, jobs: jobs)
    guard let estimate else { return nil }
    value = estimate
  }

  /// Of each stage whether it waits for a failed one.
  public static func held(in plan: Plan, states: [StageState]) -> [Bool] {
    var held: [Bool] = []
    held.reserveCapacity(states.count)
    for place in states.indices {
      // Nothing that is done or runs waits.
      let mayWait = states[place] == .waiting
      held.append(
        mayWait
          && plan.stages.inputPlaces(of: place).contains { input in
            input >= 0 && (states[Int(input)] == .failed || held[Int(input)])
          })
    }
    return held
  }
}
