/// How a study's stages are to run on a Slurm cluster: the section `slurm` of a study file, or a user's file of its own.
/// Nothing of it is part of a key.
public struct SlurmProfile: Sendable, Hashable {
  /// The members as written, canonical; what is not given is not there.
  private let members: [String: JSONValue]

  /// A profile that says nothing.
  public init() { members = [:] }

  init(members: [String: JSONValue]) { self.members = members }

  /// This profile with what another one says laid over it, member by member, and stage kind by stage kind.
  public func overlaid(by other: SlurmProfile) -> SlurmProfile {
    SlurmProfile(members: Self.overlaid(members, by: other.members))
  }

  private static func overlaid(_ low: [String: JSONValue], by high: [String: JSONValue]) -> [String: JSONValue] {
    low.merging(high) { old, new in
      guard case .object(let old) = old, case .object(let new) = new else { return new }
      return .object(overlaid(old, by: new))
    }
  }

  /// What a job must be given to run stages of a kind.
  public func needs(of kind: StageKind) -> SlurmNeeds {
    let special = members["kinds"]?[kind.rawValue]?.objectValue ?? [:]
    func text(_ name: String) -> String? { (special[name] ?? members[name])?.stringValue }
    return SlurmNeeds(
      partition: text("partition"), account: text("account"), qos: text("qos"), constraint: text("constraint"),
      time: text("time").flatMap(SlurmTime.seconds), memory: text("memory"),
      cpus: (special["cpus"] ?? members["cpus"])?.intValue ?? 1, gres: text("gres"))
  }

  /// The profile with another number of jobs at once.
  public func limited(toJobs jobs: Int) -> SlurmProfile {
    overlaid(by: SlurmProfile(members: ["max_jobs": .number(Double(jobs))]))
  }

  /// Lines of shell that every job begins with.
  public var setup: [String] { (members["setup"]?.arrayValue ?? []).compactMap(\.stringValue) }
  /// Further arguments of `sbatch`.
  public var options: [String] { (members["options"]?.arrayValue ?? []).compactMap(\.stringValue) }
  /// How many jobs may be queued and running at once.
  public var maxJobs: Int { members["max_jobs"]?.intValue ?? 64 }
  /// Seconds before the time limit at which a running stage is told to write its checkpoint.
  public var grace: Int { members["grace"]?.intValue ?? 120 }
  /// Seconds for which a job that has nothing to do waits for more.
  public var idle: Int { members["idle"]?.intValue ?? 30 }
  /// Seconds of work that make a job worth its place in the queue: shorter stages are given to one job together.
  public var pack: Int { members["pack"]?.intValue ?? 120 }
  /// The least seconds between two questions for the jobs' states.
  public var poll: Int { members["poll"]?.intValue ?? 5 }
}

/// What a job is asked for.
public struct SlurmNeeds: Sendable, Hashable {
  public var partition: String?
  public var account: String?
  public var qos: String?
  public var constraint: String?
  /// The time limit in seconds; nil is the partition's.
  public var time: Int?
  public var memory: String?
  public var cpus: Int
  public var gres: String?

  public init(
    partition: String? = nil, account: String? = nil, qos: String? = nil, constraint: String? = nil, time: Int? = nil,
    memory: String? = nil, cpus: Int = 1, gres: String? = nil
  ) {
    self.partition = partition
    self.account = account
    self.qos = qos
    self.constraint = constraint
    self.time = time
    self.memory = memory
    self.cpus = cpus
    self.gres = gres
  }

  /// Whether a job has a GPU to itself.
  public var hasGPU: Bool {
    (gres ?? "").split(separator: ",").contains {
      $0 == "gpu" || $0.hasPrefix("gpu:") || $0 == "gres:gpu" || $0.hasPrefix("gres:gpu:")
    }
  }

  /// The needs as they are kept beside the jobs that were asked for by them.
  public var json: JSONValue {
    var members: [String: JSONValue] = ["cpus": .number(Double(cpus))]
    for (name, value) in [
      ("partition", partition), ("account", account), ("qos", qos), ("constraint", constraint), ("memory", memory),
      ("gres", gres),
    ] { members[name] = value.map { .string($0) } }
    members["time"] = time.map { .number(Double($0)) }
    return .object(members)
  }

  public init(json: JSONValue) {
    self.init(
      partition: json["partition"]?.stringValue, account: json["account"]?.stringValue, qos: json["qos"]?.stringValue,
      constraint: json["constraint"]?.stringValue, time: json["time"]?.intValue, memory: json["memory"]?.stringValue,
      cpus: json["cpus"]?.intValue ?? 1, gres: json["gres"]?.stringValue)
  }
}

/// Times as Slurm writes them.
public enum SlurmTime {
  /// Seconds of `MINUTES`, `MINUTES:SECONDS`, `HOURS:MINUTES:SECONDS`, `DAYS-HOURS`, `DAYS-HOURS:MINUTES` or
  /// `DAYS-HOURS:MINUTES:SECONDS`; nil for anything else, and for no time at all.
  public static func seconds(_ text: String) -> Int? {
    let halves = text.split(separator: "-", omittingEmptySubsequences: false)
    guard (1...2).contains(halves.count) else { return nil }
    let fields = (halves.last ?? "").split(separator: ":", omittingEmptySubsequences: false).map { field -> Int? in
      guard !field.isEmpty, field.count <= 7, field.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
      return Int(field)
    }
    let numbers = fields.compactMap { $0 }
    guard numbers.count == fields.count, numbers.count <= 3 else { return nil }
    var total: Int
    if halves.count == 2 {
      guard let days = Int(halves[0]), (0...10_000).contains(days) else { return nil }
      total = days * 86_400
      for (number, unit) in zip(numbers, [3600, 60, 1]) { total += number * unit }
    } else {
      let units = numbers.count == 1 ? [60] : numbers.count == 2 ? [60, 1] : [3600, 60, 1]
      total = zip(numbers, units).map { $0 * $1 }.reduce(0, +)
    }
    return total > 0 ? total : nil
  }

  /// As `sbatch --time` takes it: whole minutes would be rounded up, so seconds are given.
  public static func text(seconds: Int) -> String {
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let (days, rest) = seconds.quotientAndRemainder(dividingBy: 86_400)
    return "\(days)-\(two(rest / 3600)):\(two(rest / 60 % 60)):\(two(rest % 60))"
  }
}
