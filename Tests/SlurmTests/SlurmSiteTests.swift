import Foundation
import Planner
import Testing

/// Runs on a real Slurm with the rules that sites have: limits, priorities, jobs put back into the queue, memory.
@Suite("On a cluster with rules", .serialized, .enabled(if: Cluster.isInstalled, "needs slurm-wlm, munge and root"))
struct SlurmSiteTests {
  typealias Scripted = ScriptedStudy.Scripted

  /// An `sbatch` that takes so many jobs of a user and no more, and otherwise is Slurm's own.
  private static func limiting(to most: Int, for study: ScriptedStudy) throws -> String {
    try study.program(
      "sbatch",
      """
      for argument; do case "$argument" in --array=0-*) asked=$((${argument#--array=0-} + 1)) ;; esac; done
      out=$(squeue --noheader --array --states=PENDING,RUNNING,COMPLETING | wc -l)
      if [ $((out + asked)) -gt \(most) ]; then
        echo "$asked" >>"\(study.root)/refused"
        echo "sbatch: error: QOSMaxSubmitJobPerUserLimit" >&2
        echo "sbatch: error: Batch job submission failed: Job violates accounting/QOS policy (job submit limit, user's size" \\
          "and/or time limits)" >&2
        exit 1
      fi
      exec sbatch "$@"
      """)
  }

  /// More stages than the site takes jobs.
  private func many(on cluster: Cluster) throws -> (study: ScriptedStudy, labels: [String]) {
    let study = try ScriptedStudy(on: cluster, profile: "max_jobs: 20\npack: 1")
    let stages = (0..<12).map { Scripted(label: "noop-\($0)", kind: .noop, script: ["steps": 2, "pause": 0.5]) }
    try study.write(stages)
    return (study, stages.map(\.label))
  }

  @Test(.timeLimit(.minutes(4))) func aLimitOfTheAccountIsKeptTo() async throws {
    let (study, labels) = try many(on: try Cluster())
    let programs = try Self.limiting(to: 3, for: study)
    #expect(try await study.end(study.start(programs: programs)) == 0, "\(study.said)")
    #expect(study.said.contains("QOSMaxSubmitJobPerUserLimit"), "\(study.said)")
    try study.expectEachOnce(labels)
    try study.expectNothingLeft()
    // Twelve, six, and what is tried beside those that were taken.
    let refusals = try String(contentsOfFile: "\(study.root)/refused", encoding: .utf8).split(separator: "\n").count
    #expect(refusals < 12, "\(refusals) refusals")
  }

  /// The same of the real thing: an association's `MaxSubmitJobs`, of which slurmdbd tells the controller.
  @Test(.timeLimit(.minutes(4)), .enabled(if: Cluster.canAccount, "needs slurmdbd and mariadb-server"))
  func aLimitThatSlurmItselfSetsIsKeptTo() async throws {
    let (study, labels) = try many(on: try Cluster(settings: ["MaxSubmitJobs=3"]))
    #expect(try await study.end(study.start()) == 0, "\(study.said)")
    #expect(study.said.contains("AssocMaxSubmitJobLimit"), "\(study.said)")
    try study.expectEachOnce(labels)
    try study.expectNothingLeft()
  }

  @Test(.timeLimit(.minutes(2))) func aLimitThatNoJobIsWithinEndsTheRunWithSlurmsWords() async throws {
    let study = try ScriptedStudy(on: try Cluster(nodes: 1))
    try study.write((0..<4).map { Scripted(label: "noop-\($0)", kind: .noop) })
    let programs = try Self.limiting(to: 0, for: study)
    #expect(try await study.end(study.start(programs: programs)) == 70)
    #expect(study.said.contains("Slurm refuses the jobs: sbatch: error: QOSMaxSubmitJobPerUserLimit"), "\(study.said)")
    #expect(try String(contentsOfFile: "\(study.root)/refused", encoding: .utf8) == "4\n2\n1\n")
    #expect(try study.cluster.jobs().isEmpty)
    try study.expectNothingLeft()
  }

