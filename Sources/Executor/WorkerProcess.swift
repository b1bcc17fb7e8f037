import Files
import Foundation
import Store
import Synchronization
import WorkerProtocol

/// One worker process of this machine, its two ends of conversation and the thread that listens to it.
///
/// The process leads a group of its own, so that a terminal's Ctrl-C reaches the coordinator alone; no descriptor of the
/// coordinator's but the conversation passes to it.
final class WorkerProcess: Sendable {
  let identity: ProcessIdentity
  private let processID: pid_t
  /// Our end of the conversation; closed by the listening thread when the process is gone.
  private let channel: Mutex<Int32?>
  private let logFile: String
  /// Whether we killed it ourselves.
  private let wasKilled = Mutex(false)

  private init(processID: pid_t, identity: ProcessIdentity, channel: Int32, logFile: String) {
    self.processID = processID
    self.identity = identity
    self.channel = Mutex(channel)
    self.logFile = logFile
  }

  /// Starts a process.
  ///
  /// - Parameters:
  ///   - logFile: Where it prints outside its stages; begun anew.
  ///   - report: Told of each message and, last, of the loss; on the listening thread.
  /// - Throws: `WorkerStartError`.
  static func start(
    path: String, arguments: [String], environment: [String: String], logFile: String,
    report: @escaping @Sendable (WorkerReport.Content) -> Void
  ) throws -> WorkerProcess {
    var ends: [Int32] = [-1, -1]
    guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
      throw WorkerStartError(path: path, code: errno)
    }
    let (ours, theirs) = (ends[0], ends[1])
    defer { close(theirs) }
    let memoryKills = MemoryKills.count
    do {
      let processID = try spawn(
        path: path, arguments: arguments, environment: environment, logFile: logFile, conversation: theirs)
      let identity =
        ProcessIdentity.running(processID) ?? ProcessIdentity(processID: processID, startTicks: 0, boot: "ended")
      let process = WorkerProcess(processID: processID, identity: identity, channel: ours, logFile: logFile)
      let listener = Thread { process.listen(to: ours, memoryKillsBefore: memoryKills, report: report) }
      listener.name = "worker \(processID)"
      listener.start()
      return process
    } catch {
      close(ours)
      throw error
    }
  }

  private static func spawn(
    path: String, arguments: [String], environment: [String: String], logFile: String, conversation: Int32
  ) throws -> pid_t {
    do {
      // A process group of its own: its number.
      return try FreshProcess.start(
        path, arguments, environment: environment, flags: Int16(POSIX_SPAWN_SETPGROUP)
      ) { actions in
        posix_spawn_file_actions_adddup2(&actions, conversation, STDIN_FILENO)
        posix_spawn_file_actions_adddup2(&actions, conversation, STDOUT_FILENO)
        posix_spawn_file_actions_addopen(
          &actions, STDERR_FILENO, logFile, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0o644)
      }
    } catch {
      throw WorkerStartError(path: path, code: error.code)
    }
  }

  /// Writes a request; one that cannot be written is dropped, since the loss of the worker is reported anyway.
  func send(_ request: WorkerRequest) {
    let bytes = Array(request.line.utf8)
    channel.withLock { channel in
      guard let channel else { return }
      bytes.withUnsafeBytes { buffer in
        guard let base = buffer.baseAddress else { return }
        var offset = 0
        while offset < buffer.count {
          let count = Glibc.send(channel, base + offset, buffer.count - offset, Int32(MSG_NOSIGNAL))
          if count < 0, errno != EINTR { return }
          offset += max(0, count)
        }
      }
    }
  }

  /// Whether it may still run; false once it has been waited for.
  var isAlive: Bool { channel.withLock { $0 != nil } }

  /// No further requests will come: the worker sees the end of its input.
  func closeInput() {
    channel.withLock { channel in
      if let channel { shutdown(channel, Int32(SHUT_WR)) }
    }
  }

  /// Kills the process and whatever it started. Its number cannot be another's while it is not waited for.
  func kill() {
    channel.withLock { channel in
      guard channel != nil else { return }
      wasKilled.withLock { $0 = true }
      Glibc.kill(-processID, SIGKILL)
      Glibc.kill(processID, SIGKILL)
    }
  }

  private func listen(
    to file: Int32, memoryKillsBefore: Int?, report: @escaping @Sendable (WorkerReport.Content) -> Void
  ) {
    var lines = LineReader(file: file)
    var hasGreeted = false
    var fault: WorkerLoss?
    reading: while fault == nil {
      let line: ArraySlice<UInt8>
      do {
        guard let next = try lines.next() else { break reading }
        line = next
      } catch .tooLong(let start) {
        fault = .babbled(start)
        break
      } catch {
        break
      }
      guard let event = try? WorkerEvent(line: line) else {
        fault = .babbled(String(decoding: line.prefix(200), as: UTF8.self))
        break
      }
      if case .hello(let version, _) = event {
        hasGreeted = true
        if version != ProtocolVersion.current { fault = .otherVersion(version) }
      } else if hasGreeted {
        report(.said(event))
      } else {
        fault = .babbled(String(decoding: line.prefix(200), as: UTF8.self))
      }
    }
    let status = waitForEnd(atOnce: fault != nil)
    report(.lost(fault ?? loss(status: status, hasGreeted: hasGreeted, memoryKillsBefore: memoryKillsBefore)))
  }

  /// Waits until the process is gone and closes the conversation. A process that closed its output but lives on is killed.
  private func waitForEnd(atOnce: Bool) -> Int32 {
    if atOnce { kill() }
    var status: Int32 = 0
    let deadline = ContinuousClock.now + .seconds(2)
    var options = WNOHANG
    while true {
      // Nobody may be killed by this number once it is waited for, so the two exclude each other.
      let found = channel.withLock { channel in
        let found = waitpid(processID, &status, options)
        if found != 0, !(found < 0 && errno == EINTR) {
          if let open = channel { close(open) }
          channel = nil
          return true
        }
        return false
      }
      if found { return status }
      if ContinuousClock.now >= deadline, !atOnce { kill() }
      usleep(1000)
      options = WNOHANG
    }
  }

  private func loss(status: Int32, hasGreeted: Bool, memoryKillsBefore: Int?) -> WorkerLoss {
    let signal = status & 0x7F
    if signal != 0 {
      let isForeign = signal == SIGKILL && !wasKilled.withLock { $0 }
      return .signalled(
        signal, outOfMemory: isForeign && MemoryKills.tell(before: memoryKillsBefore, after: MemoryKills.count))
    }
    let exit = (status >> 8) & 0xFF
    return hasGreeted ? .exited(status: exit) : .neverGreeted(status: exit, output: lastOutput())
  }

  private func lastOutput() -> String {
    let bytes = (try? DurableFiles.read(logFile)) ?? []
    return String(decoding: bytes.suffix(2000), as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
  }
}
