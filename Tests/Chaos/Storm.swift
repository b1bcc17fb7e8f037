import Foundation

/// A study run under faults, again and again, until so many processes were killed: each time to its end, and each time what
/// it left is compared with what an undisturbed run left.
final class Storm {
  private let place: StormPlace
  private let expected: [String: Data]
  private let faults: [Fault]
  private let disk: SmallDisk?
  private let processes: LiveProcesses
  private let deadline: ContinuousClock.Instant
  private var draws: Draws
  private(set) var tally = StormTally()
  /// Artifacts that were seen, with the place on the disk that they had.
  private var seen: [String: UInt64] = [:]
  /// How many runs of this study were begun.
  private var startsOfStudy = 0

  init(
    place: StormPlace, expected: [String: Data], faults: [Fault], disk: SmallDisk?, mark: String, seed: UInt64,
    deadline: ContinuousClock.Instant
  ) {
    self.place = place
    self.expected = expected
    self.faults = faults
    self.disk = disk
    self.deadline = deadline
    processes = LiveProcesses(mark: mark)
    draws = Draws(seed: seed)
  }

  /// Goes on until so many processes were killed, or until something is wrong.
  func blow(kills: Int, progress: (StormTally) -> Void) throws {
    while tally.kills < kills, tally.findings.isEmpty {
      guard ContinuousClock.now < deadline else {
        tally.findings.append("the time is over after \(tally.kills) of \(kills) kills")
        return
      }
      try place.lay()
      seen = [:]
      startsOfStudy = 0
      var isComplete = false
      while !isComplete, tally.findings.isEmpty {
        isComplete = try disturbed(untilKills: kills) == 0
        lookAtArtifacts()
        progress(tally)
        if startsOfStudy > 2000 { tally.findings.append("the study is not done after \(startsOfStudy) runs") }
      }
      tally.studies += 1
      tally.findings += try StormCheck(place: place, expected: expected, processes: processes).findings()
    }
  }

  // MARK: - One run

  /// Begins a run and disturbs it until it has ended.
  ///
  /// - Returns: Its status.
  private func disturbed(untilKills kills: Int) throws -> Int32 {
    var run = try place.run()
    tally.starts += 1
    startsOfStudy += 1
    var mayFailToWrite = false
    while true {
      // A run that is disturbed too often never gets to the end of what cannot go on from where it was.
      let patience = pow(1.02, Double(min(startsOfStudy, 200)))
      let isStill = tally.kills >= kills || ContinuousClock.now >= deadline
      let calm = isStill ? .infinity : draws.seconds(in: place.scenario.calm) * patience
      if let status = ended(run, within: calm) { return judged(status, run, mayFailToWrite) }
      let fault = Fault.drawn(among: faults, by: &draws)
      tally.faults[fault, default: 0] += 1
      switch fault {
      case .coordinatorKilled:
        kill(run.id)
        return run.status()
      case .workerKilled:
        if let worker = processes.workers().randomElement(using: &draws) { kill(worker.id) }
      case .allKilled:
        kill(run.id)
        for process in processes.all() { kill(process.id) }
        let status = run.status()
        tear()
        return status
      case .interrupted:
        run.signal(SIGINT)
        return judged(try stopped(run), run, mayFailToWrite)
      case .terminatedTwice:
        run.signal(SIGTERM)
        _ = ended(run, within: draws.seconds(in: 0.002...0.1))
        run.signal(SIGTERM)
        return judged(try stopped(run), run, mayFailToWrite)
      case .coordinatorPaused: pause(run.id)
      case .workerPaused:
        if let worker = processes.workers().randomElement(using: &draws) { pause(worker.id) }
      case .diskFull:
        disk?.fill()
        _ = ended(run, within: draws.seconds(in: place.scenario.spell))
        disk?.empty()
        mayFailToWrite = true
      case .syncsFail:
        _ = FileManager.default.createFile(atPath: place.syncFlag, contents: nil)
        _ = ended(run, within: draws.seconds(in: place.scenario.spell))
        unlink(place.syncFlag)
        mayFailToWrite = true
      case .rival:
        if let successor = try rival(of: run) {
          run = successor
          mayFailToWrite = false
        }
      }
    }
  }

