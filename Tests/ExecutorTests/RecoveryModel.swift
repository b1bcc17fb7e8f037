import Executor
import WorkerProtocol

/// A model of a run that may be cut off anywhere: what lies on the disk, what the coordinator knows and loses with its process,
/// workers that outlive it, and the steps of recovery, each of which may be the last. What the coordinator decides, the real
/// `Schedule` decides; what recovery does is told here in short, and `RecoveryModelTests` holds it against the real one.
struct RecoveryModel {
  /// A graph: for each stage its inputs, and whether it leaves files.
  struct Graph: Hashable {
    let inputs: [[Int]]
    let leavesFiles: [Bool]
  }

  /// The folder that an attempt writes into.
  enum Output: Hashable { case none, partial, complete }

  struct StageOnDisk: Hashable {
    var hasArtifact = false
    var output = Output.none
    /// The database knows that it is done.
    var isRecorded = false
    /// The database says that it runs.
    var isRunning = false
  }

  /// What a worker is at.
  enum Phase: Hashable { case writing, written }

  struct Worker: Hashable {
    let stage: Int
    var phase = Phase.writing
  }

  enum Message: Hashable { case done(slot: Int, stage: Int), lost(slot: Int, stage: Int) }
  enum Entry: Hashable { case started(Int), finished(Int), failed(Int) }

  /// A coordinator's process: gone with it are the schedule, what it has not read, and what it has not written.
  struct Coordinator {
    var schedule: Schedule
    var running: [Int: Int] = [:]
    var inbox: [Message] = []
    /// Results whose files are being hashed.
    var hashing: Set<Int> = []
    var unwritten: [Entry] = []
    var retries: Set<Int> = []
    var isAtEnd = false
  }

  /// The steps of a start after which a run may begin.
  enum Recovery: Hashable { case orphans, outputs(next: Int), rows, adoption(next: Int) }

  /// What a careless run would do; the exploration has to find each.
  enum Flaw: Hashable {
    /// Recovery does not wait for workers that outlive their coordinator.
    case ignoresOrphans
    /// A result is recorded before its files lie in place.
    case recordsBeforeFiles
    /// Recovery throws away what lies complete and was not recorded.
    case dropsCompleteOutputs
    /// Recovery leaves half-written folders.
    case keepsPartialOutputs
  }

  let graph: Graph
  let flaw: Flaw?
  var disk: [StageOnDisk]
  /// Stages whose output was complete once.
  private var wasComplete: Set<Int> = []
  var coordinator: Coordinator?
  var recovery: Recovery?
  /// The worker at each slot, orphans included.
  var workers: [Int: Worker] = [:]
  /// How often the coordinator and the workers may still die.
  var crashesLeft: Int
  var deathsLeft: Int
  var hasEnded = false
  /// What must not be.
  private(set) var faults: [String] = []

  enum Event: Hashable {
    /// A worker writes the last byte of its output.
    case writes(slot: Int)
    /// It says so; an orphan ends.
    case answers(slot: Int)
    case dies(slot: Int)
    /// An orphan stops at a checkpoint, or is killed by recovery.
    case orphanEnds(slot: Int)
    case reads
    case hashed(stage: Int)
    case journalWrites
    case retryDue(stage: Int)
    case crashes
    case starts
    case recovers
  }

  init(graph: Graph, crashes: Int, deaths: Int, flaw: Flaw? = nil) {
    self.graph = graph
    self.flaw = flaw
    disk = graph.inputs.map { _ in StageOnDisk() }
    crashesLeft = crashes
    deathsLeft = deaths
  }

  // MARK: - What can happen

  func events() -> [Event] {
    guard !hasEnded else { return [] }
    var events: [Event] = []
    let isOrphaned = coordinator == nil
    for slot in workers.keys.sorted() {
      guard let worker = workers[slot] else { continue }
      switch worker.phase {
      case .writing: events.append(.writes(slot: slot))
      case .written: events.append(.answers(slot: slot))
      }
      if isOrphaned {
        events.append(.orphanEnds(slot: slot))
      } else if deathsLeft > 0 {
        events.append(.dies(slot: slot))
      }
    }
    if let coordinator {
      if !coordinator.inbox.isEmpty { events.append(.reads) }
      events += coordinator.hashing.sorted().map { .hashed(stage: $0) }
      if !coordinator.unwritten.isEmpty { events.append(.journalWrites) }
      events += coordinator.retries.sorted().map { .retryDue(stage: $0) }
    } else if let recovery {
      if recovery != .orphans || workers.isEmpty || flaw == .ignoresOrphans { events.append(.recovers) }
    } else {
      events.append(.starts)
    }
    if crashesLeft > 0, coordinator != nil || recovery != nil { events.append(.crashes) }
    return events
  }

