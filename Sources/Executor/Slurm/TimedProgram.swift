import Files
import Foundation
import Synchronization

/// What a program that was waited for, but not for ever, left.
struct TimedProgram {
  /// Nil where it had to be killed because it took too long.
  let status: Int32?
  let output: String
  let errors: String

  /// Runs a program without input to its end.
  ///
  /// - Parameters:
  ///   - program: Looked up in `PATH`.
  ///   - limit: How long it may take.
  /// - Throws: `WorkerStartError` where it cannot be started.
  static func run(_ program: String, _ arguments: [String], limit: Duration) throws -> TimedProgram {
    guard let path = ProgramPath.of(program) else { throw WorkerStartError(path: program, code: ENOENT) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    let pipes = (output: Pipe(), errors: Pipe())
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = pipes.output
    process.standardError = pipes.errors
    let ended = DispatchSemaphore(value: 0)
    process.terminationHandler = { _ in ended.signal() }
    do { try process.run() } catch { throw WorkerStartError(path: path, code: errno) }
    let output = Gathered(pipes.output.fileHandleForReading)
    let errors = Gathered(pipes.errors.fileHandleForReading)
    let isLate = ended.wait(timeout: .now() + limit / .seconds(1)) == .timedOut
    if isLate {
      kill(process.processIdentifier, SIGKILL)
      ended.wait()
    }
    return TimedProgram(
      status: isLate ? nil : process.terminationReason == .exit ? process.terminationStatus : 128,
      output: output.text, errors: errors.text)
  }
}

/// Reads a pipe to its end while the program that writes to it runs.
private final class Gathered: Sendable {
  private let data = Mutex(Data())
  private let isComplete = DispatchSemaphore(value: 0)

  init(_ handle: FileHandle) {
    let file = handle.fileDescriptor
    let thread = Thread { [self] in
      var chunk = [UInt8](repeating: 0, count: 64 << 10)
      while true {
        let count = read(file, &chunk, chunk.count)
        if count < 0, errno == EINTR { continue }
        if count <= 0 { break }
        data.withLock { $0.append(contentsOf: chunk[..<count]) }
      }
      withExtendedLifetime(handle) {}
      isComplete.signal()
    }
    thread.start()
  }

  /// What was read; a grandchild that holds the pipe is not waited for longer than a second.
  var text: String {
    _ = isComplete.wait(timeout: .now() + 1)
    return String(decoding: data.withLock { $0 }, as: UTF8.self)
  }
}
