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
  @Option(
    help: ArgumentHelp("The folder to write to. Default: results/<study>.", valueName: "folder"), completion: .directory
  )
  var output: String?

  @Flag(help: "Write the tables alone, and leave figures and page as they are.") var tablesOnly = false
  @Flag(help: "Make each figure as a PDF too, by rsvg-convert.") var pdf = false
  @Flag(help: "Make each figure as a PNG of 300 dots an inch too, by rsvg-convert.") var png = false

  func run() throws {
    let loaded = try arguments.load()
    let workspace = try workspaceForReading(loaded.workspaceFolder)
    let results = try loaded.results(in: workspace, withAttempts: !tablesOnly)
    let folder = output ?? "results/\(results.study)"
    var paths: [String]
    do {
      paths = try ReportWriter.write(results: results, to: folder, tablesAlone: tablesOnly)
    } catch let fault as FileFault {
      throw CommandFailure(
        .cannotWrite, fault.description,
        remedy: "make room or give write access there, or name another folder with --output; no result is lost")
    }
    let figures = paths.filter { $0.hasSuffix(".svg") }
    if pdf { paths += try FigureImages.make(.pdf, of: figures) }
    if png { paths += try FigureImages.make(.png, of: figures) }
    let imported = results.cells.count(where: \.isImported)
    let done = results.cells.count { !$0.isImported && $0.state == .done }
    Console.writeLine(
      "\(results.study): \(done) of \(results.cells.count - imported) cells"
        + (imported > 0 ? " and \(imported) imported" : "") + "; \(paths.count) files in \(folder)")
    Console.writeLine(absolutePath(tablesOnly ? folder : "\(folder)/report.html"))
    Parallel.giveUp(results)
  }
}
