import Foundation
import Testing

/// The shorter form of `make chaos`: what that does a thousand times, here some dozen times.
@Suite("Chaos", .serialized) struct ChaosTests {
  @Test(.timeLimit(.minutes(10)), arguments: [("noop", 60), ("training", 25)])
  func killedStarvedAndPausedTheTablesAreTheSame(scenario: String, kills: Int) throws {
    let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let process = Process()
    process.executableURL = URL(filePath: own).deletingLastPathComponent().appending(path: "graft-chaos")
    process.arguments = ["--only", scenario, "--kills", "\(kills)", "--minutes", "8"]
    let said = FileManager.default.temporaryDirectory.appending(path: "graft-output-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: said) }
    try Data().write(to: said)
    process.standardOutput = try FileHandle(forWritingTo: said)
    process.standardError = process.standardOutput
    process.standardInput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    let text = try String(contentsOf: said, encoding: .utf8)
    #expect(process.terminationStatus == 0, "\(text)")
    #expect(text.contains("nothing was lost, nothing was done twice, nothing is left over"), "\(text)")
  }
}
