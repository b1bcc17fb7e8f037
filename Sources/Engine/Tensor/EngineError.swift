/// What went wrong in the engine, by kind: the caller decides from it whether another try makes sense.
public enum EngineError: Error, Sendable, Hashable {
  /// The data or weights at hand are missing or wrong; the message says where and what to do.
  case data(String)
  /// What was asked for cannot be done.
  case specification(String)
  /// The machine lacks something: a device, disk space, a right to write.
  case machine(String)
  /// No memory left.
  case memory(String)
  /// libtorch refused a call: a fault of ours.
  case native(String)

  public var message: String {
    switch self {
    case .data(let text), .specification(let text), .machine(let text), .memory(let text), .native(let text): text
    }
  }
}

extension EngineError: CustomStringConvertible {
  public var description: String { message }
}
