import Foundation
import Planner
import Testing

/// What jobs of a cluster ask for.
@Suite struct SlurmProfileTests {
  func profile(_ text: String) throws -> SlurmProfile {
    try SlurmProfile.read(data: Data(text.utf8), fileName: "slurm.yaml", environment: [:])
  }

  @Test(
    arguments: [
      ("30", 1800), ("1:30", 90), ("1:30:00", 5400), ("2-12", 216_000), ("0-00:10", 600), ("1-00:00:01", 86_401),
      ("0", nil), ("", nil), ("4h", nil), ("1:2:3:4", nil), ("1-1-1", nil), ("-5", nil), ("1:", nil), ("99999999", nil),
    ] as [(String, Int?)])
  func timesAreSlurms(_ text: String, _ seconds: Int?) {
    #expect(SlurmTime.seconds(text) == seconds)
  }

  @Test(arguments: [1, 59, 60, 3600, 86_399, 86_400, 1_000_000]) func aTimeIsReadAsItIsWritten(_ seconds: Int) {
    #expect(SlurmTime.seconds(SlurmTime.text(seconds: seconds)) == seconds)
  }

  @Test func theStudyWinsMemberByMemberAndKindByKind() throws {
    let users = try profile(
      "partition: main\ntime: 60\nsetup: [a, b]\nkinds: {train: {time: 120, cpus: 4}, test: {cpus: 2}}")
    let studys = try profile("time: 30\nsetup: [c]\nkinds: {train: {cpus: 8}}\nmax_jobs: 7")
    let both = users.overlaid(by: studys)
    #expect(both.needs(of: .train) == SlurmNeeds(partition: "main", time: 7200, cpus: 8))
    #expect(both.needs(of: .test) == SlurmNeeds(partition: "main", time: 1800, cpus: 2))
    #expect(both.needs(of: .knn) == SlurmNeeds(partition: "main", time: 1800, cpus: 1))
    #expect(both.setup == ["c"])
    #expect(both.maxJobs == 7)
    // A default is no answer: it does not win over what the user's file says.
    #expect(try profile("idle: 99").overlaid(by: try profile("poll: 2")).idle == 99)
  }

  @Test func aFileThatSaysNothingAsksForNothing() throws {
    #expect(try profile("# nothing yet\n") == SlurmProfile())
    #expect(SlurmProfile().needs(of: .train) == SlurmNeeds())
  }

  @Test func allFaultsOfAUsersFileComeAtOnce() {
    #expect {
      try profile("time: soon\nmemory: much\ncolour: red\n")
    } throws: { error in
      (error as? StudyFaults)?.diagnostics.map(\.line) == [1, 2, 3]
    }
  }

  @Test(arguments: [("gpu:1", true), ("gpu", true), ("shard:1,gpu:a100:2", true), ("none", false), ("mps:100", false)])
  func aJobHasAGPUByItsResources(_ gres: String, _ hasGPU: Bool) {
    #expect(SlurmNeeds(gres: gres).hasGPU == hasGPU)
  }

  @Test func needsAreKeptAsTheyAre() {
    let needs = SlurmNeeds(
      partition: "p", account: "a", qos: "q", constraint: "c", time: 90, memory: "3G", cpus: 5, gres: "gpu:1")
    #expect(SlurmNeeds(json: needs.json) == needs)
    #expect(SlurmNeeds(json: SlurmNeeds().json) == SlurmNeeds())
  }
}
