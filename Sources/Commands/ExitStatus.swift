/// What the process ends with; the numbers are those of BSD's `sysexits` where one fits.
public enum ExitStatus: Int32, Sendable {
  /// Every requested stage is done.
  case done = 0
  case someStagesFailed = 1
  case usage = 64
  /// The study file or the data is wrong.
  case studyOrData = 65
  case noSuchFile = 66
  /// The machine lacks something.
  case machineLacks = 69
  case cannotWrite = 73
  /// Another run holds the workspace.
  case workspaceHeld = 75
  /// Ctrl-C or SIGTERM.
  case stopped = 130
}

/// Why a command ends without having done its work: facts for the one place that prints them.
public struct CommandFailure: Error, Sendable {
  public let status: ExitStatus
  /// What is wrong and where.
  public let message: String
  /// What to do next.
  public let remedy: String?

  public init(_ status: ExitStatus, _ message: String, remedy: String? = nil) {
    self.status = status
    self.message = message
    self.remedy = remedy
  }
}
