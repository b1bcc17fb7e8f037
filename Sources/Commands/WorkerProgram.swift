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
    let path = try path()
    let ended: ProgramOutput
    do {
      ended = try ProgramOutput.of(path, arguments)
    } catch {
      throw CommandFailure(
        .machineLacks, "graft-worker cannot be started: \(String(cString: strerror(errno)))",
        remedy: "run `make build` again")
    }
    return (ended.status == 0 ? ended.text : nil, ended.errors)
  }
}
