import Files
import Foundation
import Planner
import Synchronization

/// Begins `graft stop` and `graft retry` as a person at a terminal does: each in a process and session of its own, so that it
/// outlives the server, with nothing of the server's open in it. At most one of each at a time.
public final class ActionProcesses: Sendable {
  private struct State {
    /// By the command's name.
    var running: [String: Int32] = [:]
    var said: [String: String] = [:]
  }

  private let program: String
  private let arguments: @Sendable (StudyAction) -> [String]
  private let logFolder: String
  private let state = Mutex(State())

  // POSIX_SPAWN_SETSID, which the C library's headers keep from programs that ask for nothing.
  private static let ownSession: Int16 = 0x80

  /// - Parameters:
  ///   - program: The path of `graft`.
  ///   - arguments: Its arguments for an action, the command's name first.
  ///   - logFolder: Where what it prints goes, to a file for each command; a folder that is there.
  public init(program: String, logFolder: String, arguments: @escaping @Sendable (StudyAction) -> [String]) {
    self.program = program
    self.logFolder = logFolder
    self.arguments = arguments
  }

  /// What the last of each had to say when it ended.
  public var notices: [String] { state.withLock { $0.said.sorted { $0.key < $1.key }.map(\.value) } }

  /// - Returns: The process's id.
  /// - Throws: `ServeFault`.
  public func begin(_ action: StudyAction) throws -> Int32 {
    let name = action.command
    let log = "\(logFolder)/page-\(name).log"
    return try state.withLock { state in
      if let processID = state.running[name] {
        throw ServeFault(
          "`graft \(name)` is already under way: process \(processID)", remedy: "wait until it has ended")
      }
      let processID = try spawn(arguments(action), log: log)
      state.running[name] = processID
      state.said[name] = nil
      let waiter = Thread { [self] in wait(for: processID, name: name, log: log) }
      waiter.name = "\(name) \(processID)"
      waiter.start()
      return processID
    }
  }

  private func wait(for processID: Int32, name: String, log: String) {
    var status: Int32 = 0
    while waitpid(processID, &status, 0) < 0, errno == EINTR {}
    let text = String(decoding: FileManager.default.contents(atPath: log)?.suffix(4096) ?? Data(), as: UTF8.self)
    let lines = text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    // A last line of advice belongs to the one before it.
    let isAdvice = lines.last?.hasPrefix("help: ") ?? false
    let said = lines.suffix(isAdvice ? 2 : 1).joined(separator: "; ")
    state.withLock { state in
      state.running[name] = nil
      state.said[name] = "`graft \(name)`: \(said.isEmpty ? "ended" : said)"
    }
  }

  private func spawn(_ arguments: [String], log: String) throws -> Int32 {
    do {
      return try FreshProcess.start(
        program, arguments, environment: ProcessInfo.processInfo.environment, flags: Self.ownSession
      ) { actions in
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(
          &actions, STDOUT_FILENO, log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_NOFOLLOW, 0o644)
        posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
        // The server's sockets would keep its port.
        for file in Self.openFiles where file > STDERR_FILENO { posix_spawn_file_actions_addclose(&actions, file) }
      }
    } catch {
      throw ServeFault(
        "`graft \(arguments.first ?? "")` cannot be started: \(String(cString: strerror(error.code)))",
        remedy: "see whether \(program) and \(logFolder) are there; or use a terminal")
    }
  }

  /// Those of this process that are not closed by themselves.
  private static var openFiles: [Int32] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
    return names.compactMap { Int32($0) }.filter { file in
      let flags = fcntl(file, F_GETFD)
      return flags >= 0 && flags & FD_CLOEXEC == 0
    }
  }
}
