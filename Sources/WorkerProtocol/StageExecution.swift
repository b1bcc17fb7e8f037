import Files
import Foundation
import Planner

/// One attempt inside the worker: its log, its output folder, its outcome made durable, its cost.
struct StageExecution {
  let request: StageRequest
  let runner: any StageRunner
  let context: StageContext

  /// Runs the stage to one of the three answers.
  func perform(baseLog: Int32) -> WorkerEvent {
    let leavesFiles = runner.leavesFiles(request)
    if leavesFiles { ResourceUse.resetPeak() }
    let before = ResourceUse.now()
    var answer: Result<StageOutcome, any Error>
    do {
      if leavesFiles {
        try openLog()
        try DurableFiles.makeFolder(request.outputFolder)
      }
      let outcome = try runner.run(request, context: context)
      if leavesFiles { try keep(outcome) }
      answer = .success(outcome)
    } catch {
      answer = .failure(error)
      // What a failed attempt wrote is of no use, and a start of the coordinator clears what is left.
      try? DurableFiles.remove(request.outputFolder)
    }
    if leavesFiles { closeLog(baseLog: baseLog) }
    var cost = ResourceUse.now().cost(since: before)
    cost.peakDeviceMemory = context.peakDeviceMemory
    switch answer {
    case .success(let outcome): return .done(attempt: request.attempt, outcome, cost)
    case .failure(is StageStopped): return .stopped(attempt: request.attempt, cost)
    case .failure(let error): return .failed(attempt: request.attempt, Self.failure(from: error), cost)
    }
  }

  private static func failure(from error: any Error) -> StageFailure {
    switch error {
    case let failure as StageFailure: failure
    case let fault as FileFault: StageFailure(fault)
    default: StageFailure(.crash, "an error that nobody foresaw: \(error)", remedy: "`graft logs` shows what led to it")
    }
  }

  /// `outcome.json` comes last and whole: a folder that has it is complete.
  private func keep(_ outcome: StageOutcome) throws {
    if rmdir(request.outputFolder) == 0 { return }
    guard errno == ENOTEMPTY || errno == EEXIST else { throw FileFault.last("look into", request.outputFolder) }
    try DurableFiles.synchroniseTree(request.outputFolder)
    try DurableFiles.write(
      Array(outcome.json.canonicalText.utf8), to: "\(request.outputFolder)/\(StageOutcome.fileName)")
  }

  private func openLog() throws {
    guard let path = request.logFile else { return }
    try DurableFiles.makeFolder((path as NSString).deletingLastPathComponent)
    let file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw FileFault.last("open the log", path) }
    defer { close(file) }
    guard dup2(file, STDERR_FILENO) >= 0, dup2(file, STDOUT_FILENO) >= 0 else {
      throw FileFault.last("open the log", path)
    }
  }

  /// A log in which nothing stands is not kept.
  private func closeLog(baseLog: Int32) {
    guard let path = request.logFile else { return }
    fflush(nil)
    var status = stat()
    let isEmpty = fstat(STDERR_FILENO, &status) == 0 && status.st_size == 0
    dup2(baseLog, STDERR_FILENO)
    dup2(baseLog, STDOUT_FILENO)
    if isEmpty {
      unlink(path)
      rmdir((path as NSString).deletingLastPathComponent)
    }
  }
}

extension StageOutcome {
  /// The outcome that lies in an output folder or an artifact; nil where it is not there or not whole: the folder is then not
  /// complete.
  public init?(leftIn folder: String) {
    guard let bytes = try? DurableFiles.read("\(folder)/\(Self.fileName)"), let json = try? JSONValue(json: bytes),
      let outcome = try? StageOutcome(json: json)
    else { return nil }
    self = outcome
  }
}
