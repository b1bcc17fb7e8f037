import Foundation
import Testing

/// A run killed at random moments ends, after the same command, in the same bytes as one that nothing disturbed.
@Suite(.serialized) struct InterruptionTests {
  static let tables = ["cells.csv", "settings.csv", "gains.csv", "history.csv"]

  /// How a run is disturbed.
  enum Disturbance: CaseIterable {
    case killCoordinator, killWorker, interrupt, terminate
  }

  @Test(.timeLimit(.minutes(10))) func killedAtRandomMomentsTheResultIsTheSame() throws {
    let study = Studies.small(epochs: 6, trainingImages: 256)
    let calm = try TemporaryFolder()
    try calm.write(study, to: "small.yaml")
    let undisturbed = try GraftProcess.run(["run", "small.yaml"], in: calm)
    try #require(undisturbed.status == 0, "\(undisturbed.errors)")
    #expect(try GraftProcess.run(["report", "small.yaml"], in: calm).status == 0)

    let stormy = try TemporaryFolder()
    try stormy.write(study, to: "small.yaml")
    var random = SystemRandomNumberGenerator()
    var disturbed = 0
    var attempts = 0
    var workersKilled = 0
    var drawn: [Disturbance] = []
    while disturbed < 20, attempts < 60 {
      attempts += 1
      let run = try GraftProcess.start(["run", "small.yaml", "--checkpoint-every", "0.05"], in: stormy)
      Thread.sleep(forTimeInterval: Double.random(in: 0.05...0.7, using: &random))
      let disturbance = try #require(Disturbance.allCases.randomElement(using: &random))
      guard run.isRunning else {
        #expect(try run.finish().status == 0)
        break
      }
      drawn.append(disturbance)
      switch disturbance {
      case .killCoordinator: run.signal(SIGKILL)
      case .killWorker:
        // The run itself goes on and tries again; it is left some time to show that, then killed.
        for worker in run.children.prefix(1) {
          kill(worker, SIGKILL)
          workersKilled += 1
        }
        Thread.sleep(forTimeInterval: 0.2)
        run.signal(SIGKILL)
      case .interrupt: run.signal(SIGINT)
      case .terminate: run.signal(SIGTERM)
      }
      let status = try run.finish().status
      switch disturbance {
      case .killCoordinator, .killWorker: #expect(status == 128 + SIGKILL || status == 0)
      // A signal that comes before the program has begun ends it by itself.
      case .interrupt: #expect(status == 130 || status == 0)
      case .terminate: #expect(status == 130 || status == 0 || status == 128 + SIGTERM)
      }
      disturbed += 1
    }
    #expect(disturbed >= 20, "the study ended after \(disturbed) disturbances: it is too small for this test")

    // A worker that was to be killed was there to be found.
    #expect(workersKilled > 0 || !drawn.contains(.killWorker))
    let last = try GraftProcess.run(["run", "small.yaml"], in: stormy)
    try #require(last.status == 0, "\(last.errors)")
    #expect(try GraftProcess.run(["report", "small.yaml"], in: stormy).status == 0)
    for table in Self.tables {
      #expect(try stormy.data("results/small/\(table)") == calm.data("results/small/\(table)"), "\(table) differs")
    }
    // No finished stage was redone.
    let recorded = try GraftProcess.run(["export", "small.yaml", "--table", "attempts"], in: stormy)
    let done = recorded.output.split(separator: "\n").dropFirst().map {
      $0.split(separator: ",", omittingEmptySubsequences: false)
    }
    .filter { $0.contains("done") }.map { String($0[0]) }
    #expect(!done.isEmpty)
    #expect(Set(done).count == done.count, "a stage is recorded as done twice")
  }

  @Test(.timeLimit(.minutes(2))) func secondRunRunsNothing() throws {
    let folder = try TemporaryFolder()
    try folder.write(Studies.small(epochs: 1), to: "small.yaml")
    let first = try GraftProcess.run(["run", "small.yaml"], in: folder)
    try #require(first.status == 0, "\(first.errors)")
    let second = try GraftProcess.run(["run", "small.yaml"], in: folder)
    #expect(second.status == 0)
    #expect(second.errors.contains("nothing to run"), "\(second.errors)")
  }

  @Test(.timeLimit(.minutes(2))) func aSecondRunInOneWorkspaceIsRefusedWithWhoHoldsIt() throws {
    let folder = try TemporaryFolder()
    try folder.write(Studies.small(epochs: 40), to: "small.yaml")
    let first = try GraftProcess.start(["run", "small.yaml"], in: folder)
    while first.isRunning, !folder.exists(".graft/lock") { Thread.sleep(forTimeInterval: 0.01) }
    Thread.sleep(forTimeInterval: 0.2)
    let second = try GraftProcess.run(["run", "small.yaml"], in: folder)
    #expect(second.status == 75)
    #expect(second.errors.contains("\(first.process.processIdentifier)"), "\(second.errors)")
    // Reading commands work meanwhile.
    #expect(try GraftProcess.run(["status", "small.yaml"], in: folder).status == 0)
    first.signal(SIGINT)
    #expect(try first.finish().status == 130)
  }
}
