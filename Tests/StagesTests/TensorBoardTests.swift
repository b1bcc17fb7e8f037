import Foundation
import Planner
import Stages
import Testing
import WorkerProtocol

/// Event files, byte by byte against TensorBoard's own writer, and as TensorBoard reads them.
@Suite struct TensorBoardTests {
  static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")
  /// A Python that has the `tensorboard` package.
  static let python = ProcessInfo.processInfo.environment["GRAFT_TENSORBOARD_PYTHON"]

  struct Expected: Decodable {
    let bytes: String
  }

  @Test func theBytesAreThoseOfTensorBoardsOwnWriter() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "graft-events-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    var time = 1000.25
    let path = folder.appending(path: EventFile.name(attempt: 7)).path
    #expect(path.hasSuffix("/events.out.tfevents.0000000007.graft"))
    do {
      let file = try EventFile(path: path, firstStep: 301) {
        time += 0.25
        return time
      }
      try file.write(
        [.init(tag: "training/loss", value: 0.6931472), .init(tag: "training/lr", value: 0)], step: 301)
      let long = "validation/" + String(repeating: "long ", count: 30)
      try file.write(
        [.init(tag: long, value: .nan), .init(tag: "validation/ü", value: -1e-30)], step: 1_000_000_007)
    }
    let expected = try JSONDecoder().decode(
      Expected.self, from: Data(contentsOf: Self.fixtures.appending(path: "events.json")))
    let bytes = try #require(FileManager.default.contents(atPath: path))
    #expect(bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() == expected.bytes)
  }

  static let study = """
    study: watched
    axes: {dataset: [grading], backbone: [vit_micro], init: [RI]}
    seeds: 1
    training:
      epochs: 4
      batch_size: 16
      knn_eval: true
      tensorboard: true
      log_every: 2
    datasets:
      grading: {format: phantom, domain: grading, images: {train: 80, val: 40, test: 40}, size: 40, seed: 8}
    """

  /// A training stopped after each of its steps in turn, every attempt with a file of its own: what TensorBoard shows is
  /// what it shows of one that nothing stopped.
  @Test(
    .enabled(if: python != nil, "GRAFT_TENSORBOARD_PYTHON names no Python with tensorboard"), .timeLimit(.minutes(5)))
  func tensorBoardReadsEveryStepOnce() throws {
    func shown(stopping: Bool) throws -> [String: [[Double]]] {
      let run = try InProcessRun(Self.study)
      for stage in run.stages(.dataset) { try run.run(stage) }
      let stage = try #require(run.stages(.train).first)
      var attempt: Int64 = 1
      let logs = run.folder.appending(path: "logs").path
      while true {
        var request = run.request(for: stage)
        request.attempt = attempt
        request.logFile = "\(logs)/\(attempt).log"
        try FileManager.default.createDirectory(atPath: request.outputFolder, withIntermediateDirectories: true)
        let context = StageContext()
        if stopping { context.requestStop() }
        do {
          _ = try StageDispatcher().run(request, context: context)
          break
        } catch is StageStopped { attempt += 1 }
      }
      #expect(attempt == (stopping ? 20 : 1))
      let process = Process()
      process.executableURL = URL(filePath: try #require(Self.python))
      process.arguments = [Self.fixtures.appending(path: "read-events.py").path, logs]
      let output = Pipe()
      process.standardOutput = output
      try process.run()
      let text = try output.fileHandleForReading.readToEnd() ?? Data()
      process.waitUntilExit()
      #expect(process.terminationStatus == 0)
      return try JSONDecoder().decode([String: [[Double]]].self, from: text)
    }
    let calm = try shown(stopping: false)
    #expect(
      calm.mapValues { $0.map { Int($0[0]) } } == [
        "training/loss": Array(stride(from: 2, through: 20, by: 2)),
        "training/lr": Array(stride(from: 2, through: 20, by: 2)), "validation/loss": [5, 10, 15, 20],
        "validation/quadratic_kappa": [5, 10, 15, 20], "validation/knn": [5, 10, 15, 20],
      ])
    #expect(try shown(stopping: true) == calm)
  }

  /// The options that cannot change a result change none, and reach the stage all the same.
  @Test(.timeLimit(.minutes(3))) func watchingChangesNothing() throws {
    let watched = try InProcessRun(Self.study)
    let alone = try InProcessRun(
      Self.study.replacing("  tensorboard: true\n", with: "").replacing("  log_every: 2\n", with: ""))
    #expect(watched.plan.stages.map(\.key) == alone.plan.stages.map(\.key))
    let (stage, other) = (try #require(watched.stages(.train).first), try #require(alone.stages(.train).first))
    #expect(stage.manner == ["tensorboard": true, "log_every": 2])
    #expect(other.manner == [:])
    for run in [watched, alone] { try run.runAll() }
    let outcome = try #require(watched.outcomes[stage.key])
    #expect(outcome == alone.outcomes[other.key])
    #expect(outcome.history.allSatisfy { $0.validationNeighbours != nil })
  }
}
