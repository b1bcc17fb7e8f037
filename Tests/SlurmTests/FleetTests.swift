import Executor
import Files
import Foundation
import Planner
import Testing
import WorkerProtocol

/// What follows from what pilots write and what Slurm says of their jobs, without either.
@Suite struct FleetTests {
  /// A fleet and what passes around it.
  struct Scene {
    var fleet: PilotFleet
    var now = ContinuousClock.now
    let root: String
    private var paces: [SlurmNeeds: SubmissionPace] = [:]
    private var submissions = 0

    init(profile: String = "") throws {
      var template = Array("/tmp/graft-fleet-XXXXXX".utf8CString)
      root = String(cString: try #require(mkdtemp(&template)))
      fleet = PilotFleet(
        profile: try SlurmProfile.read(
          data: Data("idle: 2\n\(profile)\n".utf8), fileName: "slurm.yaml", environment: [:]))
    }

    func remove() { try? DurableFiles.remove(root) }

    mutating func hand(over number: Int64, slot: Int = 0) throws {
      let key = try #require(StageKey(hex: String(repeating: "a", count: 63) + String(number % 10)))
      fleet.take(
        StageRequest(
          attempt: number, key: key, kind: .train, label: "train-\(number)", parameters: [:], inputs: [],
          locations: [:],
          outputFolder: "\(root)/out", checkpointFolder: "\(root)/check-\(number)", threads: 1, device: "cpu"),
        slot: slot)
    }

    /// Slurm takes what is asked for; the first of the new pilots.
    mutating func submit() throws -> PilotFleet.PilotID {
      var first: PilotFleet.PilotID?
      for order in fleet.orders(limits: SlurmLimits(config: ""), paces: &paces, at: now) {
        submissions += 1
        let batch = SlurmBatchFolder(workspace: root, run: "run", number: submissions)
        fleet.expect(batch, order, at: now)
        fleet.accept(batch.name, as: "\(submissions)", at: now)
        first = first ?? PilotFleet.PilotID(batch: batch.name, task: 0)
      }
      _ = fleet.place(at: now)
      return try #require(first)
    }

    /// The next pilot begins the one stage.
    mutating func begin() throws -> PilotFleet.PilotID {
      let pilot = try submit()
      hear(.said(.hello(version: ProtocolVersion.current, processID: 1)), .began(attempt: 1), from: pilot)
      return pilot
    }

    mutating func hear(_ events: PilotEvent..., from pilot: PilotFleet.PilotID) {
      for event in events { fleet.hear(event, from: pilot, at: now) }
    }

    /// Slurm says so of the one job; the question was put just before.
    mutating func see(_ state: String, of pilot: PilotFleet.PilotID) {
      now += .seconds(1)
      let job = SlurmJob(
        array: "\(submissions)", task: pilot.task, name: pilot.batch, state: SlurmState(name: state), node: "node1")
      _ = fleet.see([job], ofNames: [pilot.batch], asked: now, at: now)
    }

    /// What has ended by now is taken down.
    mutating func bury() -> [SlurmEnding] {
      let ended = fleet.ended(at: now)
      for (pilot, ending) in ended { fleet.endPilot(pilot, ending) }
      return ended.map(\.ending)
    }

    /// The stage's time is up, and its pilot has said so.
    mutating func meetTimeLimit(_ cost: StageCost = StageCost()) throws {
      let pilot = try begin()
      hear(.said(.stopped(attempt: 1, cost)), .closed(.timeUp), from: pilot)
      #expect(bury() == [.timeLimit])
    }

    /// Last words on stages, not what they say meanwhile.
    var answers: [WorkerReport.Content] {
      fleet.outbox.map(\.report.content).filter { content in
        switch content {
        case .said(.done), .said(.failed), .said(.stopped), .lost: true
        default: false
        }
      }
    }

    /// The last answer, as a failure.
    var failure: StageFailure? { if case .lost(.ended(let failure))? = answers.last { failure } else { nil } }
  }

  @Test func threeTimeLimitsWithoutHeadwayAreAFailureForTime() throws {
    var scene = try Scene(profile: "time: 10")
    defer { scene.remove() }
    try scene.hand(over: 5)
    for _ in 0..<2 {
      try scene.meetTimeLimit()
      #expect(scene.answers == [])
    }
    try scene.meetTimeLimit()
    let failure = try #require(scene.failure)
    #expect(failure.failureClass == .time)
    #expect(failure.message.hasPrefix("it made no headway within the time limit of its jobs: 3 in a row"))
    #expect(failure.message.hasSuffix("the limit is 0-00:10:00 (slurm.time)"))
    #expect(failure.remedy?.contains("raise `time`") == true && failure.remedy?.contains("--checkpoint-every") == true)
  }

