import Foundation
import Testing

/// The built `graft`, run as a user runs it.
struct GraftProcess {
  /// What a finished command left.
  struct Result {
    let status: Int32
    let output: String
    let errors: String
  }

  /// Beside the test bundle lie the programs of the same build.
  static let binary: URL = {
    let bundle =
      (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
    return URL(fileURLWithPath: bundle).deletingLastPathComponent().appendingPathComponent("graft")
  }()

  static func environment(_ further: [String: String]) -> [String: String] {
    var environment = ProcessInfo.processInfo.environment
    for name in environment.keys where name.hasPrefix("GRAFT_") && name != "GRAFT_SHARED" { environment[name] = nil }
    return environment.merging(further) { $1 }
  }

  /// Runs `graft` with the arguments in a folder and waits for its end.
  static func run(
    _ arguments: [String], in folder: TemporaryFolder, environment: [String: String] = [:]
  ) throws -> Result {
    try start(arguments, in: folder, environment: environment).finish()
  }

  /// Runs a shell script in a folder and in a space of mounts of its own, in which `graft` is this build's, and waits for
  /// its end.
  static func runWithMounts(_ script: String, in folder: TemporaryFolder) throws -> Result {
    let path = binary.deletingLastPathComponent().path + ":/usr/bin:/bin:/usr/sbin:/sbin"
    return try start(
      ["--mount"] + (getuid() == 0 ? [] : ["--user", "--map-root-user"]) + ["sh", "-c", script], in: folder,
      environment: ["PATH": path], program: unshare
    ).finish()
  }

  /// Whether this system lets a test mount something of its own.
  static let canMount: Bool = {
    guard let folder = try? TemporaryFolder() else { return false }
    return (try? runWithMounts("mount -t tmpfs -o size=1m tmpfs .", in: folder))?.status == 0
  }()

  private static let unshare = URL(fileURLWithPath: "/usr/bin/unshare")

  static func start(
    _ arguments: [String], in folder: TemporaryFolder, environment: [String: String] = [:], program: URL = binary
  ) throws -> Running {
    let process = Process()
    process.executableURL = program
    process.arguments = arguments
    process.currentDirectoryURL = folder.url
    process.environment = Self.environment(environment)
    let name = UUID().uuidString
    let output = folder.url.appendingPathComponent(".output-\(name)")
    let errors = folder.url.appendingPathComponent(".errors-\(name)")
    try Data().write(to: output)
    try Data().write(to: errors)
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
    return Running(process: process, output: output, errors: errors)
  }

  /// A command under way.
  struct Running {
    let process: Process
    let output: URL
    let errors: URL

    var isRunning: Bool { process.isRunning }

    func signal(_ number: Int32) { kill(process.processIdentifier, number) }

    /// The process ids of its children, whichever of its threads began them: the workers.
    var children: [Int32] {
      let tasks = "/proc/\(process.processIdentifier)/task"
      let threads = (try? FileManager.default.contentsOfDirectory(atPath: tasks)) ?? []
      return threads.flatMap { thread in
        let text = (try? String(contentsOfFile: "\(tasks)/\(thread)/children", encoding: .utf8)) ?? ""
        return text.split(separator: " ").compactMap { Int32($0) }
      }
    }

    func finish() throws -> Result {
      process.waitUntilExit()
      return Result(
        status: process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus,
        output: try String(contentsOf: output, encoding: .utf8), errors: try String(contentsOf: errors, encoding: .utf8)
      )
    }
  }
}

/// A folder of a test's own, removed when the test lets go of it.
final class TemporaryFolder {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent("graft-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func write(_ text: String, to path: String) throws {
    let file = url.appendingPathComponent(path)
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file)
  }

  func write(_ data: Data, to path: String) throws {
    let file = url.appendingPathComponent(path)
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try data.write(to: file)
  }

  func data(_ path: String) throws -> Data { try Data(contentsOf: url.appendingPathComponent(path)) }

  func text(_ path: String) throws -> String { String(decoding: try data(path), as: UTF8.self) }

  func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: url.appendingPathComponent(path).path) }

  func files(under path: String) -> [String] {
    guard let walk = FileManager.default.enumerator(atPath: url.appendingPathComponent(path).path) else { return [] }
    return walk.compactMap { $0 as? String }
  }
}
