import ArgumentParser
import Executor
import Foundation
import Store
import StudyView

/// `graft stop`: tells the run that holds a workspace to stop, on this machine or another one.
struct StopCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stop",
    abstract: "Tell a study's run, in whatever terminal or machine, to write its checkpoints and stop.")

  @Argument(help: "The study file. Left out: the quickstart that is built into graft.", completion: .study)
  var study: String?
  @OptionGroup var place: WorkspaceArguments
  @Flag(help: "End running stages where they are; they go on from their last checkpoints.") var now = false
  @Flag(help: "Do not wait until the run has ended.") var noWait = false

  /// A run looks at its workspace once a second; one that has not for so long does not yet, or no longer.
  private static let patience = 3.0
  /// The same of a run on another machine, whose file system may take its time.
  private static let patienceElsewhere = 60.0

  func run() throws {
    let folder = place.folder(beside: try StudyFile(path: study).folder)
    guard let holder = Workspace.holder(of: folder) else { return try endWhatIsLeft(in: folder) }
    try explaining { try StopRequest(run: holder, isAtOnce: now).leave(in: folder) }
    Console.note("told the run to stop\(now ? " at once" : ""): \(holder)")
    if noWait { return }
    Console.note(
      now
        ? "waiting until it has ended" : "waiting until its stages have written their checkpoints (--now does not wait)"
    )
    try wait(for: holder, in: folder)
    Console.note("it has ended; `graft run` goes on")
  }

  /// A run on Slurm that was killed leaves jobs, which go on without it.
  private func endWhatIsLeft(in folder: String) throws {
    Console.note("there is no run in \(folder)")
    guard EarlierSlurmRuns(workspace: folder).haveLeftAnything else { return }
    let count = try SlurmRun.endJobsLeft(in: folder, now ? .atOnce : .afterCheckpoint, waits: !noWait)
    guard count > 0 else { return }
    Console.note(
      noWait
        ? "told \(count) job(s) of an earlier run on Slurm to end"
        : "\(count) job(s) of an earlier run on Slurm have ended; `graft run` goes on")
  }

  private func wait(for holder: LockHolder, in folder: String) throws {
    let isHere = holder.host == ProcessIdentity.currentHost
    let begin = ContinuousClock.now
    var wasSignalled = false
    var nextNote = 10.0
    while Workspace.holder(of: folder) == holder {
      Thread.sleep(forTimeInterval: 0.1)
      let seconds = (ContinuousClock.now - begin) / .seconds(1)
      if StopRequest.isPending(in: folder), seconds > (isHere ? Self.patience : Self.patienceElsewhere) {
        guard isHere else { throw Self.unheard(holder, folder) }
        // It has not begun to look yet (it reads its data, say), and then a signal ends it.
        if !wasSignalled, holder.process.isRunning { kill(holder.process.processID, SIGTERM) }
        wasSignalled = true
      }
      if seconds >= nextNote {
        Console.note("still waiting (\(spelledDuration(seconds)))")
        nextNote += seconds < 60 ? 10 : 60
      }
    }
    // Where it ended for another reason, the request is of no use to anybody.
    if StopRequest.isPending(in: folder) { StopRequest.withdraw(from: folder) }
  }

  private static func unheard(_ holder: LockHolder, _ folder: String) -> CommandFailure {
    CommandFailure(
      .workspaceHeld,
      "the run on \(holder.host) has not taken the request for \(spelledDuration(patienceElsewhere))",
      remedy: "see on \(holder.host) whether process \(holder.process.processID) still runs; where it was cut off, "
        + "`graft run` takes the workspace over")
  }
}
