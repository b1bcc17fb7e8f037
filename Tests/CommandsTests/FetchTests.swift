import Foundation
import Hashing
import Planner
import Testing

/// `graft fetch weights` against a server of this machine that breaks off, forgets and knows no ranges.
@Suite(.serialized, .enabled(if: WeightsServer.canRun, "needs python3 and curl"))
struct FetchTests {
  /// A file whose digest the catalogue does not know: any bytes will do.
  static let name = "swin_small_patch4_window7_224.pth"
  static let content = Data((0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ ($0 >> 8)) })

  private func fetch(
    _ server: WeightsServer, _ manner: String, in folder: TemporaryFolder, _ arguments: [String] = ["swin_small"]
  ) throws -> GraftProcess.Result {
    try GraftProcess.run(
      ["fetch", "weights"] + arguments, in: folder,
      environment: ["GRAFT_WEIGHTS_URL": "http://127.0.0.1:\(server.port)/\(manner)"])
  }

  @Test(.timeLimit(.minutes(1))) func fetchesAndThenHasIt() throws {
    let server = try WeightsServer(files: [Self.name: Self.content])
    let folder = try TemporaryFolder()
    let result = try fetch(server, "plain", in: folder)
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.output.hasSuffix("/weights/\(Self.name)\n"))
    #expect(result.errors.contains("weights: {swin_small: {file: weights/\(Self.name)}}"), "\(result.errors)")
    #expect(result.errors.contains(SHA256.digest(of: Self.content).hex), "\(result.errors)")
    #expect(try folder.data("weights/\(Self.name)") == Self.content)
    #expect(folder.files(under: "weights") == [Self.name])
    let again = try fetch(server, "plain", in: folder)
    #expect(again.status == 0 && again.errors.contains("is there already"), "\(again.errors)")
    #expect(try server.requests() == ["/plain/\(Self.name) whole"])
  }

  /// The server ends every answer after a third: the rest is asked for, not the whole.
  @Test(.timeLimit(.minutes(1))) func goesOnWhereItBrokeOff() throws {
    let server = try WeightsServer(files: [Self.name: Self.content])
    let folder = try TemporaryFolder()
    let result = try fetch(server, "cut", in: folder, ["swin_small", "--output", "here"])
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.errors.contains("broke off after 100001 bytes"), "\(result.errors)")
    #expect(try folder.data("here/\(Self.name)") == Self.content)
    #expect(
      try server.requests() == [
        "/cut/\(Self.name) whole", "/cut/\(Self.name) bytes=100001-", "/cut/\(Self.name) bytes=200002-",
      ])
  }

  /// What an earlier, killed command left is gone on with; also where that was everything.
  @Test(.timeLimit(.minutes(1)), arguments: [200_000, 300_000]) func goesOnWithWhatIsThere(count: Int) throws {
    let server = try WeightsServer(files: [Self.name: Self.content])
    let folder = try TemporaryFolder()
    try folder.write(Self.content.prefix(count), to: "weights/\(Self.name).part")
    let result = try fetch(server, "plain", in: folder)
    #expect(result.status == 0, "\(result.errors)")
    #expect(try folder.data("weights/\(Self.name)") == Self.content)
    #expect(try server.requests() == ["/plain/\(Self.name) bytes=\(count)-"])
  }

  @Test(.timeLimit(.minutes(1))) func beginsAnewWhereAServerKnowsNoRanges() throws {
    let server = try WeightsServer(files: [Self.name: Self.content])
    let folder = try TemporaryFolder()
    try folder.write(Data(repeating: 7, count: 1000), to: "weights/\(Self.name).part")
    let result = try fetch(server, "deaf", in: folder)
    #expect(result.status == 0, "\(result.errors)")
    #expect(try folder.data("weights/\(Self.name)") == Self.content)
  }

  /// The catalogue knows this file's digest: other bytes are refused, and kept aside under another name.
  @Test(.timeLimit(.minutes(1))) func refusesAnotherFile() throws {
    let published = try #require(PublicWeightsCatalogue.named("deit_small", .supervised))
    let server = try WeightsServer(files: [published.fileName: Self.content])
    let folder = try TemporaryFolder()
    let result = try fetch(server, "plain", in: folder, ["deit_small"])
    #expect(result.status == 65, "\(result.errors)")
    #expect(result.errors.contains(SHA256.digest(of: Self.content).hex), "\(result.errors)")
    #expect(result.errors.contains("not cd65a155"), "\(result.errors)")
    #expect(result.errors.contains("help: it is kept as"), "\(result.errors)")
    #expect(folder.files(under: "weights") == ["\(published.fileName).wrong"])
    // What lies there under the right name is not taken for it either.
    try folder.write("x", to: "weights/\(published.fileName)")
    let there = try fetch(server, "plain", in: folder, ["deit_small"])
    #expect(there.status == 65 && there.errors.contains("is there already, but is not"), "\(there.errors)")
  }

  @Test(.timeLimit(.minutes(1))) func saysWhereNothingIs() throws {
    let server = try WeightsServer(files: [:])
    let folder = try TemporaryFolder()
    let missing = try fetch(server, "plain", in: folder, ["deit_small", "--kind", "dino"])
    #expect(missing.status == 66, "\(missing.errors)")
    #expect(
      missing.errors.contains("dino_deitsmall16_pretrain.pth") && missing.errors.contains("404"), "\(missing.errors)")
    #expect(missing.errors.contains("help: look for"), "\(missing.errors)")
    server.stop()
    let unreachable = try fetch(server, "plain", in: folder)
    #expect(unreachable.status == 69, "\(unreachable.errors)")
    #expect(unreachable.errors.contains("run the same command again"), "\(unreachable.errors)")
    try folder.write("a file", to: "weights-file")
    let blocked = try fetch(server, "plain", in: folder, ["swin_small", "--output", "weights-file"])
    #expect(blocked.status == 73, "\(blocked.errors)")
  }

  /// Ctrl-C ends the command and the curl that it began; the next command goes on with what was there.
  @Test(.timeLimit(.minutes(1))) func stopsAndGoesOn() throws {
    let server = try WeightsServer(files: [Self.name: Self.content])
    let folder = try TemporaryFolder()
    let part = folder.url.appendingPathComponent("weights/\(Self.name).part").path
    let running = try GraftProcess.start(
      ["fetch", "weights", "swin_small"], in: folder,
      environment: ["GRAFT_WEIGHTS_URL": "http://127.0.0.1:\(server.port)/slow"])
    func size() -> Int { (try? FileManager.default.attributesOfItem(atPath: part)[.size] as? Int) ?? 0 }
    while running.isRunning, size() < 100_000 { Thread.sleep(forTimeInterval: 0.02) }
    let curls = running.children
    #expect(!curls.isEmpty)
    running.signal(SIGINT)
    #expect(try running.finish().status == 130)
    for curl in curls {
      // Gone, or about to be.
      for _ in 0..<100 where kill(curl, 0) == 0 { Thread.sleep(forTimeInterval: 0.02) }
      #expect(kill(curl, 0) != 0)
    }
    #expect(try fetch(server, "plain", in: folder).status == 0)
    #expect(try folder.data("weights/\(Self.name)") == Self.content)
    #expect(try server.requests().last?.hasSuffix(" whole") == false)
  }

  @Test func wrongUsageNamesWhatThereIs() throws {
    let folder = try TemporaryFolder()
    let backbone = try GraftProcess.run(["fetch", "weights", "resnet19"], in: folder)
    #expect(backbone.status == 64 && backbone.errors.contains("resnet18"), "\(backbone.errors)")
    let kind = try GraftProcess.run(["fetch", "weights", "resnet50", "--kind", "moco"], in: folder)
    #expect(kind.status == 64 && kind.errors.contains("supervised or dino"), "\(kind.errors)")
    let list = try GraftProcess.run(["fetch", "weights", "--format", "csv"], in: folder)
    #expect(list.status == 0)
    #expect(list.output.split(separator: "\n").count == PublicWeightsCatalogue.all.count + 1)
    #expect(list.output.contains("resnet18,supervised,torchvision,resnet18-f37072fd.pth,46830571,f37072fd"))
  }
}

/// `weights_server.py`, serving files of its own folder while it is held.
final class WeightsServer {
  private let folder: TemporaryFolder
  private let process = Process()
  private let input = Pipe()
  let port: Int

  static let canRun = ["python3", "curl"].allSatisfy { program in
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").contains {
      FileManager.default.isExecutableFile(atPath: "\($0)/\(program)")
    }
  }

  init(files: [String: Data]) throws {
    folder = try TemporaryFolder()
    for (name, content) in files { try folder.write(content, to: name) }
    let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "weights_server.py").path
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3", script, folder.url.path]
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
    port = try #require(Int(line.trimmingCharacters(in: .whitespacesAndNewlines)))
  }

  deinit { stop() }

  func stop() {
    guard process.isRunning else { return }
    try? input.fileHandleForWriting.close()
    process.waitUntilExit()
  }

  /// Every request so far: the path, and the bytes asked for or `whole`.
  func requests() throws -> [String] { try folder.text("requests.txt").split(separator: "\n").map(String.init) }
}
