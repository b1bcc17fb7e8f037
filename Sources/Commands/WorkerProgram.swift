import Executor
import Foundation
import Planner

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

  /// What it answers to a request that it is started with.
  ///
  /// - Throws: `CommandFailure` 69 where it ended without such an answer.
  static func answer<Answer: Decodable>(_ option: String, to request: some Encodable) throws -> Answer {
    let (text, errors) = try output([option, String(decoding: try JSONEncoder().encode(request), as: UTF8.self)])
    guard let text, let answer = try? JSONDecoder().decode(Answer.self, from: Data(text.utf8)) else {
      throw noAnswer(errors)
    }
    return answer
  }

  static func noAnswer(_ errors: String) -> CommandFailure {
    CommandFailure(
      .machineLacks, "graft-worker ended without an answer: \(errors)", remedy: "`graft doctor` says what is missing")
  }

  /// What it says of the numerical libraries in use; nil where it does not start, with what it said of that.
  static func facts() throws -> (facts: JSONValue?, errors: String) {
    let (text, errors) = try output(["--doctor"])
    return (text.flatMap { try? JSONDecoder().decode(JSONValue.self, from: Data($0.utf8)) }, errors)
  }
}

extension DeviceChoice {
  /// The devices of this machine that are meant, and the memory of the smallest of them in bytes, where that is known: the
  /// worker is asked what it can use.
  ///
  /// - Throws: `CommandFailure` 69 where one is not there.
  func onThisMachine() throws -> (devices: StageDevices, memory: Int64?) {
    if self == .cpu || (self == .automatic && !Self.hasDriver) { return (.cpu, nil) }
    // A worker that does not start is reported by the run, with more words.
    let facts = try WorkerProgram.facts().facts
    do {
      let devices = try devices(available: facts?["cuda_devices"]?.intValue ?? 0)
      guard case .cuda(let indices) = devices else { return (devices, nil) }
      let sizes = facts?["cuda_memory"]?.arrayValue?.compactMap { $0.doubleValue.flatMap { Int64(exactly: $0) } } ?? []
      let found = indices.compactMap { sizes.indices.contains($0) && sizes[$0] > 0 ? sizes[$0] : nil }
      return (devices, found.count == indices.count ? found.min() : nil)
    } catch {
      throw CommandFailure(.machineLacks, error.description, remedy: error.remedy)
    }
  }

  /// Whether NVIDIA's driver is there, by the files through which programs reach it on Linux and on WSL. Spares most
  /// machines the half second in which a worker loads libtorch and is asked.
  private static var hasDriver: Bool {
    ["/dev/nvidiactl", "/dev/dxg"].contains(where: FileManager.default.fileExists(atPath:))
  }
}
