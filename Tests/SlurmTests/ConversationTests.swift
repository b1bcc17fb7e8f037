import Files
import Foundation
import Planner
import Synchronization
import Testing
import WorkerProtocol

/// The conversation in files, without a cluster.
@Suite struct ConversationTests {
  /// A folder, and a pilot of the fake worker's program in it.
  final class Conversation: Sendable {
    let folder: PilotFolder

    init() throws {
      var template = Array("/tmp/graft-pilot-XXXXXX".utf8CString)
      folder = PilotFolder(String(cString: try #require(mkdtemp(&template))))
    }

    deinit { try? DurableFiles.remove(folder.path) }

    func request(_ number: Int64, _ script: JSONValue = [:]) throws -> WorkerRequest {
      let key = try #require(StageKey(hex: String(repeating: "a", count: 63) + String(number % 10)))
      return .run(
        StageRequest(
          attempt: number, key: key, kind: .noop, label: "stage-\(number)", parameters: script, inputs: [],
          locations: [:], outputFolder: "\(folder.path)/out-\(number)",
          checkpointFolder: "\(folder.path)/check-\(number)",
          threads: 1, device: "cpu"))
    }

    func ask(_ requests: WorkerRequest...) throws {
      try AppendedFile.append(requests.map(\.line).joined(), to: folder.requests, durably: true)
    }

    func start(idle: Double = 0.3) throws -> Process {
      try Command.start(
        try Command.product("graft-fake-worker"), ["--conversation", folder.path, "--idle", "\(idle)"],
        environment: [:], output: URL(filePath: "\(folder.path)/said"))
    }

    func heard() throws -> [PilotEvent] {
      var lines = AppendedLines(path: folder.events)
      return try lines.next().map { try PilotEvent(line: $0) }
    }

    /// The events in short: `began 1`, `done 1`, `closed idle`.
    func told() throws -> [String] {
      try heard().compactMap { event in
        switch event {
        case .began(let number): "began \(number)"
        case .leftNothing(let number): "nothing \(number)"
        case .closed(let end): "closed \(end.rawValue)"
        case .said(.done(let number, _, _)): "done \(number)"
        case .said(.failed(let number, _, _)): "failed \(number)"
        case .said(.stopped(let number, _)): "stopped \(number)"
        case .said(.hello): "hello"
        case .said(.progress), .said(.alive): nil
        }
      }
    }
  }

  @Test(.timeLimit(.minutes(1))) func aPilotWorksThroughItsListAndEndsWhenIdle() async throws {
    let talk = try Conversation()
    try talk.ask(try talk.request(1), try talk.request(2, ["files": true]))
    let pilot = try talk.start()
    try await wait("it ends") { !pilot.isRunning }
    #expect(try talk.told() == ["hello", "began 1", "nothing 1", "done 1", "began 2", "done 2", "closed idle"])
    #expect(pilot.terminationStatus == 0)
  }

  @Test(.timeLimit(.minutes(1))) func whatIsAskedLaterIsDoneToo() async throws {
    let talk = try Conversation()
    let pilot = try talk.start(idle: 20)
    try await wait("it greets") { try talk.told() == ["hello"] }
    try talk.ask(try talk.request(1))
    try await wait("it answers") { try talk.told().contains("done 1") }
    try talk.ask(.exit)
    try await wait("it ends") { !pilot.isRunning }
    #expect(try talk.told().last == "closed asked")
  }

  @Test(.timeLimit(.minutes(1))) func aSecondPilotDoesNothing() async throws {
    let talk = try Conversation()
    #expect(try talk.folder.takeBack())
    try talk.ask(try talk.request(1))
    let pilot = try talk.start()
    try await wait("it ends") { !pilot.isRunning }
    #expect(try talk.told() == [])
    #expect(try !talk.folder.takeBack())
  }

  @Test(.timeLimit(.minutes(1)), arguments: [(SIGUSR1, "time_up"), (SIGTERM, "terminated")])
  func aSignalStopsAfterACheckpointAndLeavesTheRest(_ number: Int32, _ end: String) async throws {
    let talk = try Conversation()
    try talk.ask(try talk.request(1, ["steps": 2000, "pause": 0.05]), try talk.request(2))
    let pilot = try talk.start()
    try await wait("it is at work") { access("\(talk.folder.path)/check-1/step", F_OK) == 0 }
    kill(pilot.processIdentifier, number)
    try await wait("it ends") { !pilot.isRunning }
    #expect(try talk.told() == ["hello", "began 1", "stopped 1", "closed \(end)"])
  }

  @Test(.timeLimit(.minutes(1))) func aStopIsForAllThatIsOnTheList() async throws {
    let talk = try Conversation()
    try talk.ask(try talk.request(1, ["steps": 2000, "pause": 0.05]), try talk.request(2))
    let pilot = try talk.start()
    try await wait("it is at work") { access("\(talk.folder.path)/check-1/step", F_OK) == 0 }
    try talk.ask(.stop)
    try await wait("it ends") { !pilot.isRunning }
    #expect(Set(try talk.told()) == ["hello", "began 1", "stopped 1", "stopped 2", "closed idle"])
  }

  @Test(.timeLimit(.minutes(1))) func aPilotThatIsRevokedEndsAtOnce() async throws {
    let talk = try Conversation()
    try talk.ask(try talk.request(1, ["steps": 2000, "pause": 0.05, "deaf": true]))
    let pilot = try talk.start()
    try await wait("it is at work") { try talk.told().contains("began 1") }
    try talk.folder.revoke()
    try await wait("it ends") { !pilot.isRunning }
    #expect(try talk.told().last == "closed revoked")
  }

  @Test(.timeLimit(.minutes(1))) func aRequestThatWasHalfWrittenIsPassedOver() async throws {
    let talk = try Conversation()
    let torn = String(try talk.request(1).line.prefix(60))
    try DurableFiles.write(Array(torn.utf8), to: talk.folder.requests)
    try talk.ask(try talk.request(2))
    let pilot = try talk.start()
    try await wait("it ends") { !pilot.isRunning }
    #expect(try talk.told() == ["hello", "began 2", "nothing 2", "done 2", "closed idle"])
  }

  @Test func aLineIsReadWhenItIsComplete() throws {
    let path = "\(try Conversation().folder.path)-lines"
    defer { try? DurableFiles.remove(path) }
    var lines = AppendedLines(path: path)
    #expect(try lines.next().isEmpty)
    func add(_ text: String) throws {
      let file = open(path, O_WRONLY | O_CREAT | O_APPEND, 0o644)
      defer { close(file) }
      try DurableFiles.writeAll(Array(text.utf8), to: file, path: path)
    }
    try add("one\ntw")
    #expect(try lines.next().map { String(decoding: $0, as: UTF8.self) } == ["one"])
    #expect(try lines.next().isEmpty)
    try add("o\nthree\n")
    #expect(try lines.next().map { String(decoding: $0, as: UTF8.self) } == ["two", "three"])
  }

  @Test func everyEventComesBackAsItWas() throws {
    let events: [PilotEvent] = [
      .began(attempt: 7), .leftNothing(attempt: 8), .closed(.timeUp), .said(.hello(version: 1, processID: 12)),
      .said(.stopped(attempt: 3, StageCost(cpuSeconds: 1, peakMemory: 2))),
    ]
    for event in events { #expect(try PilotEvent(line: event.line.utf8.dropLast()) == event) }
    #expect(throws: MessageError.self) { try PilotEvent(line: Array("{\"is\":\"closed\",\"v\":1}".utf8)) }
  }
}
