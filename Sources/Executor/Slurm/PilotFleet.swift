import Planner
import Store
import WorkerProtocol

/// The pilots of a run and the stages that were handed out to them: what is known, and what follows from it. It opens no
/// conversation and calls no command; those who do tell it what came of that.
///
/// A stage is an errand from the moment the coordinator hands it over until it is answered for. It waits, or stands on one
/// pilot's list; it leaves that list only by an answer, or when the pilot is known to run no more. That is why no stage ever
/// runs twice at once.
package struct PilotFleet {
  /// A stage that the coordinator, or one before it, handed over.
  struct Errand {
    /// Where the coordinator put it; nil for one of an earlier run that this one has not asked for.
    var slot: Int?
    var request: StageRequest
    var needs: SlurmNeeds
    /// The pilot that has begun what this stage shares with those before it.
    var companionsAt: PilotID?
    /// Told to stop, or to be killed, by the coordinator.
    var stopWanted = false
    var killWanted = false
    /// How its checkpoint looked when it was last handed out, and how many time limits in a row it met without getting further.
    var checkpoint: CheckpointMark?
    var fruitless = 0
    /// What interrupted attempts have cost.
    var spent = StageCost()
  }

  /// An errand on a pilot's list.
  struct Listed {
    /// The attempt's number in the conversation with this pilot: its place among the requests.
    let number: Int64
    let errand: Int
    /// Where this pilot was told to put the files.
    let output: String
    var begun: ContinuousClock.Instant?
    var leftNothing = false
    /// It wrote a checkpoint and stopped, though the coordinator had not asked for that.
    var wasInterrupted = false
  }

  package struct PilotID: Hashable, Sendable {
    /// The name of its array's jobs.
    package let batch: String
    package let task: Int

    package init(batch: String, task: Int) {
      self.batch = batch
      self.task = task
    }
  }

  struct Pilot {
    let id: PilotID
    let folder: PilotFolder
    let needs: SlurmNeeds
    var list: [Listed] = []
    /// Requests written so far.
    var requestCount: Int64 = 0
    /// It began to work on its requests.
    var isClaimed = false
    var hasGreeted = false
    var started: ContinuousClock.Instant?
    var closed: (end: PilotEnd, at: ContinuousClock.Instant)?
    /// How its job ended, as far as Slurm says.
    var over: (ending: SlurmEnding, at: ContinuousClock.Instant)?
    var node = ""
    /// Status answers in which its job was missing, one after the other.
    var absences = 0
    var stopWanted = false
    var stopSent = false
    var killWanted = false
    var revoked = false
    /// Its job is to be cancelled by us, or was.
    var cancelWanted = false
    var cancelSent = false

    /// Whether it can be given more.
    var isOpen: Bool {
      closed == nil && over == nil && !stopWanted && !killWanted && !revoked && !cancelWanted
    }
  }

  /// The jobs of one submission.
  struct Batch {
    let name: String
    let needs: SlurmNeeds
    let count: Int
    /// The array's number; nil as long as the answer of `sbatch` is not known.
    var array: String?
    var submitted: ContinuousClock.Instant
    /// The answer was lost: since when, and in how many status answers since then it was missing.
    var doubt: (since: ContinuousClock.Instant, absences: Int)?
  }

  /// A report for the coordinator, and the folder whose files it speaks of, where that is not where the coordinator looks.
  package struct Delivery {
    package let report: WorkerReport
    var move: (from: String, to: String)?
    /// Files are missed where they are not there.
    var needsFiles = false
    /// A job's log, whose end belongs to the report.
    var log: String?
  }

  let profile: SlurmProfile
  var errands: [Int: Errand] = [:]
  var pilots: [PilotID: Pilot] = [:]
  var batches: [String: Batch] = [:]
  /// Errands that no pilot has, in the order in which they should begin.
  var waiting: [Int] = []
  /// What the coordinator is to be told, and the user.
  package var outbox: [Delivery] = []
  package var notes: [String] = []
  /// Stages that pilots of an earlier run finished, by key: the answer, where the files went, whether there are any.
  var finishedBefore: [StageKey: (outcome: StageOutcome, cost: StageCost, output: String, leftNothing: Bool)] = [:]
  /// Errands of an earlier run that a pilot still has, by key.
  var adoptable: [StageKey: Int] = [:]
  /// How far the events of their pilots were read.
  var heardBefore: [PilotID: AppendedLines] = [:]
  var durations: [StageKind: (count: Double, total: Double)] = [:]
  var badNodes: [String] = []
  /// Folders in which pilots that are no more may have left half of something; nobody reads them.
  package var abandoned: [String] = []
  /// Jobs to be cancelled that are nobody's any more, by their numbers.
  package var strays: Set<String> = []
  /// Pilots in a row that ended before they said anything.
  var silentEnds = 0
  /// Jobs that ran stages.
  var jobsStarted = 0
  private var nextErrand = 0
  private var errandAtSlot: [Int: Int] = [:]
  private var companions: [Int: (keys: Set<StageKey>, pilot: PilotID)] = [:]
  private var shownStates: Set<String> = []

  package init(profile: SlurmProfile) { self.profile = profile }

  // MARK: - From the coordinator

  /// A stage is to run.
  package mutating func take(_ request: StageRequest, slot: Int) {
    if let done = finishedBefore.removeValue(forKey: request.key) {
      deliver(
        .said(.done(attempt: request.attempt, done.outcome, done.cost)), slot: slot,
        files: (done.output, request.outputFolder), needsFiles: !done.leftNothing)
      return
    }
    if let number = adoptable.removeValue(forKey: request.key), var errand = errands[number] {
      errand.slot = slot
      errand.request = request
      errands[number] = errand
      errandAtSlot[slot] = number
      if pilots.values.contains(where: { $0.list.contains { $0.errand == number && $0.begun != nil } }) {
        deliver(.began(attempt: request.attempt), slot: slot)
      }
      return
    }
    var errand = Errand(slot: slot, request: request, needs: profile.needs(of: request.kind))
    if let before = companions[slot], before.keys.contains(request.key) { errand.companionsAt = before.pilot }
    let number = add(errand)
    errandAtSlot[slot] = number
    // What follows the stage before it shares its worker's memory: it comes before what is new.
    if errand.companionsAt != nil { waiting.insert(number, at: 0) } else { waiting.append(number) }
  }

  mutating func add(_ errand: Errand) -> Int {
    nextErrand += 1
    errands[nextErrand] = errand
    return nextErrand
  }

  /// The stage at a slot is to write a checkpoint and stop. A pilot stops all that it has: the coordinator stops all or
  /// nothing.
  package mutating func stop(slot: Int) {
    guard let number = errandAtSlot[slot] else { return }
    errands[number]?.stopWanted = true
    if let place = waiting.firstIndex(of: number) {
      waiting.remove(at: place)
      answerStopped(number)
    } else if let pilot = pilotOf(number) {
      pilots[pilot]?.stopWanted = true
    }
  }

  /// The stage at a slot is to be ended, with its pilot.
  package mutating func kill(slot: Int) {
    guard let number = errandAtSlot[slot] else { return }
    errands[number]?.killWanted = true
    if let place = waiting.firstIndex(of: number) {
      waiting.remove(at: place)
      answerLost(number, .signalled(9, outOfMemory: false))
    } else if let pilot = pilotOf(number) {
      pilots[pilot]?.killWanted = true
      pilots[pilot]?.cancelWanted = true
    }
  }

  /// A pilot was told, in a way that it cannot miss, to end at once.
  package mutating func revoked(_ id: PilotID) { pilots[id]?.revoked = true }

  private func pilotOf(_ errand: Int) -> PilotID? {
    pilots.values.first { pilot in pilot.list.contains { $0.errand == errand } }?.id
  }

  // MARK: - To the coordinator

  private mutating func deliver(
    _ content: WorkerReport.Content, slot: Int, files: (from: String, to: String)? = nil, needsFiles: Bool = false,
    log: String? = nil
  ) {
    let move = files.flatMap { $0.from == $0.to ? nil : $0 }
    outbox.append(
      Delivery(
        report: WorkerReport(slot: slot, worker: slot, content), move: move, needsFiles: needsFiles, log: log))
  }

  /// Tells of an errand that goes on.
  mutating func tell(_ content: WorkerReport.Content, of errand: Int) {
    guard let slot = errands[errand]?.slot else { return }
    deliver(content, slot: slot)
  }

  /// The last word on an errand.
  mutating func answer(
    _ number: Int, _ content: WorkerReport.Content, from output: String? = nil, needsFiles: Bool = false,
    log: String? = nil, by pilot: PilotID? = nil
  ) {
    guard let errand = errands.removeValue(forKey: number) else { return }
    guard let slot = errand.slot else {
      if adoptable[errand.request.key] == number { adoptable[errand.request.key] = nil }
      return
    }
    errandAtSlot[slot] = nil
    let following = Set(errand.request.companions.map(\.key))
    companions[slot] = following.isEmpty ? nil : pilot.map { (following, $0) }
    deliver(
      content, slot: slot, files: output.map { ($0, errand.request.outputFolder) }, needsFiles: needsFiles, log: log)
  }

  mutating func answerStopped(_ number: Int, _ cost: StageCost = StageCost()) {
    guard let errand = errands[number] else { return }
    answer(number, .said(.stopped(attempt: errand.request.attempt, cost + errand.spent)))
  }

  mutating func answerLost(_ number: Int, _ loss: WorkerLoss, log: String? = nil) {
    answer(number, .lost(loss), log: log)
  }

  /// Says a thing once in a run.
  mutating func noteOnce(_ subject: String, _ text: String) {
    if shownStates.insert(subject).inserted { notes.append(text) }
  }
}
