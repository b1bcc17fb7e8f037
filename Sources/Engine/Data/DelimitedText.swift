/// A table in RFC 4180's form: fields apart by commas, rows by line ends (LF, CRLF or CR), quotes around fields that hold
/// either, doubled quotes inside them. A byte-order mark is passed over; blank lines are no rows.
struct DelimitedText {
  struct Row {
    /// Where the row begins, counted from 1.
    var line: Int
    var fields: [String]
  }

  struct Fault: Error {
    var line: Int
    var reason: String
  }

  let header: [String]
  let rows: [Row]

  /// Reads a table whose first row is its header; every other row has as many fields.
  init(_ bytes: [UInt8], delimiter: UInt8 = UInt8(ascii: ",")) throws(Fault) {
    guard String(validating: bytes, as: UTF8.self) != nil else {
      throw Fault(line: Self.firstInvalidLine(bytes), reason: "it is not UTF-8 text; save the table as UTF-8")
    }
    var all = try Self.rows(bytes, delimiter: delimiter)
    guard !all.isEmpty else { throw Fault(line: 1, reason: "it is empty; the first row must name the columns") }
    header = all.removeFirst().fields.map { field in
      String(field.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
    for row in all where row.fields.count != header.count {
      throw Fault(
        line: row.line,
        reason: "\(row.fields.count) fields where the header has \(header.count); quote fields that hold a comma")
    }
    rows = all
  }

  private static func firstInvalidLine(_ bytes: [UInt8]) -> Int {
    var line = 1
    for part in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      if String(validating: part, as: UTF8.self) == nil { return line }
      line += 1
    }
    return line
  }

  private static func rows(_ bytes: [UInt8], delimiter: UInt8) throws(Fault) -> [Row] {
    let quote = UInt8(ascii: "\"")
    let lineFeed = UInt8(ascii: "\n")
    let carriageReturn = UInt8(ascii: "\r")
    var rows: [Row] = []
    var position = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    var line = 1
    var row = Row(line: 1, fields: [])
    var field: [UInt8] = []
    while position < bytes.count {
      let byte = bytes[position]
      if byte == quote {
        guard field.isEmpty else { throw Fault(line: line, reason: "a quote inside an unquoted field") }
        let opened = line
        position += 1
        while true {
          guard position < bytes.count else { throw Fault(line: opened, reason: "a quoted field is never closed") }
          let inner = bytes[position]
          position += 1
          if inner == quote {
            guard position < bytes.count, bytes[position] == quote else { break }
            position += 1
          } else if inner == lineFeed {
            line += 1
          }
          field.append(inner)
        }
        let atEnd = position == bytes.count
        guard atEnd || bytes[position] == delimiter || bytes[position] == lineFeed || bytes[position] == carriageReturn
        else { throw Fault(line: line, reason: "text after a closing quote") }
      } else if byte == delimiter {
        row.fields.append(String(decoding: field, as: UTF8.self))
        field.removeAll(keepingCapacity: true)
        position += 1
        if position == bytes.count { row.fields.append("") }
      } else if byte == lineFeed || byte == carriageReturn {
        position += 1
        if byte == carriageReturn, position < bytes.count, bytes[position] == lineFeed { position += 1 }
        let isBlank = row.fields.isEmpty && field.isEmpty
        if !isBlank {
          row.fields.append(String(decoding: field, as: UTF8.self))
          rows.append(row)
        }
        line += 1
        row = Row(line: line, fields: [])
        field.removeAll(keepingCapacity: true)
      } else {
        field.append(byte)
        position += 1
      }
    }
    if !field.isEmpty || !row.fields.isEmpty {
      if !field.isEmpty || bytes.last != delimiter { row.fields.append(String(decoding: field, as: UTF8.self)) }
      rows.append(row)
    }
    return rows
  }
}
