import Foundation

/// The program that computes stages: `graft-worker`, beside `graft`.
enum WorkerProgram {
  /// - Throws: `CommandFailure` 69 where it is not there.
  static func path() throws -> String {
    if let named = ProcessInfo.processInfo.environment["GRAFT_WORKER"], !named.isEmpty { return named }
    let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
    let path = (own as NSString).deletingLastPathComponent + "/graft-worker"
    guard FileManager.default.isExecutableFile(atPath: path) else {
      throw CommandFailure(
        .machineLacks, "there is no graft-worker at \(path)",
        remedy: "build it with `make build`, or name it in GRAFT_WORKER")
    }
    return path
  }

  /// Runs it with arguments and gives what it printed; nil where it did not end well (a library missing, say), with what
  /// it said of that.
  static func output(_ arguments: [String]) throws -> (text: String?, errors: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try path())
    process.arguments = arguments
    let output = Pipe()
    let errors = Pipe()
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = errors
    do {
      try process.run()
    } catch {
      throw CommandFailure(
        .machineLacks, "graft-worker cannot be started: \(String(cString: strerror(errno)))",
        remedy: "run `make build` again")
    }
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    let said = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus == 0 ? text : nil, said)
  }
}