  @Test func headwayBeginsTheCountAnew() throws {
    var scene = try Scene(profile: "time: 10")
    defer { scene.remove() }
    try scene.hand(over: 5)
    try DurableFiles.makeFolder("\(scene.root)/check-5")
    for step in 0..<8 {
      let pilot = try scene.begin()
      if step % 3 == 2 { try DurableFiles.write(Array("\(step)".utf8), to: "\(scene.root)/check-5/step") }
      scene.hear(.said(.stopped(attempt: 1, StageCost())), .closed(.timeUp), from: pilot)
      #expect(scene.bury() == [.timeLimit])
    }
    #expect(scene.answers == [])
  }

  @Test(arguments: ["PREEMPTED", "PENDING"])
  func whoIsDisplacedGoesOnAsOftenAsItTakes(state: String) throws {
    var scene = try Scene()
    defer { scene.remove() }
    try scene.hand(over: 5)
    for _ in 0..<6 {
      let pilot = try scene.begin()
      scene.hear(.said(.stopped(attempt: 1, StageCost())), .closed(.terminated), from: pilot)
      // Why it was told to end, only Slurm knows.
      #expect(scene.bury() == [])
      scene.see(state, of: pilot)
      #expect(scene.bury() == [state == "PENDING" ? .requeued : .preempted])
    }
    #expect(scene.answers == [])
    #expect(scene.fleet.notes.allSatisfy { $0 == "train-5: interrupted with its job, goes on in another one" })
  }

  @Test func whatInterruptedTriesCostIsAddedUp() throws {
    var scene = try Scene()
    defer { scene.remove() }
    try scene.hand(over: 5)
    try scene.meetTimeLimit(StageCost(cpuSeconds: 10, peakMemory: 300, peakDeviceMemory: 70))
    try scene.meetTimeLimit(StageCost(cpuSeconds: 20, peakMemory: 100))
    let pilot = try scene.begin()
    scene.hear(.said(.done(attempt: 1, StageOutcome(), StageCost(cpuSeconds: 1, peakMemory: 200))), from: pilot)
    let total = StageCost(cpuSeconds: 31, peakMemory: 300, peakDeviceMemory: 70)
    #expect(scene.answers == [.said(.done(attempt: 5, StageOutcome(), total))])
  }

  /// A job that is in the queue again though its pilot had begun: nobody begins its stage before that is gone for certain, and
  /// the job is cancelled.
  @Test func aJobThatIsPutBackIntoTheQueueIsCancelled() throws {
    var scene = try Scene()
    defer { scene.remove() }
    try scene.hand(over: 5)
    let pilot = try scene.begin()
    scene.see("PENDING", of: pilot)
    #expect(scene.fleet.strays == ["1_0"])
    #expect(scene.fleet.doubtfulPilots == [pilot])
    scene.now += .seconds(60)
    #expect(scene.bury() == [])
    scene.fleet.revoked(pilot)
    #expect(scene.bury() == [.requeued])
    #expect(scene.answers == [])
    #expect(try scene.submit() != pilot)
  }

  /// The answer to a question that was put before it began.
  @Test func aJobThatWasInTheQueueJustNowIsNotPutBack() throws {
    var scene = try Scene()
    defer { scene.remove() }
    try scene.hand(over: 5)
    let asked = scene.now
    scene.now += .seconds(1)
    let pilot = try scene.begin()
    let job = SlurmJob(array: "1", task: 0, name: pilot.batch, state: .waiting)
    _ = scene.fleet.see([job], ofNames: [pilot.batch], asked: asked, at: scene.now)
    #expect(scene.fleet.strays == [] && scene.fleet.doubtfulPilots == [])
  }

  @Test func aJobThatRanOutOfMemoryIsAFailureForMemory() throws {
    var scene = try Scene(profile: "memory: 4G")
    defer { scene.remove() }
    try scene.hand(over: 5)
    let pilot = try scene.begin()
    scene.see("OUT_OF_MEMORY", of: pilot)
    scene.fleet.revoked(pilot)
    scene.now += .seconds(5)
    #expect(scene.bury() == [.outOfMemory])
    let failure = try #require(scene.failure)
    #expect(failure.failureClass == .memory && failure.message == "Slurm ended job 1_0 on node1 for want of memory")
    #expect(failure.remedy?.contains("raise `memory` in the section slurm (it is 4G)") == true)
  }
}
