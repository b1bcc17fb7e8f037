import Planner
import WorkerProtocol

extension PilotFleet {
  /// Requests to be written to one pilot's file.
  package struct Letter {
    let pilot: PilotID
    let folder: PilotFolder
    let lines: String
    /// Folders that an interrupted attempt may have left half written.
    let outputs: [String]
  }

  /// Jobs to be asked for.
  package struct Order {
    package let needs: SlurmNeeds
    package let count: Int
  }

  /// How many stages of a kind are given to a pilot ahead: as many as make its job worth its place in the queue, one where
  /// it is not known how long they take.
  func depth(of kind: StageKind) -> Int {
    guard let measured = durations[kind], measured.count > 0 else { return 1 }
    let mean = max(measured.total / measured.count, 0.001)
    return max(1, min(64, Int(Double(profile.pack) / mean)))
  }

  /// Hands waiting errands to pilots that can take them, those that work first.
  package mutating func place(at now: ContinuousClock.Instant) -> [Letter] {
    guard !waiting.isEmpty else { return [] }
    var letters: [PilotID: (lines: String, outputs: [String])] = [:]
    var open: [SlurmNeeds: [PilotID]] = [:]
    for pilot in pilots.values where pilot.isOpen && hasTime(pilot, now) {
      open[pilot.needs, default: []].append(pilot.id)
    }
    for needs in open.keys {
      open[needs]?.sort { first, second in
        let (a, b) = (pilots[first]?.isClaimed ?? false, pilots[second]?.isClaimed ?? false)
        if a != b { return a }
        return (first.batch.count, first.batch, first.task) < (second.batch.count, second.batch, second.task)
      }
    }
    var full: Set<SlurmNeeds> = []
    var rest: [Int] = []
    for number in waiting {
      guard let errand = errands[number] else { continue }
      guard !full.contains(errand.needs), let pilot = choice(for: errand, among: open[errand.needs] ?? []) else {
        full.insert(errand.needs)
        rest.append(number)
        continue
      }
      let line = list(number, on: pilot)
      letters[pilot, default: ("", [])].lines += line
      if errand.checkpoint != nil { letters[pilot, default: ("", [])].outputs.append(errand.request.outputFolder) }
    }
    waiting = rest
    return letters.compactMap { id, letter in
      pilots[id].map { Letter(pilot: id, folder: $0.folder, lines: letter.lines, outputs: letter.outputs) }
    }
  }

  private func choice(for errand: Errand, among open: [PilotID]) -> PilotID? {
    if let before = errand.companionsAt, open.contains(before) { return before }
    let most = depth(of: errand.request.kind)
    // The first of those that have least: a pilot that has nothing, else one with room on its list.
    var best: (pilot: PilotID, load: Int)?
    for id in open {
      guard let load = pilots[id]?.list.count, load < most else { continue }
      if load == 0 { return id }
      if load < best?.load ?? .max { best = (id, load) }
    }
    return best?.pilot
  }

  private mutating func list(_ number: Int, on id: PilotID) -> String {
    guard var pilot = pilots[id], var errand = errands[number] else { return "" }
    pilot.requestCount += 1
    var request = errand.request
    // Answers name the request by its place in this pilot's file: attempts of several runs may have the same number.
    request.attempt = pilot.requestCount
    pilot.list.append(Listed(number: pilot.requestCount, errand: number, output: request.outputFolder))
    errand.checkpoint = CheckpointMark(folder: request.checkpointFolder)
    pilots[id] = pilot
    errands[number] = errand
    return WorkerRequest.run(request).line
  }

  /// A pilot whose time is nearly over is given nothing new.
  private func hasTime(_ pilot: Pilot, _ now: ContinuousClock.Instant) -> Bool {
    guard let limit = pilot.needs.time, let started = pilot.started else { return true }
    let left = Double(limit) - (now - started) / .seconds(1)
    return left > Double(min(profile.grace, limit / 2)) + 5
  }

