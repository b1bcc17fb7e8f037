import Foundation
import Planner
import WorkerProtocol

/// How a plan is to be run.
public struct RunOptions: Sendable {
  /// How many stages may run at once.
  public var jobs: Int
  /// CPU threads of each.
  public var threadsPerJob: Int
  public var device: String
  public var retry: RetryPolicy
  /// Whether the first failed stage stops the run.
  public var failFast: Bool
  /// How long a worker that was asked to stop may take before it is killed.
  public var stopGrace: Duration
  /// How long an orphan of an earlier run may take to end by itself, in seconds.
  public var orphanGrace: Double

  public init(
    jobs: Int, threadsPerJob: Int, device: String = "cpu", retry: RetryPolicy = RetryPolicy(), failFast: Bool = false,
    stopGrace: Duration = .seconds(60), orphanGrace: Double = 10
  ) {
    self.jobs = max(1, jobs)
    self.threadsPerJob = max(1, threadsPerJob)
    self.device = device
    self.retry = retry
    self.failFast = failFast
    self.stopGrace = stopGrace
    self.orphanGrace = orphanGrace
  }

  /// What the study asks for, filled in from the machine: as many jobs as cores, and the cores shared out among the jobs.
  public init(resources: Resources, cores: Int = ProcessInfo.processInfo.activeProcessorCount) {
    let jobs = resources.jobs ?? max(1, cores / max(1, resources.threadsPerJob ?? 1))
    self.init(jobs: jobs, threadsPerJob: resources.threadsPerJob ?? max(1, cores / max(1, jobs)))
  }
}
