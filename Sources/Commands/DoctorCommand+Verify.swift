import ArgumentParser
import Foundation
import Planner
import Store

extension DoctorCommand {
  /// Compares all that the workspace keeps with its digests.
  func verifyWorkspace() throws {
    let folder = arguments.options.place.folder(beside: try StudyFile(path: arguments.study).folder)
    let workspace = setAside ? try workspaceForWriting(folder) : try workspaceForReading(folder)
    defer { workspace.close() }
    let report = try explaining {
      let report = try workspace.verify()
      if setAside { try workspace.setAside(report.damaged) }
      return report
    }
    var listing = Listing(columns: ["stage", "key", "fault", "place"])
    for artifact in report.damaged {
      listing.rows.append([
        .string(artifact.label), .string(artifact.key.short), .string(artifact.sentence), .string(artifact.folder),
      ])
    }
    for fault in report.databaseFaults {
      listing.rows.append([.string("state.sqlite"), .string(""), .string(fault), .string(folder)])
    }
    if format != .table || !listing.rows.isEmpty { Console.write(listing.rendered(as: format)) }
    let read = "\(report.artifacts) artifacts of \(report.files) files, \(report.bytes >> 20) MiB"
    if report.isFine {
      if format == .table { Console.writeLine("\(folder): all as recorded: \(read)") }
      return
    }
    Console.note(
      "\(folder): \(read) read; \(report.damaged.count) damaged"
        + (report.databaseFaults.isEmpty ? "" : ", and the database too: put a copy of state.sqlite in its place")
        + (report.damaged.isEmpty
          ? ""
          : setAside
            ? "; moved to \(folder)/damaged: the next `graft run` makes them again"
            : "; `graft doctor --verify --set-aside` moves them aside, and the next `graft run` makes them again"))
    throw ExitCode(ExitStatus.someStagesFailed.rawValue)
  }
}
