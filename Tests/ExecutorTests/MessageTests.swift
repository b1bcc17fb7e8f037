import Foundation
import Planner
import Testing
import WorkerProtocol

@Suite("Messages")
struct MessageTests {
  static let key = StageKey(hex: String(repeating: "ab", count: 32))

  @Test func requestsComeBackAsTheyWere() throws {
    let key = try #require(Self.key)
    let request = StageRequest(
      attempt: 7, key: key, kind: .train, label: "train \"x\"\n/ü",
      parameters: ["lr": 1e-4, "deep": [1, [true, .null]]],
      inputs: [ResolvedInput(role: "dataset", key: key, folder: "/a b")], locations: ["root": "/data"],
      manner: ["log_every": 7], outputFolder: "/o", checkpointFolder: "/c", threads: 2, device: "cpu", logFile: "/l",
      companions: [
        CompanionStage(
          key: StageKey(kind: .cka, parameters: ["estimator": "unbiased"], inputs: []), kind: .cka,
          parameters: ["estimator": "unbiased"],
          inputs: [
            ResolvedInput(role: "model", key: StageKey(kind: .train, parameters: [:], inputs: []), folder: "/m")
          ])
      ])
    for message in [WorkerRequest.run(request), .stop, .exit] {
      let line = message.line
      #expect(line.utf8.count { $0 == 0x0A } == 1 && line.hasSuffix("\n"))
      #expect(try WorkerRequest(line: Array(line.utf8).dropLast()) == message)
    }
  }

  @Test func eventsComeBackAsTheyWere() throws {
    let outcome = StageOutcome(
      diverged: true, metrics: [MetricValue(split: "test", name: "accuracy", value: 0.1 + 0.2)],
      history: [
        HistoryEntry(
          step: 10, epoch: 0.5, learningRate: 1e-6, trainingLoss: 2.5, validationLoss: .infinity, validationMetric: 0),
        HistoryEntry(
          step: 20, epoch: 1, learningRate: 1e-6, trainingLoss: 2, validationLoss: 1, validationMetric: 0.5,
          validationNeighbours: 0.25),
      ], facts: ["classes": ["a", "b"]])
    let cost = StageCost(cpuSeconds: 1.25, peakMemory: 1 << 40)
    let events: [WorkerEvent] = [
      .hello(version: 1, processID: 12),
      .alive(attempt: 1, cpuSeconds: 12.5),
      .progress(attempt: 1, StageProgress(fraction: 0.5, position: "epoch 1/2", loss: 0.25)),
      .done(attempt: 2, outcome, cost), .failed(attempt: 3, StageFailure(.data, "two\nlines", remedy: "do"), cost),
      .stopped(attempt: 4, cost), .stopped(attempt: 5, StageCost(cpuSeconds: 1, peakMemory: 2, peakDeviceMemory: 3)),
    ]
    for event in events {
      #expect(try WorkerEvent(line: Array(event.line.utf8).dropLast()) == event)
    }
  }

  @Test func whatTriesCostAddsUp() {
    let first = StageCost(cpuSeconds: 1.5, peakMemory: 7, peakDeviceMemory: 3)
    let second = StageCost(cpuSeconds: 2, peakMemory: 5, peakDeviceMemory: 4)
    #expect(first + second == StageCost(cpuSeconds: 3.5, peakMemory: 7, peakDeviceMemory: 4))
    // Nobody measured the device in one of them.
    let unmeasured = StageCost(cpuSeconds: 0, peakMemory: 9)
    #expect(first + unmeasured == StageCost(cpuSeconds: 1.5, peakMemory: 9, peakDeviceMemory: 3))
    #expect(unmeasured + first == first + unmeasured)
    #expect((unmeasured + unmeasured).peakDeviceMemory == nil)
  }

  /// What tells that a worker is of another version is its greeting, whatever else that version's messages hold.
  @Test func aGreetingOfAnyVersionIsUnderstood() throws {
    let greeting = "{\"v\":7,\"is\":\"hello\",\"version\":7,\"pid\":12,\"more\":{}}"
    #expect(try WorkerEvent(line: Array(greeting.utf8)) == .hello(version: 7, processID: 12))
    #expect(throws: MessageError.self) { try WorkerEvent(line: Array("{\"v\":7,\"is\":\"alive\",\"attempt\":1}".utf8)) }
  }

  @Test func notANumberArrivesAsSuch() throws {
    let outcome = StageOutcome(
      history: [
        HistoryEntry(
          step: 1, epoch: 1, learningRate: 0, trainingLoss: .nan, validationLoss: -.infinity, validationMetric: .nan)
      ])
    let back = try StageOutcome(json: try JSONValue(json: outcome.json.canonicalText))
    #expect(back.history[0].trainingLoss.isNaN && back.history[0].validationMetric.isNaN)
    #expect(back.history[0].validationLoss == -.infinity)
  }

  @Test(arguments: [
    "", "{", "hello", "{\"v\":99,\"is\":\"stop\"}", "{\"v\":2}", "{\"v\":2,\"is\":\"dance\"}", "[1]",
    "{\"v\":2,\"is\":\"done\"}",
    "{\"v\":2,\"is\":\"done\",\"attempt\":1e300,\"outcome\":{}}", "{\"v\":2,\"is\":\"stop\"} x",
  ])
  func whatIsNoMessageIsRefused(line: String) {
    #expect(throws: MessageError.self) { try WorkerEvent(line: Array(line.utf8)) }
  }

  static let readable: [(String, JSONValue)] = [
    ("\"\\u00e4\\ud83d\\ude00\\n\"", "ä😀\n"), (" [ 1 , -2.5e3 , null ] ", [1, -2500, .null]),
    ("{\"a\":{\"b\":[]}}", ["a": ["b": []]]), ("123456789012345678901", 123456789012345678901.0), ("-0.0", 0),
  ]

  @Test(arguments: readable)
  func jsonIsRead(text: String, value: JSONValue) throws {
    #expect(try JSONValue(json: text) == value)
  }

  /// To the bit as the C library reads them, whether of few digits or of many.
  @Test func numbersAreReadExactly() throws {
    var generator = SystemRandomNumberGenerator()
    var texts = [
      "0", "-0", "-0.0", "1e22", "1e23", "9007199254740993", "9007199254740992", "123456789012345678", "1e-22", "1e-23",
      "0.1", "0.30000000000000004", "1.7976931348623157e308", "5e-324", "4.35", "0.000001", "1E+5", "12e+03", "1e400",
      "179769313486231570000000000000000000000", "0.1234567890123456789012345",
    ]
    for _ in 0..<2000 {
      let value = Double(bitPattern: generator.next())
      if value.isFinite { texts.append("\(value)") }
      texts.append("\(Double.random(in: -2...2, using: &generator))")
      texts.append(
        "\(Int.random(in: -99999...99999, using: &generator)).\(Int.random(in: 0...9999, using: &generator))")
    }
    for text in texts {
      let read = try #require(try JSONValue(json: text).doubleValue)
      #expect(read.bitPattern == strtod(text, nil).bitPattern, "\(text)")
    }
  }

  @Test(arguments: [
    "\"\\ud83d\"", "\"\\x\"", "\"a", "[1,]", "{\"a\"}", "nul", "+1", "1 2", "--1", "\"\u{1}\"",
    String(repeating: "[", count: 600),
  ])
  func whatIsNoJSONIsRefused(text: String) {
    #expect(throws: JSONReadingError.self) { try JSONValue(json: text) }
  }
}
