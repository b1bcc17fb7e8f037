import Foundation
import Serve
import Store
import StudyWatch
import Synchronization

/// A study as the command line names it, for the server: read again when that is asked for, acted on by `graft` itself.
final class ServedStudyFile: ServedStudy {
  private let arguments: StudyArguments
  private let retryOptions: [String]
  private let files = Mutex<WatchedFiles?>(nil)
  private let actions = Mutex<ActionProcesses?>(nil)

  init(_ arguments: StudyArguments, retryOptions: [String]) {
    self.arguments = arguments
    self.retryOptions = retryOptions
  }

  /// Reads the study's files and plans it.
  ///
  /// - Throws: `CommandFailure`.
  func plan() throws -> WatchedStudy {
    let loaded = try arguments.load()
    let workspace = try workspaceForReading(loaded.workspaceFolder)
    let found = WatchedFiles(of: loaded.file)
    var study = WatchedStudy(try loaded.plan(in: workspace), in: workspace)
    _ = try explaining { try study.look(at: .now) }
    files.withLock { $0 = found }
    return study
  }

  func read() throws -> WatchedStudy {
    do {
      return try plan()
    } catch let failure as CommandFailure {
      throw ServeFault(failure.message, remedy: failure.remedy)
    }
  }

  func changedFile() -> String? { files.withLock { $0?.changed() } }

  var notices: [String] { actions.withLock { $0 }?.notices ?? [] }

  func begin(_ action: StudyAction) throws -> Int32 {
    let processes = try actions.withLock { known in
      if let known { return known }
      let file = try StudyFile(path: arguments.study)
      let folder = arguments.options.place.folder(beside: file.folder)
      let program = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "/proc/self/exe"
      let made = ActionProcesses(program: program, logFolder: "\(folder)/logs") { [self] in words(for: $0) }
      known = made
      return made
    }
    return try processes.begin(action)
  }

  /// The arguments of `graft` that do it.
  func words(for action: StudyAction) -> [String] {
    var words = [action.command] + [arguments.study].compactMap(\.self)
    if let workspace = arguments.options.place.workspace { words += ["--workspace", workspace] }
    switch action {
    case .stop(let atOnce): return words + (atOnce ? ["--now"] : [])
    case .retry(let filter):
      if let filter { words.append(filter) }
      for value in arguments.options.overrides { words += ["--set", value] }
      if let only = arguments.options.only { words += ["--only", only] }
      return words + retryOptions
    }
  }
}
