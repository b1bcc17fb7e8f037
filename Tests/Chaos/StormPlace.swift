import Files
import Foundation

/// Why a storm could not be held at all.
enum StormError: Error, CustomStringConvertible {
  case machine(String)
  /// The undisturbed run does not end well.
  case calm(String)

  var description: String {
    switch self {
    case .machine(let what), .calm(let what): what
    }
  }
}

/// The programs, the environment and the folder of a study that is run again and again.
struct StormPlace {
  let folder: String
  let programs: String
  let scenario: Scenario
  let environment: [String: String]
  /// While this file is there, `fsync` fails.
  let syncFlag: String

  var workspace: String { "\(folder)/.graft" }
  var results: String { "\(folder)/results/storm" }

  /// Begins a study anew in the folder.
  func lay() throws {
    for name in try DurableFiles.names(in: folder) ?? [] { try DurableFiles.remove("\(folder)/\(name)") }
    try DurableFiles.makeFolder(folder)
    try DurableFiles.writeInPlace(Array(scenario.study.utf8), to: "\(folder)/study.yaml")
  }

  func run() throws -> Started { try command(["run", "study.yaml"] + scenario.arguments) }

  func command(_ arguments: [String]) throws -> Started {
    try Started("\(programs)/graft", arguments, in: folder, environment: environment)
  }

  /// A command that is waited for.
  func finished(_ arguments: [String]) throws -> (status: Int32, said: String) {
    let started = try command(arguments)
    return (started.status(), started.said)
  }

  /// Every file of the results, by its path below their folder. What tells when things ran is not among them: it is of the
  /// run, and not of what was found.
  func tables() -> [String: Data] {
    guard let walk = FileManager.default.enumerator(atPath: results) else { return [:] }
    var files: [String: Data] = [:]
    for case let path as String in walk where !DurableFiles.isFolder("\(results)/\(path)") {
      guard !path.hasPrefix("figures/timeline.") else { continue }
      let bytes = FileManager.default.contents(atPath: "\(results)/\(path)")
      files[path] = path == "report.html" ? bytes.map(Self.withoutRun) : bytes
    }
    return files
  }

  /// The artifacts that lie in the workspace, by kind and key, each with its file's number on the disk: one that is made
  /// anew has another.
  func artifacts() -> [String: UInt64] {
    var found: [String: UInt64] = [:]
    let root = "\(workspace)/artifacts"
    for kind in (try? DurableFiles.names(in: root)) ?? nil ?? [] {
      for key in (try? DurableFiles.names(in: "\(root)/\(kind)")) ?? nil ?? [] {
        var status = stat()
        if stat("\(root)/\(kind)/\(key)", &status) == 0 { found["\(kind)/\(key)"] = UInt64(status.st_ino) }
      }
    }
    return found
  }
}

extension StormPlace {
  /// A report's page without its section of what was run.
  static func withoutRun(_ page: Data) -> Data {
    guard let begin = page.range(of: Data("<section id=\"run\">".utf8)),
      let end = page.range(of: Data("</section>".utf8), in: begin.upperBound..<page.endIndex)
    else { return page }
    return page[..<begin.lowerBound] + page[end.upperBound...]
  }
}
