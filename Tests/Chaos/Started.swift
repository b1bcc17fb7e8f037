import Foundation

/// A command under way.
final class Started {
  let process = Process()
  private let output: URL

  /// - Parameter folder: Where it runs; what it says goes to a file there.
  init(_ program: String, _ arguments: [String], in folder: String, environment: [String: String]) throws {
    output = URL(filePath: "\(folder)/said-\(UUID().uuidString)")
    try Data().write(to: output)
    let handle = try FileHandle(forWritingTo: output)
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    process.currentDirectoryURL = URL(filePath: folder)
    process.environment = environment
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = handle
    process.standardError = handle
    try process.run()
  }

  deinit { try? FileManager.default.removeItem(at: output) }

  var id: Int32 { process.processIdentifier }
  var isRunning: Bool { process.isRunning }

  /// What it said so far, on both streams.
  var said: String { (try? String(contentsOf: output, encoding: .utf8)) ?? "" }

  func signal(_ number: Int32) { kill(id, number) }

  /// Waits for its end.
  ///
  /// - Returns: Its status; 128 and the signal where one ended it.
  func status() -> Int32 {
    process.waitUntilExit()
    return process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus
  }
}