  /// The jobs that are out, in the queue and running, by what they were given.
  var out: [SlurmNeeds: Int] {
    pilots.values.reduce(into: [:]) { if $1.over == nil && $1.closed == nil { $0[$1.needs, default: 0] += 1 } }
  }

  /// The jobs that waiting errands need: what there is of pilots is busy, and lists are as long as they should be.
  ///
  /// - Parameter paces: What Slurm has taken and refused of each so far.
  package func orders(
    limits: SlurmLimits, paces: inout [SlurmNeeds: SubmissionPace], at now: ContinuousClock.Instant
  ) -> [Order] {
    guard !waiting.isEmpty else { return [] }
    let out = out
    let total = out.values.reduce(0, +)
    var room = max(0, min(profile.maxJobs, limits.jobCount) - total)
    var shares: [SlurmNeeds: Double] = [:]
    var order: [SlurmNeeds] = []
    for number in waiting {
      guard let errand = errands[number] else { continue }
      if shares[errand.needs] == nil { order.append(errand.needs) }
      shares[errand.needs, default: 0] += 1 / Double(depth(of: errand.request.kind))
    }
    var orders: [Order] = []
    for needs in order where room > 0 {
      let such = out[needs, default: 0]
      let taken = paces[needs, default: SubmissionPace()].room(out: such, others: total - such, at: now)
      let wanted = Int((shares[needs] ?? 0).rounded(.up))
      let count = min(wanted, room, limits.arraySize, taken)
      guard count > 0 else { continue }
      orders.append(Order(needs: needs, count: count))
      room -= count
    }
    return orders
  }

  /// Enters the jobs of a submission that is about to be made, so that stages can be put on their lists.
  package mutating func expect(_ batch: SlurmBatchFolder, _ order: Order, at now: ContinuousClock.Instant) {
    batches[batch.name] = Batch(name: batch.name, needs: order.needs, count: order.count, submitted: now)
    for task in 0..<order.count {
      let id = PilotID(batch: batch.name, task: task)
      pilots[id] = Pilot(id: id, folder: batch.pilot(task), needs: order.needs)
    }
  }

  /// Slurm took the jobs, as the array of this number.
  package mutating func accept(_ batch: String, as array: String, at now: ContinuousClock.Instant) {
    batches[batch]?.array = array
    batches[batch]?.submitted = now
  }

  /// Slurm's answer was lost: whether it took the jobs shows when it is asked for them.
  mutating func heardNothing(of batch: String, at now: ContinuousClock.Instant) {
    batches[batch]?.doubt = (now, 0)
  }

  /// The jobs were not taken: their stages wait again.
  mutating func dismiss(_ batch: String) {
    batches[batch] = nil
    let ids = pilots.keys.filter { $0.batch == batch }.sorted { $0.task > $1.task }
    for id in ids {
      release(id)
      pilots[id] = nil
    }
  }

  /// Pilots that wait in the queue while another of like needs stands idle: their stages could begin at once.
  func stealable(at now: ContinuousClock.Instant) -> [PilotID] {
    var free: [SlurmNeeds: Int] = [:]
    for pilot in pilots.values where pilot.isOpen && pilot.hasGreeted && pilot.list.isEmpty && hasTime(pilot, now) {
      free[pilot.needs, default: 0] += 1
    }
    for number in waiting { if let needs = errands[number]?.needs { free[needs, default: 0] -= 1 } }
    guard free.values.contains(where: { $0 > 0 }) else { return [] }
    let patience = Duration.seconds(2 * profile.poll)
    let queued = pilots.values.filter { pilot in
      guard let batch = batches[pilot.id.batch], batch.array != nil else { return false }
      return !pilot.isClaimed && pilot.isOpen && !pilot.list.isEmpty && now - batch.submitted > patience
    }
    var chosen: [PilotID] = []
    for pilot in queued.sorted(by: { $0.list[0].errand < $1.list[0].errand }) where free[pilot.needs, default: 0] > 0 {
      free[pilot.needs, default: 0] -= 1
      chosen.append(pilot.id)
    }
    return chosen
  }
}
