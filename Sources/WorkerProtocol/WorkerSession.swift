import Files
import Foundation
import Synchronization

/// The worker's side of the protocol: reads requests from standard input, runs stages one after the other on the calling
/// thread, and answers on what was standard output when the session began.
///
/// What the stages print, and what libraries print, goes to the attempt's log, never among the messages. A worker whose
/// coordinator is gone writes its checkpoint and ends by itself.
public final class WorkerSession: Sendable {
  private let runner: any StageRunner
  /// How long an orphan may take over its checkpoint before it ends without.
  private let orphanGrace: Duration
  /// How often it says that it is alive while a stage runs.
  private let pulse: Duration
  private let state = Mutex(SessionState())
  private let arrived = DispatchSemaphore(value: 0)

  private struct SessionState {
    var waiting: [(StageRequest, StageContext)] = []
    var current: (attempt: Int64, context: StageContext)?
    var isClosed = false
  }

  public init(runner: any StageRunner, orphanGrace: Duration = .seconds(120), pulse: Duration = .seconds(10)) {
    self.runner = runner
    self.orphanGrace = orphanGrace
    self.pulse = pulse
  }

  /// Serves until told to exit or until the input closes. Call it once, first thing in the process.
  ///
  /// - Returns: The process's exit status.
  public func serve() -> Int32 {
    // A coordinator that is gone shows as an error of `write`, not as a signal.
    signal(SIGPIPE, SIG_IGN)
    guard let channel = EventChannel.takingStandardOutput() else { return 70 }
    let input = channel.input
    channel.send(.hello(version: ProtocolVersion.current, processID: getpid()))
    let reader = Thread { [self] in readRequests(from: input, answering: channel) }
    reader.name = "requests"
    reader.start()
    let heart = Thread { [self] in beat(on: channel) }
    heart.name = "pulse"
    heart.start()
    while let (request, context) = nextRequest() {
      let execution = StageExecution(request: request, runner: runner, context: context)
      let answer = execution.perform(baseLog: channel.baseLog)
      state.withLock { $0.current = nil }
      channel.send(answer)
    }
    return 0
  }

  private func nextRequest() -> (StageRequest, StageContext)? {
    while true {
      arrived.wait()
      let (request, isClosed) = state.withLock { state in
        let request = state.waiting.isEmpty || state.isClosed ? nil : state.waiting.removeFirst()
        if let request { state.current = (request.0.attempt, request.1) }
        return (request, state.isClosed)
      }
      if let request { return request }
      if isClosed { return nil }
    }
  }

  /// Tells of a stage that is long, whatever its thread does, with the processor time by which it shows whether that works.
  private func beat(on channel: EventChannel) {
    while true {
      Thread.sleep(forTimeInterval: pulse / .seconds(1))
      guard let attempt = state.withLock({ $0.current?.attempt }) else { continue }
      channel.send(.alive(attempt: attempt, cpuSeconds: ResourceUse.now().cpuSeconds))
    }
  }

  private func readRequests(from input: Int32, answering channel: EventChannel) {
    var lines = LineReader(file: input)
    while let line = try? lines.next() {
      guard let request = try? WorkerRequest(line: line) else { break }
      switch request {
      case .run(let stage):
        let context = StageContext { progress in
          channel.send(.progress(attempt: stage.attempt, progress))
        }
        state.withLock { $0.waiting.append((stage, context)) }
        arrived.signal()
      case .stop:
        state.withLock { state in
          state.current?.context.requestStop()
          for (_, context) in state.waiting { context.requestStop() }
        }
      case .exit:
        closeSession()
        return
      }
    }
    closeSession()
  }

  /// No more requests: the running stage stops after its checkpoint, or the process ends when the grace is over.
  private func closeSession() {
    let isRunning = state.withLock { state in
      state.isClosed = true
      state.current?.context.requestStop()
      return state.current != nil
    }
    arrived.signal()
    guard isRunning else { return }
    Thread.sleep(forTimeInterval: orphanGrace / .seconds(1))
    _exit(70)
  }
}

/// Where a worker's messages go. Sends whole lines from any thread.
private final class EventChannel: Sendable {
  let input: Int32
  /// Standard error as the worker was started with it.
  let baseLog: Int32
  private let output: Mutex<Int32>

  private init(input: Int32, output: Int32, baseLog: Int32) {
    self.input = input
    self.baseLog = baseLog
    self.output = Mutex(output)
  }

  /// Keeps standard input and output for messages under other numbers, and lets 0 read nothing and 1 write to 2.
  static func takingStandardOutput() -> EventChannel? {
    let input = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 10)
    let output = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 10)
    let baseLog = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10)
    let nothing = open("/dev/null", O_RDONLY | O_CLOEXEC)
    guard input >= 0, output >= 0, baseLog >= 0, nothing >= 0 else { return nil }
    guard dup2(nothing, STDIN_FILENO) >= 0, dup2(STDERR_FILENO, STDOUT_FILENO) >= 0 else { return nil }
    close(nothing)
    return EventChannel(input: input, output: output, baseLog: baseLog)
  }

  /// A coordinator that is gone cannot be told anything; the closed input ends the session.
  func send(_ event: WorkerEvent) {
    let line = event.line
    output.withLock { file in
      try? DurableFiles.writeAll(Array(line.utf8), to: file, path: "the coordinator")
    }
  }
}
