import Files
import Foundation
import Synchronization

/// A worker that takes its requests from a file and writes its answers to another: the worker's side of a conversation
/// with a coordinator on another machine, or with none for a while.
///
/// It works through the requests in order, without waiting for anyone, and ends by itself: when nothing more is asked of it
/// for a while, when it is told to, and, after a checkpoint, when a signal says that its time is over.
public final class PilotSession: Sendable {
  private let folder: PilotFolder
  private let runner: any StageRunner
  private let patience: Duration
  private let state = Mutex(State())
  private let arrived = DispatchSemaphore(value: 0)
  /// One event at a time goes to the file.
  private let writing = Mutex(())

  private struct State {
    var waiting: [(request: StageRequest, context: StageContext)] = []
    var current: StageContext?
    /// The attempt under way.
    var attempt: Int64?
    var end: PilotEnd?
  }

  /// - Parameters:
  ///   - folder: Where the requests lie; made by the coordinator.
  ///   - runner: What runs the stages.
  ///   - patience: How long to wait for further requests before ending.
  public init(folder: PilotFolder, runner: any StageRunner, patience: Duration) {
    self.folder = folder
    self.runner = runner
    self.patience = patience
  }

  /// Serves until one of the reasons to end. Call it once, first thing in the process.
  ///
  /// - Returns: The process's exit status.
  public func serve() -> Int32 {
    signal(SIGPIPE, SIG_IGN)
    do {
      let job = ProcessInfo.processInfo.environment["SLURM_JOB_ID"] ?? "-"
      // Whose requests another has claimed, they are not run again.
      guard try folder.takeClaim(owner: "job \(job), process \(getpid())") else { return 0 }
    } catch {
      FileHandle.standardError.write(Data("graft-worker: \(error)\n".utf8))
      return 74
    }
    let baseLog = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10)
    guard baseLog >= 0, dup2(STDERR_FILENO, STDOUT_FILENO) >= 0 else { return 70 }
    let signals = watchSignals()
    write(.said(.hello(version: ProtocolVersion.current, processID: getpid())))
    let reader = Thread { [self] in readRequests() }
    reader.name = "requests"
    reader.start()
    let pulse = Thread { [self] in beat() }
    pulse.name = "pulse"
    pulse.start()
    while let (request, context) = nextRequest() {
      write(.began(attempt: request.attempt))
      let answer = StageExecution(request: request, runner: runner, context: context).perform(baseLog: baseLog)
      if case .done = answer, access(request.outputFolder, F_OK) != 0 { write(.leftNothing(attempt: request.attempt)) }
      write(.said(answer))
      state.withLock { state in
        state.current = nil
        state.attempt = nil
      }
    }
    write(.closed(state.withLock { $0.end } ?? .asked))
    withExtendedLifetime(signals) {}
    return 0
  }

  /// The next stage; nil when the session ends.
  private func nextRequest() -> (StageRequest, StageContext)? {
    let deadline = DispatchTime.now() + patience / .seconds(1)
    while true {
      let isOverdue = arrived.wait(timeout: deadline) == .timedOut
      let (next, isEnding) = state.withLock { state -> ((StageRequest, StageContext)?, Bool) in
        if state.end != nil { return (nil, true) }
        guard !state.waiting.isEmpty else {
          // Decided together with the look at the list: what comes later is left to the coordinator.
          if isOverdue { state.end = .idle }
          return (nil, isOverdue)
        }
        let next = state.waiting.removeFirst()
        state.current = next.context
        state.attempt = next.request.attempt
        return (next, false)
      }
      if let next { return next }
      if isEnding { return nil }
    }
  }

  /// How often it says that it is alive while a stage runs: rarely, since each time is a line in a file on a shared disk.
  private static let pulseInterval = 60.0

  /// Tells the time that the process has computed, so that a silent stage is not taken for one that hangs.
  private func beat() {
    while true {
      Thread.sleep(forTimeInterval: Self.pulseInterval)
      guard let attempt = state.withLock({ $0.attempt }) else { continue }
      write(.said(.alive(attempt: attempt, cpuSeconds: ResourceUse.now().cpuSeconds)))
    }
  }

  private func watchSignals() -> [any DispatchSourceSignal] {
    let queue = DispatchQueue(label: "graft.pilot.signals")
    return [(SIGUSR1, PilotEnd.timeUp), (SIGTERM, .terminated), (SIGINT, .terminated)].map { number, end in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      source.setEventHandler { [self] in close(end) }
      source.resume()
      return source
    }
  }

  /// Nothing more is begun; the running stage stops after its checkpoint.
  private func close(_ end: PilotEnd) {
    state.withLock { state in
      if state.end == nil { state.end = end }
      state.current?.requestStop()
    }
    arrived.signal()
  }

  // MARK: - Requests

  private func readRequests() {
    var lines = AppendedLines(path: folder.requests)
    let shortest: TimeInterval = 0.02
    var pause = shortest
    while true {
      if folder.isRevoked {
        write(.closed(.revoked))
        _exit(0)
      }
      // A folder that is removed has nobody who reads it.
      if access(folder.path, F_OK) != 0, errno == ENOENT { _exit(0) }
      // A look that fails is followed by another one.
      let fresh = (try? lines.next()) ?? []
      for line in fresh { take(line) }
      pause = fresh.isEmpty ? min(pause * 1.5, 1) : shortest
      Thread.sleep(forTimeInterval: pause)
    }
  }

  private func take(_ line: ArraySlice<UInt8>) {
    guard let request = try? WorkerRequest(line: line) else {
      // What a coordinator that was killed had half written: it never counted on it.
      FileHandle.standardError.write(Data("graft-worker: passed over a line of \(folder.requests)\n".utf8))
      return
    }
    switch request {
    case .run(let stage):
      let context = StageContext { [self] progress in write(.said(.progress(attempt: stage.attempt, progress))) }
      state.withLock { $0.waiting.append((stage, context)) }
      arrived.signal()
    case .stop:
      let notBegun = state.withLock { state in
        state.current?.requestStop()
        defer { state.waiting = [] }
        return state.waiting
      }
      for (request, _) in notBegun { write(.said(.stopped(attempt: request.attempt, StageCost()))) }
    case .exit: close(.asked)
    }
  }

  // MARK: - Events

  /// Appends an event, on disk when this returns unless it is for display only. Where there is no room it waits for some,
  /// and ends in the end: a stage whose answer is lost counts as interrupted.
  private func write(_ event: PilotEvent) {
    let isForDisplay = if case .said(.progress) = event { true } else { false }
    writing.withLock { _ in
      for _ in 0..<60 {
        do {
          return try AppendedFile.append(event.line, to: folder.events, durably: !isForDisplay)
        } catch {
          if isForDisplay { return }
          Thread.sleep(forTimeInterval: 1)
        }
      }
      _exit(74)
    }
  }
}

extension PilotSession {
  /// What a worker does that is started with `--conversation FOLDER [--idle SECONDS]`.
  ///
  /// - Returns: The process's exit status; 64 for other arguments.
  public static func serve(arguments: [String], runner: any StageRunner) -> Int32 {
    var values: [String: String] = [:]
    for index in stride(from: 0, to: arguments.count - 1, by: 2) { values[arguments[index]] = arguments[index + 1] }
    guard let folder = values["--conversation"], let seconds = Double(values["--idle"] ?? "60"), seconds >= 0 else {
      return 64
    }
    return PilotSession(folder: PilotFolder(folder), runner: runner, patience: .seconds(seconds)).serve()
  }
}
