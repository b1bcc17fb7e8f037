import Files
import Hashing
import Planner
import Synchronization

/// A CSV table under way: UTF-8, fields after one another, lines ended by a line feed. It holds its own memory, since a large
/// study's tables have hundreds of millions of bytes and each is written here. For one thread at a time.
final class CSVBuffer: @unchecked Sendable {
  private var memory: UnsafeMutablePointer<UInt8>
  private var capacity: Int
  private var count = 0

  init() {
    capacity = 256
    memory = .allocate(capacity: capacity)
  }

  deinit { memory.deallocate() }

  /// Buffers that nobody uses.
  private static let free = Mutex<[CSVBuffer]>([])
  private static let mostFree = 16

  /// So many rows, or groups of rows, are written at a time: a core has the bytes at hand when they go to the file.
  private static let block = 128

  /// A table with a header, written by parts of its `count` rows or groups of rows on all cores.
  static func table(
    _ names: [String], count: Int, _ write: @escaping @Sendable (Range<Int>, CSVBuffer) -> Void
  ) -> BytePieces {
    BytePieces(1 + (count + block - 1) / block) { part in
      let csv = free.withLock { $0.popLast() } ?? CSVBuffer()
      if part > 0 {
        write((part - 1) * block..<min(count, part * block), csv)
      } else {
        for (index, name) in names.enumerated() {
          if index > 0 { csv.separate() }
          csv.append(name)
        }
        csv.endLine()
      }
      return csv
    }
  }

  func removeAll() { count = 0 }

  func append(_ other: CSVBuffer) { append(UnsafeBufferPointer(start: other.memory, count: other.count)) }

  /// The fields of a row.
  func append<Row>(_ columns: [Column<Row>], _ row: Row) {
    columns.withUnsafeBufferPointer { columns in
      for index in columns.indices {
        if index > 0 { separate() }
        columns[index].write(row, self)
      }
    }
  }

  func separate() { put(UInt8(ascii: ",")) }

  func endLine() { put(UInt8(ascii: "\n")) }

  /// As `NumberText.exact` writes it.
  func append(_ value: Double) {
    if value == value.rounded(), value.magnitude < 0x1p53 {
      append(Int(value))
    } else if value.isFinite {
      var stream = self
      value.write(to: &stream)
    }
  }

  func append(_ value: Int) {
    if value < 0 { put(UInt8(ascii: "-")) }
    var rest = value.magnitude
    var digits = 1
    while rest >= 10 { (rest, digits) = (rest / 10, digits + 1) }
    reserve(digits)
    rest = value.magnitude
    for place in (count..<count + digits).reversed() {
      memory[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
    }
    count += digits
  }

  /// In quotes where it holds a quote, a comma or a line end.
  func append(_ text: String) {
    var text = text
    text.withUTF8 { field in
      let isPlain = !field.contains { $0 == 0x22 || $0 == 0x2C || $0 == 0x0A || $0 == 0x0D }
      if isPlain { return append(field) }
      put(0x22)
      for byte in field {
        if byte == 0x22 { put(0x22) }
        put(byte)
      }
      put(0x22)
    }
  }

  func append(_ key: StageKey) {
    reserve(2 * StageKey.byteCount)
    key.withBytes { HexText.write($0, to: memory + count) }
    count += 2 * StageKey.byteCount
  }

  private func put(_ byte: UInt8) {
    reserve(1)
    memory[count] = byte
    count += 1
  }

  private func append(_ bytes: UnsafeBufferPointer<UInt8>) {
    guard let start = bytes.baseAddress else { return }
    reserve(bytes.count)
    (memory + count).update(from: start, count: bytes.count)
    count += bytes.count
  }

  /// Makes room for so many more bytes.
  @inline(__always)
  private func reserve(_ more: Int) {
    if count + more > capacity { grow(count + more) }
  }

  private func grow(_ needed: Int) {
    capacity = max(2 * capacity, needed)
    let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
    larger.update(from: memory, count: count)
    memory.deallocate()
    memory = larger
  }
}

extension CSVBuffer: BytePiece {
  func withBytes<Value>(_ body: (UnsafeRawBufferPointer) throws -> Value) rethrows -> Value {
    try body(UnsafeRawBufferPointer(start: memory, count: count))
  }

  func giveBack() {
    removeAll()
    Self.free.withLock { if $0.count < Self.mostFree { $0.append(self) } }
  }
}

/// For numbers, whose text the standard library hands over here without a `String` of its own where it can.
extension CSVBuffer: TextOutputStream {
  /// As it is, without quotes.
  func write(_ text: String) {
    var text = text
    text.withUTF8 { append($0) }
  }

  // A requirement of the protocol that has a default of its own: were it gone, numbers would come through `write`.
  func _writeASCII(_ buffer: UnsafeBufferPointer<UInt8>) { append(buffer) }
}