  mutating func apply(_ event: Event) {
    switch event {
    case .writes(let slot): writes(slot)
    case .answers(let slot): answers(slot)
    case .dies(let slot):
      deathsLeft -= 1
      if let worker = workers.removeValue(forKey: slot) {
        coordinator?.inbox.append(.lost(slot: slot, stage: worker.stage))
      }
    case .orphanEnds(let slot): workers[slot] = nil
    case .reads:
      if let message = coordinator?.inbox.removeFirst() { read(message) }
    case .hashed(let stage):
      coordinator?.hashing.remove(stage)
      coordinator?.unwritten.append(.finished(stage))
    case .journalWrites:
      for entry in coordinator?.unwritten ?? [] { write(entry) }
      coordinator?.unwritten = []
    case .retryDue(let stage):
      coordinator?.retries.remove(stage)
      tell(.retryDue(stage: stage))
    case .crashes:
      crashesLeft -= 1
      coordinator = nil
      recovery = nil
    case .starts: recovery = .orphans
    case .recovers: recovers()
    }
    endIfDone()
  }

  // MARK: - Workers

  private mutating func writes(_ slot: Int) {
    guard let stage = workers[slot]?.stage else { return }
    workers[slot]?.phase = .written
    guard graph.leavesFiles[stage] else { return }
    disk[stage].output = .complete
    wasComplete.insert(stage)
  }

  private mutating func answers(_ slot: Int) {
    guard let worker = workers.removeValue(forKey: slot) else { return }
    coordinator?.inbox.append(.done(slot: slot, stage: worker.stage))
  }

  private mutating func begin(_ stage: Int, at slot: Int) {
    if workers[slot] != nil { faults.append("slot \(slot) is given to two workers") }
    if workers.values.contains(where: { $0.stage == stage }) { faults.append("stage \(stage) runs twice at once") }
    if disk[stage].isRecorded { faults.append("stage \(stage) is recorded as done and begun again") }
    if wasComplete.contains(stage) { faults.append("stage \(stage) lay complete and is begun again") }
    if disk[stage].output != .none { faults.append("stage \(stage) is begun in a folder that is not empty") }
    for input in graph.inputs[stage] where graph.leavesFiles[input] && !disk[input].hasArtifact {
      faults.append("stage \(stage) is begun without the artifact of \(input)")
    }
    workers[slot] = Worker(stage: stage)
    if graph.leavesFiles[stage] { disk[stage].output = .partial }
  }

  // MARK: - The coordinator

  private mutating func tell(_ event: Schedule.Event) {
    for directive in coordinator?.schedule.handle(event) ?? [] {
      switch directive {
      case .start(let stage, let slot):
        begin(stage, at: slot)
        coordinator?.running[slot] = stage
        coordinator?.unwritten.append(.started(stage))
      case .awaitRetry(let stage, _): coordinator?.retries.insert(stage)
      case .end: coordinator?.isAtEnd = true
      case .askToStop, .kill, .block: break
      }
    }
  }

  private mutating func read(_ message: Message) {
    switch message {
    case .done(let slot, let stage):
      coordinator?.running[slot] = nil
      finish(stage)
    case .lost(let slot, let stage):
      coordinator?.running[slot] = nil
      if disk[stage].output == .complete {
        finish(stage)
      } else {
        disk[stage].output = .none
        coordinator?.unwritten.append(.failed(stage))
        tell(.failed(stage: stage, .crash, advanced: false))
      }
    }
  }

  private mutating func finish(_ stage: Int) {
    if flaw == .recordsBeforeFiles {
      write(.finished(stage))
      if graph.leavesFiles[stage] { moveToArtifacts(stage) }
    } else if graph.leavesFiles[stage] {
      moveToArtifacts(stage)
      coordinator?.hashing.insert(stage)
    } else {
      coordinator?.unwritten.append(.finished(stage))
    }
    tell(.finished(stage: stage))
  }

  private mutating func moveToArtifacts(_ stage: Int) {
    if disk[stage].hasArtifact { faults.append("the artifact of stage \(stage) is replaced") }
    if disk[stage].output != .complete { faults.append("stage \(stage) is kept incomplete") }
    disk[stage].hasArtifact = true
    disk[stage].output = .none
  }

  private mutating func write(_ entry: Entry) {
    switch entry {
    case .started(let stage): disk[stage].isRunning = true
    case .failed(let stage): disk[stage].isRunning = false
    case .finished(let stage):
      disk[stage].isRunning = false
      if disk[stage].isRecorded { faults.append("stage \(stage) is recorded as done twice") }
      if graph.leavesFiles[stage], !disk[stage].hasArtifact {
        faults.append("stage \(stage) is recorded as done without its artifact")
      }
      disk[stage].isRecorded = true
    }
  }

