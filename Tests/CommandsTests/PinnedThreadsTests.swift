import Foundation
import Testing

/// `--pin-threads`: each worker keeps to processors of its own.
@Suite struct PinnedThreadsTests {
  private static let folderOfProducts = GraftProcess.binary.deletingLastPathComponent()

  /// What the kernel lets this process run on, as it says it.
  private static func allowed() throws -> [Int] {
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") })
    return try #require(line.split(separator: ":").last).split(separator: ",").flatMap { part -> [Int] in
      let ends = part.split(separator: "-").compactMap { Int($0.trimmingCharacters(in: .whitespaces)) }
      return Array((ends.first ?? 0)...(ends.last ?? 0))
    }
  }

  @Test(.timeLimit(.minutes(1))) func aWorkerKeepsToWhatItIsTold() throws {
    let last = try #require(Self.allowed().last)
    let worker = Process()
    worker.executableURL = Self.folderOfProducts.appendingPathComponent("graft-worker")
    worker.arguments = ["--doctor"]
    worker.environment = ProcessInfo.processInfo.environment.merging(["GRAFT_PROCESSORS": "\(last)"]) { $1 }
    let output = Pipe()
    worker.standardOutput = output
    try worker.run()
    let bytes = try #require(try output.fileHandleForReading.readToEnd())
    worker.waitUntilExit()
    let said = try #require(try JSONSerialization.jsonObject(with: bytes) as? [String: Any])
    #expect(said["processors"] as? String == "\(last)")
  }

  @Test(.timeLimit(.minutes(2))) func eachSlotHasItsOwn() throws {
    let allowed = try Self.allowed()
    let jobs = min(2, allowed.count)
    let folder = try TemporaryFolder()
    try folder.write(Studies.small(), to: "small.yaml")
    try folder.write(
      """
      #!/bin/sh
      [ $# -gt 0 ] || echo "$GRAFT_PROCESSORS" >> "\(folder.url.appendingPathComponent("told").path)"
      exec "\(Self.folderOfProducts.appendingPathComponent("graft-fake-worker").path)" "$@"

      """, to: "worker.sh")
    let script = folder.url.appendingPathComponent("worker.sh").path
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: script)
    let run = try GraftProcess.run(
      ["run", "small.yaml", "--pin-threads", "--jobs", "\(jobs)", "--threads", "1"], in: folder,
      environment: ["GRAFT_WORKER": script])
    try #require(run.status == 0, "\(run.errors)")
    let told = try String(contentsOfFile: folder.url.appendingPathComponent("told").path, encoding: .utf8)
    #expect(Set(told.split(separator: "\n").map(String.init)) == Set(allowed.prefix(jobs).map(String.init)))
  }

  @Test(.timeLimit(.minutes(1))) func tooFewProcessorsAreAnError() throws {
    let folder = try TemporaryFolder()
    try folder.write(Studies.small(), to: "small.yaml")
    let refused = try GraftProcess.run(
      ["run", "small.yaml", "--pin-threads", "--jobs", "2", "--threads", "1024"], in: folder)
    #expect(refused.status == 69)
    #expect(refused.errors.contains("`pin_threads`: 2 jobs of 1024 thread(s)"))
    #expect(refused.errors.contains("--jobs or --threads"))
  }
}
