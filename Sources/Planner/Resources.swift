/// What a run may use of its machine, and what it does when a stage uses too much, fails or is not heard of. Nothing of it
/// is part of a key.
public struct Resources: Sendable, Hashable {
  /// Stages at once; nil: as many as the machine has cores or devices for.
  public var jobs: Int?
  /// CPU threads of each; nil: the cores shared out.
  public var threadsPerJob: Int?
  /// Whether each job keeps to processors of its own.
  public var pinsThreads = false
  /// CUDA devices; nil: every one there is.
  public var gpus: Int?
  public var cellsPerGPU: GPUSharing
  /// Memory for all stages together, in bytes; nil: what the machine has.
  public var memory: Int?
  /// How often a stage is tried again; nil: as often as a run does by itself.
  public var retries: Int?
  /// Seconds before the first retry; nil: as a run does by itself.
  public var retryDelay: Double?
  /// Seconds without a sign of life after which a stage counts as hung; infinite for never, nil: as a run does by itself.
  public var hungAfter: Double?
  public var limits: StageLimits

  public init(
    jobs: Int? = nil, threadsPerJob: Int? = nil, gpus: Int? = nil, cellsPerGPU: GPUSharing = .exactly(1),
    memory: Int? = nil, retries: Int? = nil, retryDelay: Double? = nil, hungAfter: Double? = nil,
    limits: StageLimits = StageLimits()
  ) {
    self.jobs = jobs
    self.threadsPerJob = threadsPerJob
    self.gpus = gpus
    self.cellsPerGPU = cellsPerGPU
    self.memory = memory
    self.retries = retries
    self.retryDelay = retryDelay
    self.hungAfter = hungAfter
    self.limits = limits
  }
}

extension Resources: CustomStringConvertible {
  /// How the machine is shared out, and of the rest what the study says.
  public var description: String {
    func text(_ number: Int?) -> String { number.map(String.init) ?? "nil" }
    var parts = ["jobs: \(text(jobs))", "threadsPerJob: \(text(threadsPerJob))", "gpus: \(text(gpus))"]
    if pinsThreads { parts.append("pinsThreads") }
    if cellsPerGPU != .exactly(1) { parts.append("cellsPerGPU: \(cellsPerGPU)") }
    if let memory { parts.append("memory: \(memory)") }
    if let retries { parts.append("retries: \(retries)") }
    if let retryDelay { parts.append("retryDelay: \(retryDelay)") }
    if let hungAfter { parts.append("hungAfter: \(hungAfter)") }
    if !limits.isEmpty { parts.append("limits: \(limits)") }
    return "Resources(\(parts.joined(separator: ", ")))"
  }
}

/// How many cells share a GPU.
public enum GPUSharing: Sendable, Hashable {
  case exactly(Int)
  /// One, and more where the memory that like stages took is known and has room.
  case automatic
}

/// What single stages may use: by kind, and for kinds that are not named.
public struct StageLimits: Sendable, Hashable, CustomStringConvertible {
  public var byKind: [StageKind: StageLimit]
  public var standard: StageLimit

  public init(byKind: [StageKind: StageLimit] = [:], standard: StageLimit = StageLimit()) {
    self.byKind = byKind
    self.standard = standard
  }

  public var isEmpty: Bool { byKind.isEmpty && standard == StageLimit() }

  /// Each of the two from the kind's own entry, else from the standard one.
  public subscript(kind: StageKind) -> StageLimit {
    guard let own = byKind[kind] else { return standard }
    return StageLimit(time: own.time ?? standard.time, memory: own.memory ?? standard.memory)
  }

  public var description: String {
    let named = byKind.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.key.rawValue): \($0.value)" }
    return (["default: \(standard)"] + named).joined(separator: ", ")
  }
}

/// What one attempt at a stage may use; nil for no limit.
public struct StageLimit: Sendable, Hashable, CustomStringConvertible {
  /// Seconds.
  public var time: Double?
  /// Bytes of the worker's resident memory.
  public var memory: Int?

  public init(time: Double? = nil, memory: Int? = nil) {
    self.time = time
    self.memory = memory
  }

  public var description: String {
    "{time: \(time.map { "\($0)" } ?? "none"), memory: \(memory.map { "\($0)" } ?? "none")}"
  }
}
