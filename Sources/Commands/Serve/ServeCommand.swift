import ArgumentParser
import Foundation
import Serve

/// `graft serve`: a study in the browser, kept up to date, until it is ended.
struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Show a study in the browser, kept up to date: cells, what runs, logs and failures; stop it and retry.",
    usage: "graft serve [<study>] [<options>] [-- <options of graft retry>]")

  @OptionGroup var arguments: StudyArguments
  @Option(
    help: ArgumentHelp(
      "The address to listen on. Anybody who reaches it can read the study; 0.0.0.0 means all addresses of this machine.",
      valueName: "address"))
  var host = "127.0.0.1"
  @Option(help: ArgumentHelp("The port to listen on; 0 for any that is free.", valueName: "port")) var port: UInt16 = 0
  @Option(
    name: .customLong("name"),
    help: ArgumentHelp(
      "A further name that browsers reach this machine by, through a proxy, say. May be repeated.", valueName: "name"))
  var names: [String] = []
  @Option(
    name: .customLong("report"),
    help: ArgumentHelp("The folder that `graft report` writes to. Default: results/<study>.", valueName: "folder"))
  var reportFolder: String?
  @Argument(
    parsing: .postTerminator,
    help: ArgumentHelp(
      "How a retry from the page runs, as `graft retry` takes it.", valueName: "options of graft retry"))
  var retryOptions: [String] = []

  func validate() throws {
    guard !retryOptions.isEmpty else { return }
    do {
      let retry = try RetryCommand.parse(retryOptions)
      guard retry.words.isEmpty else { throw ValidationError("it names a study or filter, which the page does") }
    } catch {
      throw ValidationError("after --: \(RetryCommand.message(for: error))")
    }
  }

  func run() async throws {
    let signals = RunSignals()
    defer { withExtendedLifetime(signals) {} }
    let study = ServedStudyFile(arguments, retryOptions: retryOptions)
    let first = try study.plan()
    let server: StudyServer
    do {
      server = try StudyServer(
        study, first: first, host: host, port: port, names: names,
        reportFolder: absolutePath(reportFolder ?? "results/\(first.plan.study)"))
      try await server.run { url in
        Console.writeLine(url)
        Console.note("\(first.plan.study): open that address in a browser; Ctrl-C ends the server, and no run")
      } failed: {
        Console.note($0)
      }
    } catch let fault as ServeFault {
      throw CommandFailure(.machineLacks, fault.message, remedy: fault.remedy)
    }
  }
}
