import Planner

/// A table declared by its columns: what a row says in each.
struct DataTable<Row> {
  let columns: [Column<Row>]

  init(_ columns: [Column<Row>]) { self.columns = columns }

  /// The table as CSV with a header, UTF-8 without a byte order mark. A number is the shortest text that reads back as the
  /// same double; what does not exist is an empty field.
  func csv(_ rows: some Sequence<Row>) -> [UInt8] {
    var csv = CSVBuffer()
    for (index, column) in columns.enumerated() {
      if index > 0 { csv.separate() }
      csv.append(column.name)
    }
    csv.endLine()
    for row in rows {
      for (index, column) in columns.enumerated() {
        if index > 0 { csv.separate() }
        column.write(row, &csv)
      }
      csv.endLine()
    }
    return csv.bytes
  }
}

struct Column<Row> {
  let name: String
  let write: (Row, inout CSVBuffer) -> Void

  /// A column of numbers that may be absent.
  static func number(_ name: String, _ value: @escaping (Row) -> Double?) -> Column {
    Column(name: name) { row, csv in if let value = value(row) { csv.append(value) } }
  }

  static func integer(_ name: String, _ value: @escaping (Row) -> Int?) -> Column {
    Column(name: name) { row, csv in if let value = value(row) { csv.append(value) } }
  }

  static func text(_ name: String, _ value: @escaping (Row) -> String?) -> Column {
    Column(name: name) { row, csv in if let value = value(row) { csv.append(value) } }
  }

  /// A column of stages' keys, in hexadecimal.
  static func key(_ name: String, _ value: @escaping (Row) -> StageKey?) -> Column {
    Column(name: name) { row, csv in if let value = value(row) { csv.append(value) } }
  }
}
