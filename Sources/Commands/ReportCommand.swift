import ArgumentParser
import Files
import Foundation
import Planner
import Report
import Store
import WorkerProtocol

/// `graft report`: tables, figures and a page from what is recorded.
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "Write a study's tables, figures and report.html from what is recorded.")

  @OptionGroup var arguments: StudyArguments
  @Option(help: ArgumentHelp("The folder to write to. Default: results/<study>.", valueName: "folder")) var output:
    String?

  func run() throws {
    let loaded = try arguments.load()
    let workspace = try workspaceForReading(loaded.workspaceFolder)
    let results = try loaded.results(in: workspace)
    let folder = output ?? "results/\(results.study)"
    let paths: [String]
    do {
      paths = try ReportWriter.write(results: results, to: folder)
    } catch let fault as FileFault {
      throw CommandFailure(
        .cannotWrite, fault.description,
        remedy: "make room or give write access there, or name another folder with --output; no result is lost")
    }
    let done = results.cells.count { $0.state == .done }
    Console.writeLine("\(results.study): \(done) of \(results.cells.count) cells; \(paths.count) files in \(folder)")
    Console.writeLine(absolutePath("\(folder)/report.html"))
    Parallel.giveUp(results)
  }
}
