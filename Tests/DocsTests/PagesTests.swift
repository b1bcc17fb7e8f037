import DocPages
import Foundation
import Testing

/// The project's own pages and what is made from the commands' declarations.
@Suite(.serialized) struct PagesTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  private static let programs: URL = {
    let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
    return URL(filePath: own).deletingLastPathComponent()
  }()

  /// Runs a program in the project's folder.
  private func run(_ program: URL, _ arguments: [String]) throws -> (status: Int32, text: String) {
    let said = FileManager.default.temporaryDirectory.appending(path: "graft-output-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: said) }
    try Data().write(to: said)
    let process = Process()
    process.executableURL = program
    process.arguments = arguments
    process.currentDirectoryURL = Self.root
    process.standardOutput = try FileHandle(forWritingTo: said)
    process.standardError = process.standardOutput
    process.standardInput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return (process.terminationStatus, try String(contentsOf: said, encoding: .utf8))
  }

  @Test(.timeLimit(.minutes(15))) func whatThePagesShowIsWhatHappens() throws {
    let (status, text) = try run(Self.programs.appending(path: "graft-docs"), ["run", "--quick"])
    #expect(status == 0, "\(text)")
  }

  @Test func theReferenceIsThatOfTheDeclarations() throws {
    let (status, text) = try run(Self.programs.appending(path: "graft-docs"), ["reference", "--check"])
    #expect(status == 0, "\(text)")
  }

  private static let groff = URL(filePath: "/usr/bin/groff")

  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: groff.path))) func theManualHasNoFaults() throws {
    let pages = try FileManager.default.contentsOfDirectory(atPath: Self.root.appending(path: "man").path).sorted()
    #expect(pages.count > 25)
    for page in pages {
      let (status, text) = try run(Self.groff, ["-man", "-ww", "-Tutf8", "-z", "man/\(page)"])
      #expect(status == 0 && text.isEmpty, "\(page): \(text)")
    }
  }

  /// Commands and options that the pages name in passing are there.
  @Test func whatThePagesNameIsThere() throws {
    let graft = Self.programs.appending(path: "graft")
    let tree = try CommandTree(dump: Data(try run(graft, ["--experimental-dump-help"]).text.utf8))
    let docs = try FileManager.default.contentsOfDirectory(atPath: Self.root.appending(path: "docs").path)
    for name in ["README.md", "ARCHITECTURE.md"] + docs.filter({ $0.hasSuffix(".md") }).map({ "docs/\($0)" }) {
      let text = try String(contentsOf: Self.root.appending(path: name), encoding: .utf8)
      for fault in tree.faults(inCommandsOf: text) { Issue.record("\(name): \(fault)") }
    }
  }
}
