import StudyWatch

/// What the server is handed: how the study is read and how it is acted on. The command line knows both.
public protocol ServedStudy: Sendable {
  /// Reads the study's files, plans it and looks at the workspace once; may take seconds for a very large one.
  ///
  /// - Throws: `ServeFault`.
  func read() throws -> WatchedStudy
  /// The first of the study's files that says something else than when it was last read; nil where none does.
  func changedFile() -> String?
  /// Begins something in a process of its own, which goes on without the server.
  ///
  /// - Returns: The process's id.
  /// - Throws: `ServeFault`.
  func begin(_ action: StudyAction) throws -> Int32
  /// What became of actions that have ended, a sentence each.
  var notices: [String] { get }
}

/// What a viewer who has the token may have done.
public enum StudyAction: Sendable, Hashable {
  /// Tell the run to stop: where its stages are, or after they have written their checkpoints.
  case stop(atOnce: Bool)
  /// Run again what failed, all of it or of the cells that a filter matches.
  case retry(only: String?)

  /// The command that does it.
  public var command: String {
    switch self {
    case .stop: "stop"
    case .retry: "retry"
    }
  }
}

/// Why something was not done: what is wrong and where, and what to do next.
public struct ServeFault: Error, Sendable, Hashable {
  public let message: String
  public let remedy: String?

  public init(_ message: String, remedy: String? = nil) {
    self.message = message
    self.remedy = remedy
  }
}
