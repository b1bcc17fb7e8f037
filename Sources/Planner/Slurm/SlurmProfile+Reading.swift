import Foundation

extension SlurmProfile {
  /// What a job is asked for, and may be another for stages of one kind.
  private static let needs = [
    OptionDeclaration("partition", .text, .derived("the cluster's"), "The partition that jobs are submitted to."),
    OptionDeclaration("account", .text, .derived("the user's"), "The account that is charged."),
    OptionDeclaration("qos", .text, .derived("the account's"), "The quality of service."),
    OptionDeclaration("constraint", .text, .derived("none"), "Features that a node must have."),
    OptionDeclaration(
      "time", .text, .derived("the partition's"), "The time limit of a job: minutes, H:MM:SS or D-HH:MM:SS."),
    OptionDeclaration("memory", .text, .derived("the partition's"), "The memory of a job: a number and K, M, G or T."),
    OptionDeclaration(
      "cpus", .integer(1...4096), .value(.number(1)), "Processors of a job, and threads of its stages."),
    OptionDeclaration("gres", .text, .derived("none"), "Generic resources of a job: `gpu:1`."),
  ]

  /// Every member of the section `slurm`. Defaults are not filled in by reading, so that a study's profile and a user's can
  /// be laid over each other.
  static let declarations: [OptionDeclaration] =
    needs + [
      OptionDeclaration(
        "setup", .list(.text, count: 0...1000), .value([]),
        "Lines of shell that a job begins with, such as `module load`."),
      OptionDeclaration(
        "options", .list(.text, count: 0...100), .value([]),
        "Further arguments of `sbatch`, such as `--reservation=NAME`."),
      OptionDeclaration(
        "max_jobs", .integer(1...100_000), .value(.number(64)), "How many jobs may be queued and running at once."),
      OptionDeclaration(
        "grace", .integer(1...65_535), .value(.number(120)),
        "Seconds before the time limit at which a stage is told to write its checkpoint."),
      OptionDeclaration(
        "idle", .integer(0...86_400), .value(.number(30)),
        "Seconds for which a job that has nothing to do waits for more."),
      OptionDeclaration(
        "pack", .integer(1...86_400), .value(.number(120)),
        "Seconds of work that make a job: shorter stages are given to one together."),
      OptionDeclaration(
        "poll", .integer(1...60), .value(.number(5)), "The least seconds between two questions for the jobs' states."),
      OptionDeclaration(
        "kinds",
        .members(
          StageKind.allCases.map {
            OptionDeclaration($0.rawValue, .members(needs), .derived("as above"), "What jobs of this kind ask for.")
          }), .derived("none"), "What is different for stages of a kind: `{train: {time: 4:00:00, gres: gpu:1}}`."),
    ]

  /// Arguments of `sbatch` that Graft sets itself.
  private static let ownOptions = [
    "--array", "--job-name", "--output", "--error", "--signal", "--parsable", "--requeue", "--no-requeue", "--wait",
    "--wrap", "--ntasks", "--exclude", "--test-only", "--chdir", "--open-mode", "--dependency", "--hold",
  ]

  /// Reads a section; says nothing of what it does not give.
  static func read(_ member: YAMLMember?, faults: FaultCollector) -> SlurmProfile {
    guard let member else { return SlurmProfile() }
    return read(member.value, faults: faults)
  }

  private static func read(_ value: YAMLValue, faults: FaultCollector) -> SlurmProfile {
    guard let members = value.members else {
      faults.add(.wrongType(name: "slurm", expected: "a mapping", found: value.kindText), at: value.place)
      return SlurmProfile()
    }
    check(members, faults: faults)
    let reader = ShapeReader(faults: faults)
    guard let read = reader.members(members, declarations, name: "slurm", at: value.place) else {
      return SlurmProfile()
    }
    return SlurmProfile(members: given(read, members))
  }

  /// Only what is written, not the defaults.
  private static func given(_ read: [String: JSONValue], _ members: [YAMLMember]) -> [String: JSONValue] {
    var given: [String: JSONValue] = [:]
    for member in members {
      guard let value = read[member.name] else { continue }
      if case .object(let inner) = value, let written = member.value.members {
        given[member.name] = .object(Self.given(inner, written))
      } else {
        given[member.name] = value
      }
    }
    return given
  }

  /// What is written the way Slurm writes it.
  private static func check(_ members: [YAMLMember], faults: FaultCollector) {
    for member in members {
      let text = member.value.scalarText ?? ""
      switch member.name {
      case "time" where SlurmTime.seconds(text) == nil:
        faults.add(
          .outOfRange(name: "time", value: text, expected: "minutes, or a time such as 1:30:00 or 2-12:00:00"),
          at: member.value.place)
      case "memory" where text.wholeMatch(of: /[1-9][0-9]{0,9}[KMGT]?/) == nil:
        faults.add(
          .outOfRange(name: "memory", value: text, expected: "a number and K, M, G or T, such as 8G"),
          at: member.value.place)
      case "partition", "account", "qos", "constraint", "gres":
        if text.unicodeScalars.contains(where: { $0.value < 32 }) {
          faults.add(.outOfRange(name: member.name, value: text, expected: "a single line"), at: member.value.place)
        }
      case "options":
        for value in member.value.list ?? [] {
          let name = String(value.text.prefix { $0 != "=" && $0 != " " })
          guard name.hasPrefix("--"), name.count > 2 else {
            faults.add(
              .outOfRange(name: "options", value: value.text, expected: "arguments such as `--reservation=NAME`"),
              at: value.place)
            continue
          }
          if ownOptions.contains(name) {
            faults.add(
              .outOfRange(name: "options", value: value.text, expected: "arguments that Graft does not set itself"),
              at: value.place)
          }
        }
      case "kinds":
        for kind in member.value.members ?? [] { check(kind.value.members ?? [], faults: faults) }
      default: break
      }
    }
  }

  /// Reads a user's own file, whose members stand at its top level.
  ///
  /// - Throws: Every fault of the file.
  public static func read(data: Data, fileName: String, environment: [String: String]) throws(StudyFaults)
    -> SlurmProfile
  {
    let early = FaultCollector(file: fileName)
    guard let text = StudyDocument.text(of: data, source: 0, faults: early) else { throw early.faults() }
    let faults = FaultCollector(file: fileName, text: text)
    var reading = YAMLText(environment: environment, faults: faults)
    // A file without a member asks for nothing.
    let lines = text.split(whereSeparator: \.isNewline).map { $0.drop(while: \.isWhitespace) }
    if lines.allSatisfy({ $0.isEmpty || $0.hasPrefix("#") }) { return SlurmProfile() }
    guard let document = reading.document(text) else { throw faults.faults() }
    let profile = read(document, faults: faults)
    guard faults.isEmpty else { throw faults.faults() }
    return profile
  }
}
