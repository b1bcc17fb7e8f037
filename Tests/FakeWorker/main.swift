import Files
import Foundation
import Planner
import WorkerProtocol

// A worker whose stages do what their parameters say, for tests of the run around them.

/// Parameters, all optional: `steps` and `pause` (seconds a step; a checkpoint after each), `files` (whether it writes one),
/// `fail` (a failure class), `attempts` (fails or dies only in so many first tries), `die` (a signal), `exit` (a status),
/// `babble` (text written among the messages), `deaf` (does not look at `shouldStop`), `print` (text for the log),
/// `hang` (seconds of doing nothing), `spin` (seconds of computing and saying nothing), `memory` (bytes taken at once),
/// `device_memory` (bytes that it says it has of its device), `note_stop` (whether it notes that it stops, too).
struct ScriptedRunner: StageRunner {
  func run(_ request: StageRequest, context: StageContext) throws -> StageOutcome {
    let script = request.parameters
    try note(request, "begin")
    if let text = script["print"]?.stringValue { print(text) }
    if isFaulty(request) { try fault(script) }
    var taken = [UInt8]()
    if let bytes = script["memory"]?.intValue { taken = [UInt8](repeating: 1, count: bytes) }
    defer { withExtendedLifetime(taken) {} }
    if let bytes = script["device_memory"]?.intValue { context.reportDeviceMemory(Int64(bytes)) }
    if let seconds = script["hang"]?.doubleValue { Thread.sleep(forTimeInterval: seconds) }
    if let seconds = script["spin"]?.doubleValue { spin(seconds: seconds) }
    let steps = script["steps"]?.intValue ?? 0
    let checkpoint = "\(request.checkpointFolder)/step"
    var step = (try? DurableFiles.read(checkpoint)).flatMap { Int(String(decoding: $0, as: UTF8.self)) } ?? 0
    let start = step
    while step < steps {
      Thread.sleep(forTimeInterval: script["pause"]?.doubleValue ?? 0)
      step += 1
      try DurableFiles.makeFolder(request.checkpointFolder)
      try DurableFiles.write(Array(String(step).utf8), to: checkpoint)
      context.report(StageProgress(fraction: Double(step) / Double(steps), position: "step \(step)/\(steps)"))
      if let signal = script["die_after_step"]?.intValue, step > start { kill(getpid(), Int32(signal)) }
      if context.shouldStop, script["deaf"] == nil { throw try stopped(request) }
    }
    if script["files"]?.boolValue ?? false {
      let inputs = request.inputs.map {
        (try? DurableFiles.read("\($0.folder)/value")).map { String(decoding: $0, as: UTF8.self) } ?? ""
      }
      try DurableFiles.write(
        Array("\(request.key.short)(\(inputs.joined(separator: ",")))".utf8), to: "\(request.outputFolder)/value")
    }
    try note(request, "end")
    return StageOutcome(
      metrics: [MetricValue(split: "test", name: "accuracy", value: script["accuracy"]?.doubleValue ?? 0.5)],
      facts: ["steps": .number(Double(steps))])
  }

  private func stopped(_ request: StageRequest) throws -> StageStopped {
    if request.parameters["note_stop"]?.boolValue ?? false { try note(request, "stop") }
    return StageStopped()
  }

  private func spin(seconds: Double) {
    let end = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < end {}
  }

  private func isFaulty(_ request: StageRequest) -> Bool {
    guard let limit = request.parameters["attempts"]?.intValue else { return true }
    let counter = "\(request.checkpointFolder).tries"
    let tries = ((try? DurableFiles.read(counter)) ?? []).count
    try? DurableFiles.write(Array(repeating: UInt8(ascii: "."), count: tries + 1), to: counter)
    return tries < limit
  }

  private func fault(_ script: JSONValue) throws {
    if let name = script["fail"]?.stringValue, let failureClass = FailureClass(rawValue: name) {
      throw StageFailure(failureClass, "told to fail", remedy: "tell it not to")
    }
    if let signal = script["die"]?.intValue {
      kill(getpid(), Int32(signal))
      // Another thread may take the signal a moment later.
      Thread.sleep(forTimeInterval: 30)
    }
    if let status = script["exit"]?.intValue { exit(Int32(status)) }
    if let text = script["babble"]?.stringValue {
      try DurableFiles.writeAll(Array("\(text)\n".utf8), to: try conversation(), path: "the conversation")
      Thread.sleep(forTimeInterval: 30)
    }
  }

  /// The descriptor on which messages go, as a library that writes to any number might hit it: the one socket that is
  /// held under two numbers.
  private func conversation() throws -> Int32 {
    var seen: Set<UInt> = []
    for file in Int32(3)..<256 {
      var status = stat()
      guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { continue }
      if !seen.insert(UInt(status.st_ino)).inserted { return file }
    }
    throw StageFailure(.spec, "the conversation was not found")
  }

  /// A line for each begin, end and stop in a file that all workers share, to see what ran when.
  private func note(_ request: StageRequest, _ what: String) throws {
    guard let journal = request.locations["journal"] else { return }
    let file = open(journal, O_WRONLY | O_CREAT | O_APPEND, 0o644)
    guard file >= 0 else { throw FileFault.last("open", journal) }
    defer { close(file) }
    try DurableFiles.writeAll(
      Array("\(what) \(request.label) \(getpid()) \(request.device)\n".utf8), to: file, path: journal)
  }
}

switch CommandLine.arguments.dropFirst().first {
case "--broken":
  FileHandle.standardError.write(Data("a library is missing\n".utf8))
  exit(3)
case "--doctor":
  // As many CUDA devices as the test says, of so much memory each.
  let environment = ProcessInfo.processInfo.environment
  let memory = environment["GRAFT_FAKE_DEVICE_MEMORY"] ?? ""
  let graphs = environment["GRAFT_FAKE_GRAPHS"].map { ",\"cuda_graphs\":\($0)" } ?? ""
  print("{\"cuda_devices\":\(environment["GRAFT_FAKE_DEVICES"] ?? "0"),\"cuda_memory\":[\(memory)]\(graphs)}")
case "--newer":
  print("{\"is\":\"hello\",\"pid\":1,\"v\":99,\"version\":99,\"more\":[]}")
  fflush(nil)
  Thread.sleep(forTimeInterval: 30)
case "--mute":
  // Greets nobody and does not end.
  Thread.sleep(forTimeInterval: 600)
case "--stubborn":
  // Does not end for being asked to: not by a signal, not by the end of its input.
  signal(SIGTERM, SIG_IGN)
  signal(SIGINT, SIG_IGN)
  exit(WorkerSession(runner: ScriptedRunner(), orphanGrace: .seconds(600), pulse: .milliseconds(50)).serve())
case "--old":
  print("{\"is\":\"hello\",\"pid\":1,\"v\":1,\"version\":0}")
  fflush(nil)
  Thread.sleep(forTimeInterval: 30)
case "--conversation":
  exit(PilotSession.serve(arguments: Array(CommandLine.arguments.dropFirst()), runner: ScriptedRunner()))
default:
  exit(WorkerSession(runner: ScriptedRunner(), orphanGrace: .seconds(5), pulse: .milliseconds(50)).serve())
}
