import ArgumentParser
import Foundation
import Planner
import Store

/// `graft accept`: lets results of an older version of a kind of stage stand.
struct AcceptCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "accept",
    abstract: "Let what an older version of a kind of stage made stand as it is; reports say so.",
    usage: "graft accept <kind> [<study>] [<options>]")

  @Argument(help: "The kind of stage, as `graft plan` names it: train, test, knn, ...", completion: .stageKind)
  var kind: String
  @Argument(
    help: "The study file whose workspace is meant. Left out: the workspace of the current folder.", completion: .study)
  var study: String?
  @Option(help: ArgumentHelp("Why, for those who read the report.", valueName: "text")) var note = ""
  @Flag(help: "Take back what was accepted before.") var withdraw = false
  @OptionGroup var place: WorkspaceArguments

  func run() throws {
    guard let kind = StageKind(rawValue: kind) else {
      let valid = StageKind.allCases.map(\.rawValue)
      throw CommandFailure(
        .usage, "'\(kind)' is no kind of stage",
        remedy: (NearestName.of(kind, among: valid).map { "did you mean \($0)? " } ?? "")
          + "valid: \(valid.joined(separator: ", "))")
    }
    let file = try StudyFile(path: study)
    let folder = place.folder(beside: file.folder)
    guard FileManager.default.fileExists(atPath: folder) else {
      throw CommandFailure(
        .noSuchFile, "there is no workspace \(folder)", remedy: "name the study file, or --workspace FOLDER")
    }
    let workspace = try workspaceForWriting(folder)
    defer { workspace.close() }
    if withdraw {
      let wasAccepted = try explaining { try workspace.withdrawAcceptances(of: kind) }
      Console.writeLine(
        wasAccepted
          ? "what older versions of \(kind.rawValue) made is stale again" : "nothing of \(kind.rawValue) was accepted")
      return
    }
    try accept(kind, in: workspace)
  }

  private func accept(_ kind: StageKind, in workspace: Workspace) throws {
    let code = try ProgramVersions.current()
    let (counts, accepted) = try explaining {
      (try workspace.resultCounts(of: kind), code.accepting(try workspace.acceptances())[kind])
    }
    guard let older = counts.keys.filter({ $0 < accepted }).max(), let count = counts[older] else {
      let made = counts.sorted { $0.key < $1.key }.map { "\($0.value) by version \($0.key)" }
      throw CommandFailure(
        .usage,
        "there is nothing to accept: \(kind.rawValue) has version \(code[kind]), and of its results here "
          + (made.isEmpty
            ? "there are none"
            : "are made: \(made.joined(separator: ", "))"
              + (accepted < code[kind] ? ", and version \(accepted) is accepted already" : "")),
        remedy: "`graft plan` says which stages are stale")
    }
    let by = "\(NSUserName())@\(ProcessIdentity.currentHost)"
    try explaining { try workspace.accept(kind, from: older, to: accepted, by: by, note: note) }
    Console.writeLine(
      "\(count) results of \(kind.rawValue), made by version \(older), stand as those of version \(accepted); "
        + "`graft accept \(kind.rawValue) --withdraw` takes that back")
    if let newer = counts[accepted], newer > 0 {
      Console.note("\(newer) results that version \(accepted) made are kept, and not used while that stands")
    }
  }
}
