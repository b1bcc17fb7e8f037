/// Reads `resources`.
struct ResourcesReader {
  let faults: FaultCollector

  func read(_ member: YAMLMember?) -> Resources {
    guard let member,
      let read = ShapeReader(faults: faults).read(member.value, as: .members(Self.options), name: "resources")
    else { return Resources() }
    var resources = Resources(
      jobs: read["jobs"]?.intValue, threadsPerJob: read["threads_per_job"]?.intValue, gpus: read["gpus"]?.intValue,
      memory: read["memory"]?.intValue, retries: read["retries"]?.intValue,
      retryDelay: read["retry_delay"]?.doubleValue,
      hungAfter: read["hung_after"] == "never" ? .infinity : read["hung_after"]?.doubleValue)
    resources.pinsThreads = read["pin_threads"] == true
    switch read["cells_per_gpu"] {
    case .number(let count): resources.cellsPerGPU = .exactly(Int(count))
    case .string: resources.cellsPerGPU = .automatic
    default: break
    }
    for (name, value) in read["limits"]?.objectValue ?? [:] {
      let limit = StageLimit(time: value["time"]?.doubleValue, memory: value["memory"]?.intValue)
      if let kind = StageKind(rawValue: name) {
        resources.limits.byKind[kind] = limit
      } else {
        resources.limits.standard = limit
      }
    }
    return resources
  }

  private static let automatic = ValueShape.choice(["auto"])

  static let options = [
    OptionDeclaration(
      "jobs", .either(.integer(1...4096), automatic), .value("auto"),
      "Stages to run at once; `auto`: one a CUDA device, else as many as there are cores for their threads."),
    OptionDeclaration(
      "threads_per_job", .either(.integer(1...4096), automatic), .value("auto"),
      "CPU threads of each; `auto`: the cores shared out among the jobs."),
    OptionDeclaration(
      "pin_threads", .flag, .value(false),
      "Whether each job keeps to processors of its own; for a machine that runs nothing else."),
    OptionDeclaration(
      "gpus", .either(.integer(0...4096), automatic), .value("auto"), "CUDA devices to use; `auto`: every one."),
    OptionDeclaration(
      "cells_per_gpu", .either(.integer(1...64), automatic), .value(1),
      "Stages at once on one GPU; `auto`: one, and more where the memory that like stages took leaves room."),
    OptionDeclaration(
      "memory", .either(automatic, .memory), .value("auto"),
      "Memory for all stages together: one starts where what like stages took fits; `auto`: what the machine has free."),
    OptionDeclaration(
      "retries", .integer(0...100), .derived("2"),
      "How often a stage is tried again that crashed, hung or lacked memory."),
    OptionDeclaration(
      "retry_delay", .duration, .derived("1s"),
      "Time before the first retry; each further one waits four times as long."),
    OptionDeclaration(
      "hung_after", .either(.choice(["never"]), .duration), .value("30min"),
      "A stage whose worker has neither said anything nor computed for so long is ended and tried again."),
    OptionDeclaration("limits", .members(limits), .derived("none"), "What one attempt at a stage may take, by kind."),
  ]

  private static let limit = ValueShape.members([
    OptionDeclaration(
      "time", .duration, .derived("no limit"),
      "How long an attempt may take: then it writes its checkpoint and counts as failed."),
    OptionDeclaration(
      "memory", .memory, .derived("no limit"), "How much memory its worker may have; beyond it the stage fails."),
  ])

  private static let limits =
    [
      OptionDeclaration(
        "default", limit, .derived("none"), "For kinds that are not named, and for what theirs leave out.")
    ]
    + StageKind.allCases.filter { $0 != .noop }.map {
      OptionDeclaration($0.rawValue, limit, .derived("as default"), "For stages of this kind.")
    }
}