  /// Waits for the end of a run, looking meanwhile at who works on what.
  ///
  /// - Returns: Its status; nil where it has not ended in time.
  private func ended(_ run: Started, within seconds: Double) -> Int32? {
    let end = ContinuousClock.now + .seconds(min(seconds, 600))
    while run.isRunning {
      if ContinuousClock.now >= end {
        guard seconds > 600 else { return nil }
        tally.findings.append("a run that nobody disturbs any longer does not end: \(run.said.suffix(500))")
        kill(run.id)
        return run.status()
      }
      lookForTwins()
      usleep(5000)
    }
    return run.status()
  }

  /// The status of a run that was told to stop.
  private func stopped(_ run: Started) throws -> Int32 {
    if let status = ended(run, within: 120) { return status }
    tally.findings.append("a run that was told to stop goes on after two minutes")
    kill(run.id)
    return run.status()
  }

  /// A run may end well, with failed stages, stopped, killed, or because it cannot write; in no other way.
  private func judged(_ status: Int32, _ run: Started, _ mayFailToWrite: Bool) -> Int32 {
    let usual: Set<Int32> = [0, 1, 130, 128 + SIGINT, 128 + SIGTERM, 128 + SIGKILL]
    if !usual.contains(status), !(status == 73 && mayFailToWrite) {
      tally.findings.append("a run ended with status \(status): \(run.said.suffix(1500))")
    }
    return status
  }

  /// Two processes on one stage at the same time.
  private func lookForTwins() {
    var working: [String: Int32] = [:]
    for worker in processes.workers() {
      guard let stage = worker.stage else { continue }
      if let other = working.updateValue(worker.id, forKey: stage), isAt(other, stage), isAt(worker.id, stage) {
        tally.findings.append("processes \(other) and \(worker.id) work on stage \(stage) at the same time")
      }
    }
    tally.looks += 1
  }

  /// Looked at once more: the two were not looked at in the same moment.
  private func isAt(_ process: Int32, _ stage: String) -> Bool {
    processes.workers().contains { $0.id == process && $0.stage == stage }
  }

  /// An artifact that was there is there, and was not made anew.
  private func lookAtArtifacts() {
    let now = place.artifacts()
    for (name, number) in seen where now[name] != number {
      tally.findings.append("the artifact \(name) was \(now[name] == nil ? "lost" : "made a second time")")
    }
    seen = now
  }

  // MARK: - Faults

  private func kill(_ process: Int32) {
    if Foundation.kill(process, SIGKILL) == 0 { tally.kills += 1 }
  }

  private func pause(_ process: Int32) {
    Foundation.kill(process, SIGSTOP)
    usleep(UInt32(draws.seconds(in: place.scenario.spell) * 1e6))
    Foundation.kill(process, SIGCONT)
  }

  /// A second run is refused, and says who holds the workspace; or the first had just ended, and it takes its place.
  private func rival(of run: Started) throws -> Started? {
    let second = try place.run()
    while second.isRunning, run.isRunning { usleep(5000) }
    if second.isRunning {
      tally.starts += 1
      return second
    }
    let status = second.status()
    guard status == 75 || !run.isRunning else {
      tally.findings.append("a second run beside the first ended with status \(status): \(second.said.suffix(500))")
      return nil
    }
    return nil
  }

  /// What the pilots wrote last did not get to the disk whole.
  private func tear() {
    guard let walk = FileManager.default.enumerator(atPath: "\(place.workspace)/slurm") else { return }
    for case let path as String in walk where path.hasSuffix("events.jsonl") {
      let file = "\(place.workspace)/slurm/\(path)"
      var status = stat()
      guard stat(file, &status) == 0, status.st_size > 40 else { continue }
      if truncate(file, status.st_size - off_t.random(in: 1...40, using: &draws)) == 0 { tally.torn += 1 }
    }
  }
}
