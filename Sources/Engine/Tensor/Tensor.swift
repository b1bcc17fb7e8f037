internal import CTorch

/// An array of float32 numbers (or of class indices) on a device, as libtorch holds it.
///
/// A tensor is a reference to memory: `write` changes what every layer that holds it sees. It belongs to one thread at a
/// time; training and evaluation keep theirs to themselves.
public final class Tensor {
  let handle: OpaquePointer

  /// Takes over a handle that the C interface gave out.
  init(owning handle: OpaquePointer) { self.handle = handle }

  deinit { graft_tensor_free(handle) }

  /// A tensor of the values, in row-major order of the shape.
  ///
  /// - Throws: `EngineError.specification` where the count of values is not the shape's.
  public convenience init(_ values: [Float], shape: [Int], device: Device = .cpu) throws {
    guard values.count == shape.reduce(1, *) else {
      throw EngineError.specification("\(values.count) values cannot fill a tensor of shape \(shape)")
    }
    self.init(
      owning: try Native.pointer { out in
        graft_tensor_floats(values, shape.map(Int64.init), Int32(shape.count), device.name, &out)
      })
  }

  /// A row of the values.
  convenience init(_ values: [Float], device: Device) throws {
    try self.init(values, shape: [values.count], device: device)
  }

  /// A tensor of class indices.
  public convenience init(labels: [Int], device: Device = .cpu) throws {
    self.init(
      owning: try Native.pointer { out in
        graft_tensor_integers(labels.map(Int64.init), Int64(labels.count), device.name, &out)
      })
  }

  /// The sizes of the axes.
  public var shape: [Int] {
    var sizes = [Int64](repeating: 0, count: 8)
    var rank: Int32 = 0
    guard graft_tensor_shape(handle, &sizes, &rank) == Int32(GRAFT_OK) else { return [] }
    return sizes.prefix(Int(rank)).map(Int.init)
  }

  public var count: Int { shape.reduce(1, *) }

  /// The values, copied, in row-major order of the shape.
  public func values() throws -> [Float] {
    let count = count
    var status: Int32 = 0
    let values = [Float](unsafeUninitializedCapacity: count) { buffer, filled in
      status = graft_tensor_read(handle, buffer.baseAddress, Int64(count))
      filled = count
    }
    try Native.check(status)
    return values
  }

  /// The values of a float64 tensor, likewise.
  func doubles() throws -> [Double] {
    var values = [Double](repeating: 0, count: count)
    try Native.check(graft_tensor_read_doubles(handle, &values, Int64(values.count)))
    return values
  }

  /// A tensor of its own with the same values, in the same memory order.
  func cloned() throws -> Tensor { try Native.made { out in graft_tensor_clone(handle, &out) } }

  /// Takes another tensor's values, in place; both of one shape.
  func take(_ other: Tensor) throws { try Native.check(graft_tensor_copy(handle, other.handle)) }

  /// So many values of a row from the first given on, in a shape; what is written there is seen here.
  func part(from first: Int, count: Int, shape: [Int]) throws -> Tensor {
    try Native.made { out in
      graft_tensor_part(handle, Int64(first), Int64(count), shape.map(Int64.init), Int32(shape.count), &out)
    }
  }

  /// Replaces the values in place.
  public func write(_ values: [Float]) throws {
    try Native.check(graft_tensor_write(handle, values, Int64(values.count)))
  }

  /// The same values in channels-last memory, the order that convolutions on the CPU are fastest in. Rank 4 only.
  func channelsLast() throws -> Tensor {
    try Native.made { out in graft_tensor_channels_last(handle, &out) }
  }

  /// Zeros of the same shape and memory order.
  func zerosLike() throws -> Tensor { try Native.made { out in graft_tensor_zeros_like(handle, &out) } }

  /// Whether `backward` leaves a gradient here.
  package func requireGradient(_ wanted: Bool = true) throws {
    try Native.check(graft_tensor_require_gradient(handle, wanted ? 1 : 0))
  }

  /// The gradient that the last `backward` left, or zeros.
  package func gradient() throws -> Tensor { try Native.made { out in graft_tensor_gradient(handle, &out) } }

  package func clearGradient() throws { try Native.check(graft_tensor_clear_gradient(handle)) }

  /// Computes the gradient by every tensor that requires one: of this one number, or of the sum of this tensor's numbers
  /// times the seed's.
  package func backward(seed: Tensor? = nil) throws { try Native.check(graft_backward(handle, seed?.handle)) }
}

/// Calls of the C interface with their statuses made errors.
enum Native {
  static func check(_ status: Int32) throws {
    guard status != Int32(GRAFT_OK) else { return }
    let reason = String(cString: graft_error())
    throw status == Int32(GRAFT_MEMORY) ? EngineError.memory(reason) : EngineError.native(reason)
  }

  static func pointer(_ call: (inout OpaquePointer?) -> Int32) throws -> OpaquePointer {
    var out: OpaquePointer?
    try check(call(&out))
    guard let out else { throw EngineError.native("a call gave nothing") }
    return out
  }

  static func made(_ call: (inout OpaquePointer?) -> Int32) throws -> Tensor { Tensor(owning: try pointer(call)) }

  /// Runs the body with the recording of operations for gradients on or off.
  static func recording<Value>(_ enabled: Bool, _ body: () throws -> Value) rethrows -> Value {
    let before = graft_set_recording(enabled ? 1 : 0)
    defer { _ = graft_set_recording(before) }
    return try body()
  }
}
