import Foundation
import Testing

/// A disk that is full and one that is read-only: real ones, mounted for the test alone.
@Suite(
  .serialized,
  .enabled(if: GraftProcess.canMount, "this system lets a test mount nothing (`unshare --mount`)"))
struct DiskTests {
  /// A disk that fills up in the middle of a run: one error, status 73, nothing lost; with more room the same command ends
  /// in the same bytes as a run on a disk with room enough.
  @Test(.timeLimit(.minutes(3))) func aDiskThatFillsUp() throws {
    let study = Studies.small()
    let roomy = try TemporaryFolder()
    try roomy.write(study, to: "small.yaml")
    try #require(try GraftProcess.run(["run", "small.yaml"], in: roomy).status == 0)
    #expect(try GraftProcess.run(["report", "small.yaml"], in: roomy).status == 0)

    let tight = try TemporaryFolder()
    try tight.write(study, to: "small.yaml")
    let result = try GraftProcess.runWithMounts(
      """
      mkdir disk && mount -t tmpfs -o size=6m tmpfs disk || exit 99
      graft run small.yaml --workspace disk/state 2> full.txt; echo "full $?"
      graft status small.yaml --workspace disk/state --format csv > status.csv; echo "status $?"
      mount -o remount,size=256m disk
      graft run small.yaml --workspace disk/state 2> again.txt; echo "again $?"
      graft export small.yaml --workspace disk/state --table attempts > attempts.csv; echo "export $?"
      graft report small.yaml --workspace disk/state > /dev/null; echo "report $?"
      """, in: tight)
    let errors = try tight.text("full.txt")
    #expect(result.output == "full 73\nstatus 0\nagain 0\nexport 0\nreport 0\n", "\(result.output)\(errors)")
    #expect(errors.contains("disk/state"), "\(errors)")
    #expect(errors.contains("No space left on device") || errors.contains("the disk is full"), "\(errors)")
    #expect(errors.contains("help: free some space"), "\(errors)")
    // Some of it was done, and that was kept.
    #expect(try tight.text("again.txt").contains(/[0-9]+ of 28 stages to run/))
    #expect(try !tight.text("again.txt").contains("28 of 28 stages to run"))
    let done = try tight.text("attempts.csv").split(separator: "\n").filter { $0.contains(",done,") }
      .map { $0.prefix { $0 != "," } }
    #expect(Set(done).count == done.count, "a stage is recorded as done twice")
    for table in InterruptionTests.tables {
      #expect(try tight.data("results/small/\(table)") == roomy.data("results/small/\(table)"), "\(table) differs")
    }
  }

  /// A workspace that cannot be written: a run says so with status 73, reading commands work.
  @Test(.timeLimit(.minutes(2))) func aReadOnlyWorkspace() throws {
    let folder = try TemporaryFolder()
    try folder.write(Studies.small(epochs: 1, seeds: 1), to: "small.yaml")
    let result = try GraftProcess.runWithMounts(
      """
      mkdir disk && mount -t tmpfs -o size=256m tmpfs disk || exit 99
      graft run small.yaml --workspace disk/state --only init=RI 2> /dev/null; echo "first $?"
      mount -o remount,ro disk
      graft run small.yaml --workspace disk/state 2> run.txt; echo "run $?"
      graft status small.yaml --workspace disk/state > status.txt; echo "status $?"
      graft plan small.yaml --workspace disk/state > /dev/null; echo "plan $?"
      graft report small.yaml --workspace disk/state > /dev/null; echo "report $?"
      """, in: folder)
    let errors = try folder.text("run.txt")
    #expect(result.output == "first 0\nrun 73\nstatus 0\nplan 0\nreport 0\n", "\(result.output)\(errors)")
    #expect(errors.contains("disk/state") && errors.contains("Read-only file system"), "\(errors)")
    #expect(errors.contains("help:") && errors.contains("--workspace"), "\(errors)")
    #expect(try folder.text("status.txt").contains("2 of 6 cells done"))
  }
}
