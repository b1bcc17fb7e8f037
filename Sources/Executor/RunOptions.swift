import Foundation
import Planner
import WorkerProtocol

/// How a plan is to be run.
public struct RunOptions: Sendable {
  /// How many stages may run at once; at most one for each CUDA device.
  public let jobs: Int
  /// CPU threads of each.
  public var threadsPerJob: Int
  public let devices: StageDevices
  public var retry: RetryPolicy
  /// Whether the first failed stage stops the run.
  public var failFast: Bool
  /// How long a worker that was asked to stop may take before it is killed.
  public var stopGrace: Duration
  /// How long an orphan of an earlier run may take to end by itself, in seconds.
  public var orphanGrace: Double

  public init(
    jobs: Int, threadsPerJob: Int, devices: StageDevices = .cpu, retry: RetryPolicy = RetryPolicy(),
    failFast: Bool = false, stopGrace: Duration = .seconds(60), orphanGrace: Double = 10
  ) {
    self.jobs = max(1, min(jobs, devices.slotLimit ?? jobs))
    self.threadsPerJob = max(1, threadsPerJob)
    self.devices = devices
    self.retry = retry
    self.failFast = failFast
    self.stopGrace = stopGrace
    self.orphanGrace = orphanGrace
  }

  /// What the study asks for, filled in from the machine: a job a CUDA device, on the CPU as many jobs as cores, and the
  /// cores shared out among the jobs.
  public init(
    resources: Resources, devices: StageDevices = .cpu, cores: Int = ProcessInfo.processInfo.activeProcessorCount
  ) {
    let most = devices.slotLimit ?? max(1, cores / max(1, resources.threadsPerJob ?? 1))
    let jobs = min(resources.jobs ?? most, devices.slotLimit ?? .max)
    self.init(
      jobs: jobs, threadsPerJob: resources.threadsPerJob ?? max(1, cores / max(1, jobs)), devices: devices)
  }
}
