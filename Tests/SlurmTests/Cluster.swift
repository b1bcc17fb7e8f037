import Foundation
import Synchronization
import Testing

/// A Slurm cluster of a test's own, gone with it: controller, nodes and authentication in processes of this machine.
final class Cluster: Sendable {
  let folder: String

  /// Whether Slurm's and munge's programs are there, and may be used so.
  static let isInstalled = areInstalled("slurmctld", "slurmd", "munged", "sbatch") && getuid() == 0

  /// Whether it can have accounts with limits, too.
  static let canAccount = isInstalled && areInstalled("slurmdbd", "mariadbd", "mariadb-install-db")

  private static func areInstalled(_ programs: String...) -> Bool {
    programs.allSatisfy { program in
      searchPath.split(separator: ":").contains { access("\($0)/\(program)", X_OK) == 0 }
    }
  }

  /// Daemons lie where not every user looks.
  static let searchPath = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin") + ":/usr/sbin:/sbin"

  /// The first of ten that no other cluster of this process has; not those that processes are given for a moment.
  private static let nextPorts = Mutex(20_000 + Int.random(in: 0..<1000) * 10)

  private static let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "cluster.sh").path

  /// - Parameter settings: Lines of `slurm.conf` that are to be other than usual.
  init(nodes: Int = 3, settings: [String] = []) throws {
    // Short, for a socket's path has few characters.
    var template = Array("/tmp/graft-slurm-XXXXXX".utf8CString)
    folder = String(cString: try #require(mkdtemp(&template)))
    let port = Self.nextPorts.withLock { ports in
      defer { ports = ports == 29_990 ? 20_000 : ports + 10 }
      return ports
    }
    try control("start", [String(nodes), String(port)] + settings)
  }

  deinit {
    try? control("stop")
    try? FileManager.default.removeItem(atPath: folder)
  }

  /// What commands must be given to speak to this cluster and to no other.
  var environment: [String: String] { ["SLURM_CONF": "\(folder)/slurm.conf", "PATH": Self.searchPath] }

  /// One of the script's verbs.
  func control(_ verb: String, _ arguments: [String] = []) throws {
    let result = try Command.run("/bin/bash", [Self.script, verb, folder] + arguments, environment: environment)
    try #require(result.status == 0, "cluster.sh \(verb): \(result.output)")
  }

  /// A command of Slurm's, and what it said.
  @discardableResult
  func ask(_ program: String, _ arguments: String...) throws -> String {
    try Command.run("/usr/bin/env", [program] + arguments, environment: environment).output
  }

  struct Job: Hashable {
    let id: String
    let name: String
    let state: String
    let node: String
    let array: String
    let task: Int
  }

  /// All jobs that the controller remembers, tasks one by one.
  func jobs() throws -> [Job] {
    try ask("squeue", "--noheader", "--all", "--array", "--states=all", "--format=%i|%j|%T|%N|%F|%K")
      .split(separator: "\n").map { line in
        let fields = line.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
        return Job(
          id: fields[0], name: fields[1], state: fields[2], node: fields[3], array: fields[4],
          task: Int(fields[5]) ?? -1)
      }
  }

  func running() throws -> [Job] { try jobs().filter { $0.state == "RUNNING" } }
  func active() throws -> [Job] { try jobs().filter { ["PENDING", "RUNNING", "COMPLETING"].contains($0.state) } }
}

/// A program run by a test.
enum Command {
  struct Result {
    let status: Int32
    /// What it wrote to both streams.
    let output: String
  }

  static func start(
    _ program: String, _ arguments: [String], environment: [String: String], output: URL, in folder: String = "/"
  ) throws -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    var whole = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("GRAFT_") && !$0.key.hasPrefix("SLURM") }
    whole.merge(environment) { $1 }
    process.environment = whole
    try Data().write(to: output)
    let handle = try FileHandle(forWritingTo: output)
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = handle
    process.standardError = handle
    try process.run()
    return process
  }

  static func run(
    _ program: String, _ arguments: [String], environment: [String: String], in folder: String = "/"
  ) throws -> Result {
    let output = FileManager.default.temporaryDirectory.appending(path: "graft-output-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: output) }
    let process = try start(program, arguments, environment: environment, output: output, in: folder)
    process.waitUntilExit()
    return Result(
      status: process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus,
      output: try String(contentsOf: output, encoding: .utf8))
  }

  /// The products lie beside the test bundle.
  static func product(_ name: String) throws -> String {
    let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    return "\((own as NSString).deletingLastPathComponent)/\(name)"
  }
}

/// Waits until something is so, and fails the test where it is not in time.
func wait(
  _ what: String, seconds: Double = 60, until isSo: () throws -> Bool
) async throws {
  let deadline = ContinuousClock.now + .seconds(seconds)
  while !(try isSo()) {
    try #require(ContinuousClock.now < deadline, "not in time: \(what)")
    try await Task.sleep(for: .milliseconds(50))
  }
}
