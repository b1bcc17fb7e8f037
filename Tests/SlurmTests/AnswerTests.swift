import Executor
import Testing

/// What Slurm's commands print, in the forms in which versions and sites print it.
@Suite struct AnswerTests {
  @Test(
    arguments: [
      (0, "17\n", "", .accepted("17")), (0, "17;cluster\n", "", .accepted("17")),
      (0, "a greeting of the site\n18\n", "", .accepted("18")),
      (nil, "", "", .lost("sbatch did not end in time")),
      (1, "", "sbatch: error: Batch job submission failed: Unable to contact slurm controller (connect failure)", nil),
      (1, "", "sbatch: error: Batch job submission failed: Socket timed out on send/recv operation", nil),
    ] as [(Int32?, String, String, SubmissionAnswer?)])
  func aSubmissionIsTakenOrItsAnswerIsLost(
    status: Int32?, output: String, errors: String, expected: SubmissionAnswer?
  ) {
    #expect(SubmissionAnswer(status: status, output: output, errors: errors) == expected ?? .lost(errors))
  }

  @Test(
    arguments: [
      "sbatch: error: Batch job submission failed: Resource temporarily unavailable",
      "sbatch: error: Slurm temporarily unable to accept job, sleeping and retrying",
    ])
  func tooManyJobsOfAllIsForNow(_ errors: String) {
    #expect(SubmissionAnswer(status: 1, output: "", errors: errors) == .full(errors))
  }

  @Test(
    arguments: [
      "sbatch: error: QOSMaxSubmitJobPerUserLimit\nsbatch: error: Batch job submission failed: Job violates accounting/QOS policy "
        + "(job submit limit, user's size and/or time limits)", "sbatch: error: AssocMaxSubmitJobLimit",
      "sbatch: error: Batch job submission failed: Requested time limit is invalid (missing or exceeds some limit)",
      "sbatch: error: You may have at most 20 jobs: too many jobs",
    ])
  func moreThanSomeLimitAllows(_ errors: String) {
    #expect(SubmissionAnswer(status: 1, output: "", errors: errors) == .overLimit(errors))
  }

  @Test(
    arguments: [
      "sbatch: error: invalid partition specified: nope",
      "sbatch: error: Invalid generic resource (gres) specification",
      "sbatch: error: Batch job submission failed: Invalid account or account/partition combination specified",
    ])
  func whatIsWrongIsRefused(_ errors: String) {
    #expect(SubmissionAnswer(status: 1, output: "", errors: errors) == .refused(errors))
  }

  @Test func aTaskIsReadFromItsLine() {
    #expect(
      SlurmJob.tasks(line: "12|3|graft-x-1|RUNNING|node7|None")
        == [SlurmJob(array: "12", task: 3, name: "graft-x-1", state: .running, node: "node7", reason: "None")])
    #expect(SlurmJob.tasks(line: "12|0-2,5%2|g|PENDING||(a|b)").map(\.task) == [0, 1, 2, 5])
    #expect(SlurmJob.tasks(line: "12|0-2|g|CANCELLED||(a|b)").map(\.reason) == ["(a|b)", "(a|b)", "(a|b)"])
    #expect(SlurmJob.tasks(line: "12|N/A|g|CANCELLED||None").map(\.task) == [SlurmJob.wholeArray])
    for line in [
      "12|x|g|RUNNING|n|", "12|3|g|RUNNING", "slurm_load_jobs error", "", "|1|g|RUNNING|n|r", "1|9-1|g|R|n|r",
    ] {
      #expect(SlurmJob.tasks(line: line[...]).isEmpty)
    }
  }

  @Test func aStateThatIsNotKnownIsNoEnd() {
    #expect(SlurmState(name: "HIBERNATING") == .unknown("HIBERNATING"))
    #expect(SlurmState(name: "HIBERNATING").isActive)
    #expect(SlurmState(name: "COMPLETING").isActive)
    #expect(!SlurmState(name: "NODE_FAIL").isActive)
  }

  @Test(
    arguments: [
      "slurmstepd: error: Detected 1 oom_kill event in StepId=1.batch. Some of the step tasks have been OOM Killed.",
      "epoch 1\nslurmstepd-node1: error: StepId=1.batch exceeded memory limit (345059328 > 314572800), being killed\nslurm",
      "slurmstepd: error: Exceeded job memory limit",
      "slurmstepd: error: Detected 1 oom-kill event(s) in StepId=7.batch cgroup.",
    ])
  func aLogTellsOfWantOfMemoryWhereTheStateDoesNot(_ log: String) {
    #expect(SlurmEnding.exited.explained(by: log) == .outOfMemory)
    #expect(SlurmEnding.timeLimit.explained(by: log) == .timeLimit)
    #expect(SlurmEnding.exited.explained(by: "the memory limit of my model\nslurmstepd: error: killed") == .exited)
  }

  @Test func theSitesLimitsAreRead() {
    let config = "Configuration data as of 2026\nMaxArraySize            = 301\nMaxJobCount             = 77\nX = \n"
    #expect(SlurmLimits(config: config).arraySize == 301)
    #expect(SlurmLimits(config: config).jobCount == 77)
    #expect(SlurmLimits(config: "").arraySize == 1001)
    #expect(SlurmLimits(config: "MaxArraySize = 0").arraySize == 1)
  }
}
