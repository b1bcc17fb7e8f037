import Foundation

/// What a program that was waited for left.
struct ProgramOutput {
  let status: Int32
  let text: String
  let errors: String

  /// Runs a program without input to its end.
  ///
  /// - Parameter began: Told of its process as soon as it runs.
  /// - Throws: Foundation's error where it cannot be started.
  static func of(
    _ executable: String, _ arguments: [String], began: (_ processID: Int32) -> Void = { _ in }
  ) throws -> ProgramOutput {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: executable)
    process.arguments = arguments
    let output = Pipe()
    let errors = Pipe()
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    began(process.processIdentifier)
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    let said = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return ProgramOutput(status: process.terminationStatus, text: text, errors: said)
  }
}
