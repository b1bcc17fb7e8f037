import Foundation

/// A Slurm cluster of three nodes on this machine, by the script that the tests use.
final class SlurmCluster {
  private let script: String
  private let folder: String

  static let isInstalled =
    getuid() == 0
    && ["slurmctld", "slurmd", "munged", "sbatch"].allSatisfy { program in
      searchPath.split(separator: ":").contains { access("\($0)/\(program)", X_OK) == 0 }
    }

  /// Daemons lie where not every user looks.
  private static let searchPath = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin") + ":/usr/sbin:/sbin"

  init(script: String, folder: String) throws {
    self.script = script
    self.folder = folder
    let status = try control("start", "3", String(20_000 + Int.random(in: 0..<1000) * 10))
    guard status == 0 else { throw StormError.machine("\(script) cannot start a cluster in \(folder)") }
  }

  /// What commands must be given to speak to this cluster and to no other.
  var environment: [String: String] { ["SLURM_CONF": "\(folder)/slurm.conf", "PATH": Self.searchPath] }

  func stop() { _ = try? control("stop") }

  private func control(_ verb: String, _ arguments: String...) throws -> Int32 {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/bash")
    process.arguments = [script, verb, folder] + arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus
  }
}
