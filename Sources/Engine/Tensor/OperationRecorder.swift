internal import CTorch

/// Records what a thread has a device compute, to have it computed again as a whole: the device is then told once, not operation
/// by operation.
package protocol OperationRecorder {
  /// Runs the body where recordings can be made.
  func session<Value>(_ body: () throws -> Value) throws -> Value

  /// Records the body's operations without computing them. They read and write the memory of the tensors at hand; those that
  /// they make stay theirs. Numbers that the body takes from elsewhere are recorded as they are now.
  ///
  /// - Parameter neighbour: A recording that always comes before this one; the two may share memory.
  /// - Throws: What the body throws, and where the device cannot record what it does; nothing of it was computed then.
  func record(after neighbour: (any OperationRecording)?, _ body: () throws -> Void) throws -> any OperationRecording
}

/// Operations that can be computed again.
package protocol OperationRecording: AnyObject {
  /// Computes them on the values that their inputs have now.
  func replay() throws
}

extension (any OperationRecorder)? {
  /// Runs the body in the recorder's session, where there is one.
  func session<Value>(_ body: () throws -> Value) throws -> Value {
    guard let self else { return try body() }
    return try self.session(body)
  }
}

extension Device {
  /// Whether the libtorch in use can record what is computed here.
  public var canRecord: Bool { graft_can_record(name) != 0 }

  /// Nil where nothing can be recorded.
  var recorder: (any OperationRecorder)? { canRecord ? GraphRecorder(device: self) : nil }
}

/// Records CUDA graphs.
struct GraphRecorder: OperationRecorder {
  let device: Device

  /// On a stream of its own: the common one cannot be recorded.
  func session<Value>(_ body: () throws -> Value) throws -> Value {
    var stream: OpaquePointer?
    try Native.check(graft_stream_enter(device.name, &stream))
    let result = Result { try body() }
    try Native.check(graft_stream_leave(stream))
    return try result.get()
  }

  func record(after neighbour: (any OperationRecording)?, _ body: () throws -> Void) throws -> any OperationRecording {
    let graph = DeviceGraph(
      owning: try Native.pointer { graft_graph_begin((neighbour as? DeviceGraph)?.handle, &$0) })
    let result = Result { try body() }
    // A device that could not record what the body did says so here, too; the body's reason is the better one.
    let status = graft_graph_end(graph.handle)
    try result.get()
    try Native.check(status)
    return graph
  }
}

/// A CUDA graph.
private final class DeviceGraph: OperationRecording {
  let handle: OpaquePointer

  init(owning handle: OpaquePointer) { self.handle = handle }

  deinit { graft_graph_free(handle) }

  func replay() throws { try Native.check(graft_graph_replay(handle)) }
}
