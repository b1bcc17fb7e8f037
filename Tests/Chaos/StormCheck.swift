import Files
import Foundation

/// What must hold of a study that was disturbed and is done.
struct StormCheck {
  let place: StormPlace
  let expected: [String: Data]
  let processes: LiveProcesses

  /// What does not.
  func findings() throws -> [String] {
    try nothingToRun() + attempts() + tables() + verified() + leftovers() + orphans()
  }

  private func nothingToRun() throws -> [String] {
    let again = try place.finished(["run", "study.yaml"])
    return again.status == 0 && again.said.contains("nothing to run")
      ? [] : ["a run of the finished study ended with status \(again.status): \(again.said.suffix(500))"]
  }

  /// The state says of each stage that it was done once and not begun afterwards, and so do the files into which the stages
  /// printed.
  private func attempts() throws -> [String] {
    let listing = try place.finished(["export", "study.yaml", "--table", "attempts"])
    guard listing.status == 0 else { return ["graft export: \(listing.said.suffix(500))"] }
    var findings: [String] = []
    var last: [String: Int] = [:]
    var done: [String: [Int]] = [:]
    for line in listing.said.split(separator: "\n").dropFirst() {
      let fields = line.split(separator: ",", omittingEmptySubsequences: false)
      guard fields.count > 4, let number = Int(fields[3]) else { continue }
      let stage = String(fields[0])
      last[stage] = max(last[stage] ?? 0, number)
      if fields[4] == "done" { done[stage, default: []].append(number) }
    }
    for (stage, number) in last where done[stage] != [number] {
      findings.append("stage \(stage): done at tries \(done[stage] ?? []), last tried at \(number)")
    }
    for stage in (try DurableFiles.names(in: "\(place.workspace)/logs")) ?? [] where stage.count == 64 {
      let printed = (try DurableFiles.names(in: "\(place.workspace)/logs/\(stage)") ?? [])
        .compactMap { $0.hasSuffix(".log") ? Int($0.dropLast(4)) : nil }.max()
      if let printed, let number = done[stage]?.first, printed > number {
        findings.append("stage \(stage) was done at try \(number) and begun again at \(printed)")
      }
    }
    return findings
  }

  private func tables() throws -> [String] {
    let report = try place.finished(["report", "study.yaml"])
    guard report.status == 0 else { return ["graft report: \(report.said.suffix(500))"] }
    let found = place.tables()
    return Set(found.keys).union(expected.keys).sorted().filter { found[$0] != expected[$0] }
      .map { "results/\($0) differs from that of the undisturbed run" }
  }

  private func verified() throws -> [String] {
    let doctor = try place.finished(["doctor", "--verify", "study.yaml"])
    return doctor.status == 0 ? [] : ["graft doctor --verify: \(doctor.said.suffix(500))"]
  }

  /// Nothing half written, no checkpoint of a stage that is done, nothing of a cluster's jobs.
  private func leftovers() throws -> [String] {
    var left: [String] = []
    for folder in ["tmp", "checkpoints"] {
      left += (try DurableFiles.names(in: "\(place.workspace)/\(folder)") ?? []).map { "\(folder)/\($0)" }
    }
    if access("\(place.workspace)/slurm", F_OK) == 0 { left.append("slurm") }
    if let walk = FileManager.default.enumerator(atPath: place.workspace) {
      for case let path as String in walk where path.hasSuffix(".part") || path.hasSuffix(".new") { left.append(path) }
    }
    return left.map { ".graft/\($0) is left over" }
  }

  private func orphans() -> [String] {
    for _ in 0..<100 where !processes.workers().isEmpty { usleep(100_000) }
    return processes.all().filter(\.isWorker).map { "process \($0.id), \($0.program), lives on" }
  }
}
