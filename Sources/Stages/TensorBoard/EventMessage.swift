/// One `Event` of TensorFlow's `event.proto`, in the bytes of protocol buffers.
///
/// The fields used, by number. Event: wall_time 1, step 2, file_version 3, summary 5, session_log 7. Summary: value 1. Value:
/// tag 1, simple_value 2. SessionLog: status 1, of which 1 is START.
struct EventMessage {
  private(set) var bytes: [UInt8] = []

  private init(at time: Double, step: Int) {
    appendFixed(1, time.bitPattern)
    if step != 0 { appendVarint(2, UInt64(step)) }
  }

  /// The first event of every file.
  static func version(at time: Double) -> EventMessage {
    var event = EventMessage(at: time, step: 0)
    event.appendBytes(3, Array("brain.Event:2".utf8))
    return event
  }

  /// What older files hold from this step on is void.
  static func sessionStart(firstStep: Int, at time: Double) -> EventMessage {
    var event = EventMessage(at: time, step: firstStep)
    var log = EventMessage()
    log.appendVarint(1, 1)
    event.appendBytes(7, log.bytes)
    return event
  }

  static func scalars(_ scalars: [EventFile.Scalar], step: Int, at time: Double) -> EventMessage {
    var event = EventMessage(at: time, step: step)
    var summary = EventMessage()
    for scalar in scalars {
      var value = EventMessage()
      value.appendBytes(1, Array(scalar.tag.utf8))
      value.appendFixed(2, Float(scalar.value).bitPattern)
      summary.appendBytes(1, value.bytes)
    }
    event.appendBytes(5, summary.bytes)
    return event
  }

  private init() {}

  /// A field's number and how its value is written: 0 varint, 1 eight bytes, 2 counted bytes, 5 four bytes.
  private mutating func appendTag(_ field: UInt64, _ form: UInt64) { appendVarint(field << 3 | form) }

  private mutating func appendVarint(_ field: UInt64, _ value: UInt64) {
    appendTag(field, 0)
    appendVarint(value)
  }

  private mutating func appendFixed(_ field: UInt64, _ value: UInt64) {
    appendTag(field, 1)
    bytes += EventRecord.littleEndian(value)
  }

  private mutating func appendFixed(_ field: UInt64, _ value: UInt32) {
    appendTag(field, 5)
    bytes += EventRecord.littleEndian(value)
  }

  private mutating func appendBytes(_ field: UInt64, _ value: [UInt8]) {
    appendTag(field, 2)
    appendVarint(UInt64(value.count))
    bytes += value
  }

  /// Seven bits a byte, the lowest first; the top bit says that more follow.
  private mutating func appendVarint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(rest & 0x7f) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}
