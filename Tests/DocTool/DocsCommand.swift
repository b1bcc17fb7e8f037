import ArgumentParser
import DocPages
import Foundation

/// Keeps the documentation true: runs what pages show, and makes the reference from the commands' own declarations.
@main struct DocsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "graft-docs", abstract: "Run the commands of documentation pages, and make the reference.",
    subcommands: [RunPagesCommand.self, ReferenceCommand.self])

  /// This program's folder, in which `graft` lies too.
  static var programs: String {
    let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
    return (own as NSString).deletingLastPathComponent
  }
}

/// `graft-docs run`: runs pages.
struct RunPagesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Run the blocks of pages and compare what they print.")

  @Argument(help: "The pages. Left out: README.md, ARCHITECTURE.md and docs/.", completion: .file(extensions: ["md"]))
  var pages: [String] = []
  @Flag(help: "Leave out what is marked as slow.") var quick = false
  @Option(help: "The folder of `graft` and `graft-worker`. Default: this program's.", completion: .directory)
  var programs: String?
  @Option(help: "The project's folder.", completion: .directory) var source = "."
  @Option(help: "Seconds after which a page is ended.") var limit = 1200.0

  func run() throws {
    let root = URL(filePath: source).standardizedFileURL
    let place = PageRun.Place(programs: programs ?? DocsCommand.programs, source: root.path, limit: limit)
    var isFine = true
    for name in try pages.isEmpty ? Self.all(in: root) : pages {
      let text = try String(contentsOf: root.appending(path: name), encoding: .utf8)
      do {
        let run = try PageRun(try Page(name: name, text: text), at: place, isQuick: quick)
        say(run.summary)
        for finding in run.findings { say("  error: \(finding)\n") }
        isFine = isFine && run.findings.isEmpty
      } catch let fault as Page.Fault {
        say("\(fault)\n")
        isFine = false
      }
    }
    if !isFine { throw ExitCode(1) }
  }

  private static func all(in root: URL) throws -> [String] {
    let names = try FileManager.default.contentsOfDirectory(atPath: root.appending(path: "docs").path)
    return ["README.md", "ARCHITECTURE.md"] + names.filter { $0.hasSuffix(".md") }.sorted().map { "docs/\($0)" }
  }
}

/// Writes a text at once.
func say(_ text: String) { FileHandle.standardOutput.write(Data(text.utf8)) }
