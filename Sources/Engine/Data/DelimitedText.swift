/// What stands between the fields of a table.
public enum Delimiter: Sendable, Hashable, CaseIterable {
  case comma, semicolon, tab

  var byte: UInt8 {
    switch self {
    case .comma: UInt8(ascii: ",")
    case .semicolon: UInt8(ascii: ";")
    case .tab: UInt8(ascii: "\t")
    }
  }
}

/// A table in RFC 4180's form: fields apart by commas, semicolons or tabs, rows by line ends (LF, CRLF or CR), quotes around fields that hold
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
  ///
  /// - Parameter delimiter: Nil: whichever of comma, semicolon and tab the header has most of, outside quotes.
  init(_ bytes: [UInt8], delimiter given: UInt8? = nil) throws(Fault) {
    let delimiter = given ?? Self.foundDelimiter(bytes)
    guard String(validating: bytes, as: UTF8.self) != nil else {
      throw Fault(line: Self.firstInvalidLine(bytes), reason: "it is not UTF-8 text; save the table as UTF-8")
    }
    var all = try Self.rows(bytes, delimiter: delimiter)
    guard !all.isEmpty else { throw Fault(line: 1, reason: "it is empty; the first row must name the columns") }
    header = all.removeFirst().fields.map { field in
      String(field.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
    let columns = header.count
    let wrong = all.filter { $0.fields.count != columns }
    if let first = wrong.first {
      throw Fault(line: first.line, reason: Self.reason(wrong, columns, delimiter))
    }
    rows = all
  }

  private static func reason(_ wrong: [Row], _ columns: Int, _ delimiter: UInt8) -> String {
    let shown = wrong.dropFirst().prefix(8).map { "\($0.line)" }.joined(separator: ", ")
    let more = wrong.count - 1 - min(wrong.count - 1, 8)
    let others =
      wrong.count == 1 ? "" : " (other lengths are also in line \(shown)\(more > 0 ? " and \(more) more" : ""))"
    let name = delimiter == UInt8(ascii: ",") ? "comma" : delimiter == UInt8(ascii: ";") ? "semicolon" : "tab"
    return "\(wrong[0].fields.count) fields where the header has \(columns)\(others); quote fields that hold a \(name)"
  }

  private static func foundDelimiter(_ bytes: [UInt8]) -> UInt8 {
    var counts: [UInt8: Int] = [:]
    var isQuoted = false
    for byte in bytes {
      if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
      if isQuoted { continue }
      if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
        if counts.isEmpty { continue }
        break
      }
      counts[byte, default: 0] += 1
    }
    let candidates = Delimiter.allCases.map(\.byte)
    return candidates.reduce(candidates[0]) { (counts[$1] ?? 0) > (counts[$0] ?? 0) ? $1 : $0 }
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
