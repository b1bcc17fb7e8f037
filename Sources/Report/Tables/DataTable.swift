import Files
import Planner

/// A table declared by its columns: what a row says in each.
struct DataTable<Row: Sendable> {
  private let columns: [Column<Row>]

  init(_ columns: [Column<Row>]) { self.columns = columns }

  /// The table as CSV with a header, UTF-8 without a byte order mark. A number is the shortest text that reads back as the
  /// same double; what does not exist is an empty field. A large table is written on all cores.
  func csv(_ rows: [Row]) -> BytePieces {
    CSVBuffer.table(columns.map(\.name), count: rows.count) { part, csv in
      for row in rows[part] {
        csv.append(columns, row)
        csv.endLine()
      }
    }
  }
}

struct Column<Row>: Sendable {
  let name: String
  let write: @Sendable (Row, CSVBuffer) -> Void

  /// A column of numbers that may be absent.
  static func number(_ name: String, _ value: @escaping @Sendable (Row) -> Double?) -> Column {
    Column(name: name) { row, csv in if let value = value(row) { csv.append(value) } }
  }

  static func integer(_ name: String, _ value: @escaping @Sendable (Row) -> Int?) -> Column {
    Column(name: name) { row, csv in if let value = value(row) { csv.append(value) } }
  }

  static func text(_ name: String, _ value: @escaping @Sendable (Row) -> String?) -> Column {
    Column(name: name) { row, csv in if let value = value(row) { csv.append(value) } }
  }

  /// A column of stages' keys, in hexadecimal.
  static func key(_ name: String, _ value: @escaping @Sendable (Row) -> StageKey?) -> Column {
    Column(name: name) { row, csv in if let value = value(row) { csv.append(value) } }
  }
}
