import Planner

/// What a pilot writes into its file of events: what a worker says over a pipe, and what a file must tell besides.
///
/// A pilot is a worker that a batch system runs: it reads requests from a file, `requests.jsonl`, and writes events to another,
/// `events.jsonl`, both of which only grow.
public enum PilotEvent: Sendable, Hashable {
  case said(WorkerEvent)
  /// On disk before the stage does anything: a stage without this line was never begun.
  case began(attempt: Int64)
  /// The stage that is about to be reported as done left no files.
  case leftNothing(attempt: Int64)
  /// The last line: nothing is begun after it.
  case closed(PilotEnd)

  /// The event as one line, its line feed included.
  public var line: String {
    switch self {
    case .said(let event): event.line
    case .began(let attempt): Message(name: "began", members: ["attempt": .number(Double(attempt))]).line
    case .leftNothing(let attempt): Message(name: "left_nothing", members: ["attempt": .number(Double(attempt))]).line
    case .closed(let end): Message(name: "closed", members: ["because": .string(end.rawValue)]).line
    }
  }

  /// - Throws: `MessageError` for a line that is no event of a pilot.
  public init(line: some Collection<UInt8>) throws {
    let message = try Message(line: line)
    switch message.name {
    case "began": self = .began(attempt: Int64(try message.integer("attempt")))
    case "left_nothing": self = .leftNothing(attempt: Int64(try message.integer("attempt")))
    case "closed":
      guard let end = message.members["because"]?.stringValue.flatMap(PilotEnd.init(rawValue:)) else {
        throw MessageError("'closed' without its reason")
      }
      self = .closed(end)
    default: self = .said(try WorkerEvent(line: line))
    }
  }
}

/// Why a pilot ended by itself.
public enum PilotEnd: String, Sendable, Hashable {
  /// Nothing was asked of it for a while.
  case idle
  /// It was told to exit.
  case asked
  /// Its time limit nears (SIGUSR1).
  case timeUp = "time_up"
  /// It was told to end from outside (SIGTERM, SIGINT): cancelled, or displaced by another job.
  case terminated
  /// Its work was given to others, for it was thought to be lost.
  case revoked
}

/// The files of one pilot.
public struct PilotFolder: Sendable, Hashable {
  public let path: String

  public init(_ path: String) { self.path = path }

  public var requests: String { "\(path)/requests.jsonl" }
  public var events: String { "\(path)/events.jsonl" }
  /// Whoever makes this file first owns the folder's requests: the pilot, which then works on them, or the coordinator,
  /// which then gives them to another.
  public var claim: String { "\(path)/claim" }
  /// Once this file is there, a pilot that still runs ends at once.
  public var revocation: String { "\(path)/revoked" }
  /// The exit status of the worker, by the script around it.
  public var exitStatus: String { "\(path)/exit" }
}
