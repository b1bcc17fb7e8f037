import ArgumentParser
import DocPages
import Foundation

/// `graft-docs reference`: makes man/ and the pages of `docs/` that follow from the commands' declarations.
struct ReferenceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reference", abstract: "Make man/, docs/reference.md and docs/options.md, or compare them.")

  @Flag(help: "Write nothing; end with status 1 where a file would be another one.") var check = false
  @Option(help: "The folder of `graft`. Default: this program's.", completion: .directory) var programs: String?
  @Option(help: "The project's folder.", completion: .directory) var source = "."

  func run() throws {
    let root = URL(filePath: source).standardizedFileURL
    let options = try JSONDecoder().decode([StudyOption].self, from: printed(["options", "--format", "json"]))
    let version = String(decoding: try printed(["--version"]), as: UTF8.self).trimmingCharacters(in: .newlines)
    let reference = Reference(
      root: try CommandTree(dump: printed(["--experimental-dump-help"])), options: options, version: version,
      commandsPage: try String(contentsOf: root.appending(path: "docs/commands.md"), encoding: .utf8))
    let manual = root.appending(path: "man")
    let there = (try? FileManager.default.contentsOfDirectory(atPath: manual.path)) ?? []
    let left = there.map { "man/\($0)" }.filter { reference.files[$0] == nil }
    let changed = reference.files.filter { path, text in
      (try? String(contentsOf: root.appending(path: path), encoding: .utf8)) != text
    }
    if check {
      for path in (changed.keys + left).sorted() {
        say("\(path) is not as the declarations are; run `make reference`\n")
      }
      if !changed.isEmpty || !left.isEmpty { throw ExitCode(1) }
      return
    }
    try FileManager.default.createDirectory(at: manual, withIntermediateDirectories: true)
    for (path, text) in changed { try Data(text.utf8).write(to: root.appending(path: path)) }
    for path in left { try FileManager.default.removeItem(at: root.appending(path: path)) }
    say("\(changed.count) of \(reference.files.count) files written, \(left.count) removed\n")
  }

  /// What `graft` prints.
  private func printed(_ arguments: [String]) throws -> Data {
    let process = Process()
    process.executableURL = URL(filePath: "\(programs ?? DocsCommand.programs)/graft")
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      say("graft \(arguments.joined(separator: " ")) ended with status \(process.terminationStatus)\n")
      throw ExitCode(1)
    }
    return data
  }
}