  /// What only the tests would need is not to be had: trainings come to their ends before that ends the run.
  @Test(.timeLimit(.minutes(3))) func whatIsRefusedDoesNotEndWhatRuns() async throws {
    let study = try ScriptedStudy(on: try Cluster(nodes: 1), profile: "kinds: {test: {partition: nowhere}}")
    var stages = SlurmClusterTests.stages(trainings: 2)
    stages[2].script = ["files": true, "steps": 60, "pause": 0.1]
    try study.write(stages)
    #expect(try await study.end(study.start()) == 70)
    try study.expectEachOnce(["data", "train-0", "train-1"])
    #expect(study.said.contains("it takes no more jobs for now (sbatch: error: invalid partition"), "\(study.said)")
    #expect(study.said.contains("Slurm refuses the jobs: sbatch: error: invalid partition"), "\(study.said)")
    #expect(try study.cluster.active().isEmpty)
  }

  /// Whether Slurm puts displaced jobs back into the queue or not: Graft lets their stages go on in other jobs.
  @Test(.timeLimit(.minutes(3)), arguments: ["REQUEUE", "CANCEL"])
  func aStageThatIsDisplacedGoesOn(mode: String) async throws {
    let cluster = try Cluster(
      nodes: 1,
      settings: [
        "PreemptType=preempt/partition_prio", "PreemptMode=REQUEUE",
        "PartitionName=low Nodes=ALL PriorityTier=1 PreemptMode=\(mode) State=UP",
        "PartitionName=high Nodes=ALL PriorityTier=10 PreemptMode=OFF State=UP",
      ])
    let study = try ScriptedStudy(on: cluster, profile: "partition: low")
    try study.write([training()])
    let coordinator = try study.start()
    try await wait("it has a checkpoint") { study.hasCheckpoint("train") }
    try cluster.ask(
      "sbatch", "--partition=high", "--job-name=urgent", "--cpus-per-task=2", "--output=/dev/null", "--wrap", "sleep 1")
    #expect(try await study.end(coordinator) == 0, "\(study.said)")
    try expectGoneOnOnce(study)
  }

  /// Somebody lets Slurm put a job back into the queue, which Graft asks it not to do. It begins once more there, and must not
  /// do its list again.
  @Test(.timeLimit(.minutes(3))) func aJobThatIsPutBackIntoTheQueueDoesNothingTwice() async throws {
    let study = try ScriptedStudy(on: try Cluster(nodes: 1))
    try study.write([training()])
    let coordinator = try study.start()
    try await wait("it has a checkpoint") { study.hasCheckpoint("train") }
    let job = try #require(try study.cluster.running().first)
    try study.cluster.ask("scontrol", "update", "jobid=\(job.id)", "requeue=1")
    try study.cluster.ask("scontrol", "requeue", job.id)
    #expect(try await study.end(coordinator) == 0, "\(study.said)")
    try expectGoneOnOnce(study)
  }

  private func training() -> Scripted {
    Scripted(
      label: "train", kind: .train, script: ["files": true, "steps": 50, "pause": 0.1, "note_stop": true])
  }

  /// It stopped after a checkpoint, and only then began elsewhere.
  private func expectGoneOnOnce(_ study: ScriptedStudy) throws {
    #expect(try study.noted().map(\.what) == ["begin", "stop", "begin", "end"])
    #expect(study.said.contains("train: interrupted with its job, goes on in another one"), "\(study.said)")
    #expect(!study.said.contains("FAILED"), "\(study.said)")
    try study.expectNothingLeft()
  }

  @Test(.timeLimit(.minutes(4))) func whatSlurmEndsForWantOfMemoryIsAFailureForMemory() async throws {
    let cluster = try Cluster(
      settings: [
        "SelectTypeParameters=CR_Core_Memory", "JobAcctGatherType=jobacct_gather/linux",
        "JobAcctGatherFrequency=task=1", "JobAcctGatherParams=OverMemoryKill",
      ])
    let study = try ScriptedStudy(on: cluster, profile: "memory: 300M")
    try study.write([
      Scripted(label: "greedy", kind: .noop, script: ["memory": 900_000_000, "hang": 60]),
      Scripted(label: "modest", kind: .noop, script: ["steps": 10, "pause": 0.1]),
    ])
    #expect(try await study.end(study.start()) == 1, "\(study.said)")
    #expect(try study.count("begin", of: "greedy") == 3)
    #expect(study.said.contains("FAILED greedy: memory: Slurm ended job "), "\(study.said)")
    try study.expectEachOnce(["modest"])
    try study.expectNothingLeft()
  }
}
