import Foundation
import Planner
import Store
import WorkerProtocol

/// How a plan is to be run.
public struct RunOptions: Sendable {
  /// How many stages may run at once; at most as many as the devices take.
  public let jobs: Int
  /// CPU threads of each.
  public var threadsPerJob: Int
  /// Whether each slot keeps to processors of its own.
  public var pinsThreads = false
  public let devices: StageDevices
  /// How many stages share a device.
  public let sharing: GPUSharing
  /// The machine's memory for all stages together, in bytes; nil where nobody counts it.
  public var memory: Int64?
  /// The memory of each device, in bytes; nil where it is not known.
  public var deviceMemory: Int64?
  public var retry: RetryPolicy
  /// Whether the first failed stage stops the run.
  public var failFast: Bool
  /// Whether stages that failed in an earlier run are tried again.
  public var retriesFailed = true
  /// Cells that come before all others, with what they need; the first filter's first.
  public var first: [CellFilter] = []
  /// What single attempts may take.
  public var limits = StageLimits()
  /// A worker that gives no sign of work for so long counts as hung; nil for never.
  public var hungAfter: Duration? = .seconds(1800)
  /// What the study's summary is kept under while it runs and after; nil to keep none.
  public var summaryKey: SummaryKey?
  /// How often running stages are looked at.
  public var watchInterval: Duration = .seconds(1)
  /// How long a worker that was asked to stop may take before it is killed.
  public var stopGrace: Duration
  /// How long an orphan of an earlier run may take to end by itself, in seconds.
  public var orphanGrace: Double

  /// So many stages share a device at most where measured memory decides.
  static let mostSharing = 8

  public init(
    jobs: Int, threadsPerJob: Int, devices: StageDevices = .cpu, sharing: GPUSharing = .exactly(1),
    retry: RetryPolicy = RetryPolicy(), failFast: Bool = false, stopGrace: Duration = .seconds(60),
    orphanGrace: Double = 10
  ) {
    self.jobs = max(1, min(jobs, Self.most(devices, sharing) ?? jobs))
    self.threadsPerJob = max(1, threadsPerJob)
    self.devices = devices
    self.sharing = sharing
    self.retry = retry
    self.failFast = failFast
    self.stopGrace = stopGrace
    self.orphanGrace = orphanGrace
  }

  /// What the study asks for, filled in from the machine: as many jobs as its CUDA devices take, on the CPU as many as
  /// there are cores, and the cores shared out among the jobs.
  public init(
    resources: Resources, devices: StageDevices = .cpu, cores: Int = ProcessInfo.processInfo.activeProcessorCount
  ) {
    let limit = Self.most(devices, resources.cellsPerGPU)
    let most = limit ?? max(1, cores / max(1, resources.threadsPerJob ?? 1))
    let jobs = min(resources.jobs ?? most, limit ?? .max)
    // How many will share a device by measure shows later; until then each has its cores to itself.
    let expected = resources.cellsPerGPU == .automatic ? min(jobs, devices.count ?? jobs) : jobs
    self.init(
      jobs: jobs, threadsPerJob: resources.threadsPerJob ?? max(1, cores / max(1, expected)), devices: devices,
      sharing: resources.cellsPerGPU)
    takePatience(of: resources)
    memory = resources.memory.map(Int64.init)
    pinsThreads = resources.pinsThreads
  }

  /// Takes over what a study says of failures and of what attempts may take, wherever they run.
  public mutating func takePatience(of resources: Resources) {
    if let retries = resources.retries { retry.retries = retries }
    if let delay = resources.retryDelay { retry.firstDelay = .seconds(delay) }
    limits = resources.limits
    if let hungAfter = resources.hungAfter { self.hungAfter = hungAfter == .infinity ? nil : .seconds(hungAfter) }
  }

  /// How many stages the devices take at once; nil where they set no limit.
  private static func most(_ devices: StageDevices, _ sharing: GPUSharing) -> Int? {
    devices.count.map { $0 * perDevice(sharing) }
  }

  private static func perDevice(_ sharing: GPUSharing) -> Int {
    switch sharing {
    case .exactly(let count): max(1, count)
    case .automatic: mostSharing
    }
  }

  /// The slots of a run whose back end has so many.
  ///
  /// - Parameters:
  ///   - slots: How many the back end has.
  ///   - sharesMemory: Whether what runs at one takes from the memory of what runs at another.
  public func layout(slots: Int, sharesMemory: Bool = true) -> SlotLayout {
    guard let count = devices.count else {
      return SlotLayout(slotsPerPlace: max(1, slots), memory: memory, sharesMemory: sharesMemory)
    }
    return SlotLayout(
      places: count, slotsPerPlace: Self.perDevice(sharing), most: jobs, memory: memory, placeMemory: deviceMemory,
      packsByMeasure: sharing == .automatic)
  }

  /// How many slots a back end needs for these options.
  public var slots: Int { layout(slots: jobs).slots }
}
