import Files
import Foundation
import Planner

/// A run told from elsewhere to stop: a file in the workspace that names the run, so that it can be told on another machine
/// of a shared file system too, and so that it never means a later one.
public struct StopRequest: Sendable, Hashable {
  /// The run that is meant.
  public let run: LockHolder
  /// Whether its stages are ended where they are, or write their checkpoints first.
  public let isAtOnce: Bool

  public init(run: LockHolder, isAtOnce: Bool) {
    self.run = run
    self.isAtOnce = isAtOnce
  }

  /// Leaves the request where the run looks for it.
  ///
  /// - Throws: `WorkspaceError.file`.
  public func leave(in workspace: String) throws {
    let json: JSONValue = ["run": run.json, "at_once": .bool(isAtOnce)]
    do {
      try DurableFiles.write(Array(json.canonicalText.utf8), to: Self.path(workspace))
    } catch let fault as FileFault {
      throw WorkspaceError.file(fault)
    }
  }

  /// Whether a request lies there that no run has taken yet.
  public static func isPending(in workspace: String) -> Bool { access(path(workspace), F_OK) == 0 }

  /// Takes it back; nothing where there is none.
  public static func withdraw(from workspace: String) { try? DurableFiles.remove(path(workspace)) }

  static func path(_ workspace: String) -> String { "\(workspace)/stop" }

  init?(json: JSONValue) {
    guard let run = json["run"].flatMap({ LockHolder(json: $0) }) else { return nil }
    self.init(run: run, isAtOnce: json["at_once"]?.boolValue ?? false)
  }
}

extension Workspace {
  /// Takes the request that lies there, if any, and removes it: that is how the sender knows that it was heard. One that
  /// means another run is removed too.
  ///
  /// - Returns: What this process's run is told; nil for nothing.
  public func takeStopRequest() -> StopRequest? {
    let path = StopRequest.path(folder)
    guard access(path, F_OK) == 0 else { return nil }
    let request = (try? DurableFiles.read(path)).flatMap { try? JSONValue(json: $0) }.flatMap { StopRequest(json: $0) }
    try? DurableFiles.remove(path)
    guard let request, request.run.process == .current, request.run.host == ProcessIdentity.currentHost else {
      return nil
    }
    return request
  }

  /// Who holds the workspace in this folder; nil where nobody does. The folder need not be one.
  public static func holder(of folder: String) -> LockHolder? {
    guard let holder = WriterLock.holder(path: "\(folder)/lock"), holder.isRunning else { return nil }
    return holder
  }
}
