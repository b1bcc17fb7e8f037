import Files
import Hashing
import Planner

/// A CSV table under way: UTF-8, fields after one another, lines ended by a line feed.
struct CSVBuffer {
  private(set) var bytes: [UInt8] = []

  /// A table with a header, written by parts of its `count` rows or groups of rows on all cores.
  static func table(
    _ names: [String], count: Int, _ write: @Sendable (Range<Int>, inout CSVBuffer) -> Void
  ) -> BytePieces {
    var header = CSVBuffer()
    for (index, name) in names.enumerated() {
      if index > 0 { header.separate() }
      header.append(name)
    }
    header.endLine()
    let block = 512
    let parts = Parallel.map((count + block - 1) / block) { part in
      var csv = CSVBuffer()
      write(part * block..<min(count, (part + 1) * block), &csv)
      return csv.bytes
    }
    return BytePieces([header.bytes] + parts)
  }

  mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

  mutating func append(_ other: CSVBuffer) { bytes.append(contentsOf: other.bytes) }

  /// The fields of a row.
  mutating func append<Row>(_ columns: [Column<Row>], _ row: Row) {
    for (index, column) in columns.enumerated() {
      if index > 0 { separate() }
      column.write(row, &self)
    }
  }

  mutating func separate() { bytes.append(UInt8(ascii: ",")) }

  mutating func endLine() { bytes.append(UInt8(ascii: "\n")) }

  /// As `NumberText.exact` writes it.
  mutating func append(_ value: Double) {
    if value == value.rounded(), value.magnitude < 0x1p53 {
      append(Int(value))
    } else if value.isFinite {
      appendPlain("\(value)")
    }
  }

  mutating func append(_ value: Int) {
    if value < 0 { bytes.append(UInt8(ascii: "-")) }
    var rest = value.magnitude
    let start = bytes.count
    repeat {
      bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
      rest /= 10
    } while rest > 0
    bytes[start...].reverse()
  }

  /// In quotes where it holds a quote, a comma or a line end.
  mutating func append(_ text: String) {
    var text = text
    text.withUTF8 { field in
      let isPlain = !field.contains { $0 == 0x22 || $0 == 0x2C || $0 == 0x0A || $0 == 0x0D }
      if isPlain {
        bytes.append(contentsOf: field)
        return
      }
      bytes.append(0x22)
      for byte in field {
        if byte == 0x22 { bytes.append(0x22) }
        bytes.append(byte)
      }
      bytes.append(0x22)
    }
  }

  mutating func append(_ key: StageKey) { key.withBytes { HexText.append($0, to: &bytes) } }

  private mutating func appendPlain(_ text: String) {
    var text = text
    text.withUTF8 { bytes.append(contentsOf: $0) }
  }
}
