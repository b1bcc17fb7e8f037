import Files
import Foundation

/// One scenario from its undisturbed run to what its storm left.
struct Campaign {
  private let scenario: Scenario
  private let root: String
  private let place: StormPlace
  private let mark: String
  private let cluster: SlurmCluster?
  private let disk: SmallDisk?
  private let hasShim: Bool
  private let seed: UInt64
  private let deadline: ContinuousClock.Instant

  static var ownFolder: String {
    let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
    return (own as NSString).deletingLastPathComponent
  }

  init(
    scenario: Scenario, programs: String, clusterScript: String, seed: UInt64, deadline: ContinuousClock.Instant
  ) throws {
    self.scenario = scenario
    self.seed = seed
    self.deadline = deadline
    var template = Array("/tmp/graft-chaos-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else { throw StormError.machine("cannot make a folder in /tmp") }
    root = String(cString: made)
    // A cluster's authentication runs as a user of its own, who must come to its folder.
    chmod(root, 0o755)
    mark = UUID().uuidString
    var environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("GRAFT_") }
    environment["HOME"] = root
    environment["GRAFT_WORKER"] = "\(programs)/\(scenario.worker)"
    environment[LiveProcesses.markName] = mark
    let syncFlag = "\(root)/fsync-fails"
    environment["GRAFT_CHAOS_SYNC"] = syncFlag
    let shim = "\(programs)/libChaosFaults.so"
    hasShim = access(shim, R_OK) == 0
    if hasShim { environment["LD_PRELOAD"] = shim }
    cluster = scenario.needsCluster ? try SlurmCluster(script: clusterScript, folder: "\(root)/cluster") : nil
    if let cluster { environment.merge(cluster.environment) { $1 } }
    disk = SmallDisk.isPossible ? try SmallDisk(at: "\(root)/disk", megabytes: 256) : nil
    place = StormPlace(
      folder: disk == nil ? "\(root)/study" : "\(root)/disk/study", programs: programs, scenario: scenario,
      environment: environment, syncFlag: syncFlag)
  }

  /// Runs the study undisturbed, then under faults until so many processes were killed, and takes all away.
  func held(kills: Int) throws -> StormTally {
    defer {
      for process in LiveProcesses(mark: mark).all() { kill(process.id, SIGKILL) }
      cluster?.stop()
      disk?.remove()
      try? DurableFiles.remove(root)
    }
    try place.lay()
    let calm = try place.finished(["run", "study.yaml"] + scenario.arguments)
    guard calm.status == 0, try place.finished(["report", "study.yaml"]).status == 0 else {
      throw StormError.calm("\(scenario.name): the undisturbed run ends with status \(calm.status): \(calm.said)")
    }
    let storm = Storm(
      place: place, expected: place.tables(), faults: scenario.faults(hasDisk: disk != nil, hasShim: hasShim),
      disk: disk, mark: mark, seed: seed, deadline: deadline)
    var shown = ContinuousClock.now
    try storm.blow(kills: kills) { tally in
      guard ContinuousClock.now - shown > .seconds(20) else { return }
      shown = .now
      say("\(scenario.name): \(tally.kills) of \(kills) kills")
    }
    return storm.tally
  }

  func text(_ tally: StormTally) -> String {
    var lines = [
      "\(scenario.name): \(tally.kills) kills; the study was run to its end \(tally.studies) times, in \(tally.starts) starts"
    ]
    let faults = Fault.allCases.compactMap { fault in tally.faults[fault].map { "\(fault.rawValue) \($0)" } }
    lines.append("  " + faults.joined(separator: ", ") + (tally.torn > 0 ? ", torn files \(tally.torn)" : ""))
    if disk == nil { lines.append("  disk full: not tried, for this system lets a program mount nothing") }
    if !hasShim { lines.append("  fsync fails: not tried, for libChaosFaults.so is not built") }
    lines.append("  looked \(tally.looks) times for two workers on one stage")
    lines += tally.findings.map { "  WRONG: \($0)" }
    return lines.joined(separator: "\n")
  }
}
