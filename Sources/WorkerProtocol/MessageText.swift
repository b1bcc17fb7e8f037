import Planner

// How messages are written: one canonical JSON object a line, `{"v":1,"is":"done",...}`. Numbers that JSON cannot hold
// travel as the texts "nan", "inf" and "-inf", so that a diverged training's history arrives as it was.

/// A line that is no message of this protocol.
public struct MessageError: Error, Hashable, CustomStringConvertible {
  public let problem: String

  public init(_ problem: String) { self.problem = problem }

  public var description: String { problem }
}

extension WorkerRequest {
  /// The message as one line, its line feed included.
  public var line: String {
    switch self {
    case .run(let request): Self.line("run", ["stage": request.json])
    case .stop: Self.line("stop", [:])
    case .exit: Self.line("exit", [:])
    }
  }

  /// - Throws: `MessageError` for a line that is no request.
  public init(line: some Collection<UInt8>) throws {
    let message = try Message(line: line)
    switch message.name {
    case "run": self = .run(try StageRequest(json: message.members["stage"] ?? .null))
    case "stop": self = .stop
    case "exit": self = .exit
    default: throw MessageError("an unknown request '\(message.name)'")
    }
  }

  private static func line(_ name: String, _ members: [String: JSONValue]) -> String {
    Message(name: name, members: members).line
  }
}

extension WorkerEvent {
  /// The message as one line, its line feed included.
  public var line: String {
    switch self {
    case .hello(let version, let processID):
      Message(name: "hello", members: ["version": .number(Double(version)), "pid": .number(Double(processID))]).line
    case .alive(let attempt, let cpuSeconds):
      Message(name: "alive", members: ["attempt": .number(Double(attempt)), "cpu": .number(cpuSeconds)]).line
    case .progress(let attempt, let progress):
      Message(name: "progress", members: ["attempt": .number(Double(attempt)), "progress": progress.json]).line
    case .done(let attempt, let outcome, let cost):
      Message(
        name: "done",
        members: ["attempt": .number(Double(attempt)), "outcome": outcome.json, "cost": cost.json]
      ).line
    case .failed(let attempt, let failure, let cost):
      Message(
        name: "failed",
        members: ["attempt": .number(Double(attempt)), "failure": failure.json, "cost": cost.json]
      ).line
    case .stopped(let attempt, let cost):
      Message(name: "stopped", members: ["attempt": .number(Double(attempt)), "cost": cost.json]).line
    }
  }

  /// - Throws: `MessageError` for a line that is no event.
  public init(line: some Collection<UInt8>) throws {
    let message = try Message(line: line)
    if message.name == "hello" {
      self = .hello(
        version: try message.integer("version"), processID: Int32(truncatingIfNeeded: try message.integer("pid")))
      return
    }
    let attempt = Int64(try message.integer("attempt"))
    let cost = StageCost(json: message.members["cost"] ?? .null)
    switch message.name {
    case "alive": self = .alive(attempt: attempt, cpuSeconds: message.members["cpu"]?.doubleValue ?? 0)
    case "progress": self = .progress(attempt: attempt, try StageProgress(json: message.members["progress"] ?? .null))
    case "done": self = .done(attempt: attempt, try StageOutcome(json: message.members["outcome"] ?? .null), cost)
    case "failed": self = .failed(attempt: attempt, try StageFailure(json: message.members["failure"] ?? .null), cost)
    case "stopped": self = .stopped(attempt: attempt, cost)
    default: throw MessageError("an unknown event '\(message.name)'")
    }
  }
}

/// The envelope of every message.
struct Message {
  var name: String
  var members: [String: JSONValue]

  init(name: String, members: [String: JSONValue]) {
    self.name = name
    self.members = members
  }

  init(line: some Collection<UInt8>) throws {
    let value: JSONValue
    do {
      value = try JSONValue(json: line)
    } catch let error as JSONReadingError {
      throw MessageError(error.description)
    }
    guard case .object(let members) = value, let version = members["v"]?.intValue, let name = members["is"]?.stringValue
    else { throw MessageError("no message of the worker protocol") }
    // A greeting is understood in any version: it is what tells that a worker is of another one.
    guard version == ProtocolVersion.current || name == "hello" else {
      throw MessageError("a message of protocol version \(version), not \(ProtocolVersion.current)")
    }
    self.name = name
    self.members = members
  }

  var line: String {
    var all = members
    all["v"] = .number(Double(ProtocolVersion.current))
    all["is"] = .string(name)
    return JSONValue.object(all).canonicalText + "\n"
  }

  func integer(_ member: String) throws -> Int {
    guard let value = members[member]?.intValue else { throw MessageError("'\(name)' without its '\(member)'") }
    return value
  }
}