  // MARK: - Recovery

  private mutating func recovers() {
    switch recovery {
    case .orphans:
      recovery = .outputs(next: 0)
    case .outputs(let stage):
      if disk[stage].output == .complete, flaw != .dropsCompleteOutputs { moveToArtifacts(stage) }
      if flaw != .keepsPartialOutputs { disk[stage].output = .none }
      recovery = stage + 1 < disk.count ? .outputs(next: stage + 1) : .rows
    case .rows:
      for stage in disk.indices { disk[stage].isRunning = false }
      recovery = .adoption(next: 0)
    case .adoption(let stage):
      if disk[stage].hasArtifact { disk[stage].isRecorded = true }
      if stage + 1 < disk.count { recovery = .adoption(next: stage + 1) } else { beginRun() }
    case nil: break
    }
  }

  private mutating func beginRun() {
    recovery = nil
    let done = disk.indices.map { disk[$0].isRecorded && (disk[$0].hasArtifact || !graph.leavesFiles[$0]) }
    coordinator = Coordinator(
      schedule: Schedule(
        inputs: graph.inputs, done: done, layout: SlotLayout(slotsPerPlace: 2),
        retry: RetryPolicy(retries: deathsLeft + 1, firstDelay: .seconds(1))))
    tell(.begin)
  }

  /// A run ends when all is done and written.
  private mutating func endIfDone() {
    guard let coordinator, coordinator.isAtEnd, coordinator.hashing.isEmpty, coordinator.unwritten.isEmpty else {
      return
    }
    hasEnded = true
    for (stage, state) in disk.enumerated() {
      if !state.isRecorded { faults.append("the run ended, and stage \(stage) is not recorded as done") }
      if state.isRunning { faults.append("the run ended, and stage \(stage) is recorded as running") }
      if state.output != .none { faults.append("the run ended and left the output of stage \(stage)") }
    }
    if !workers.isEmpty { faults.append("the run ended beside \(workers.count) workers") }
  }

  // MARK: - Exploring

  /// What two worlds must have in common to go on alike.
  struct Signature: Hashable {
    let disk: [StageOnDisk]
    let workers: [Int: Worker]
    let recovery: Recovery?
    let statuses: [Schedule.Status]?
    let inbox: [Message]
    let hashing: Set<Int>
    let unwritten: [Entry]
    let crashesLeft: Int
    let deathsLeft: Int
    let hasEnded: Bool
  }

  var signature: Signature {
    Signature(
      disk: disk, workers: workers, recovery: recovery, statuses: coordinator?.schedule.statuses,
      inbox: coordinator?.inbox ?? [], hashing: coordinator?.hashing ?? [], unwritten: coordinator?.unwritten ?? [],
      crashesLeft: crashesLeft, deathsLeft: deathsLeft, hasEnded: hasEnded)
  }

  /// What exploring every order of events found.
  struct Exploration {
    var worlds = 0
    var endings = 0
    var faults: Set<String> = []
    /// The disks on which a recovery began, its orphans gone, each with the disk that it left.
    var recovered: [[StageOnDisk]: [StageOnDisk]] = [:]
  }

  /// Walks everything that can happen, each world once.
  static func explored(_ graph: Graph, crashes: Int, deaths: Int, flaw: Flaw? = nil) -> Exploration {
    var exploration = Exploration()
    var open = [RecoveryModel(graph: graph, crashes: crashes, deaths: deaths, flaw: flaw)]
    var seen: Set<Signature> = []
    while let world = open.popLast() {
      guard seen.insert(world.signature).inserted else { continue }
      exploration.worlds += 1
      exploration.faults.formUnion(world.faults)
      if world.hasEnded { exploration.endings += 1 }
      if world.recovery == .outputs(next: 0), exploration.recovered[world.disk] == nil {
        exploration.recovered[world.disk] = world.recoveredDisk
      }
      let events = world.events()
      if events.isEmpty, !world.hasEnded { exploration.faults.insert("hangs: \(world.signature)") }
      for event in events {
        var next = world
        next.apply(event)
        open.append(next)
      }
    }
    return exploration
  }

  /// The disk as the steps of recovery leave it.
  private var recoveredDisk: [StageOnDisk] {
    var world = self
    while world.recovery != nil, world.recovery != .adoption(next: disk.count - 1) { world.recovers() }
    if let last = world.disk.indices.last, world.disk[last].hasArtifact { world.disk[last].isRecorded = true }
    return world.disk
  }
}
