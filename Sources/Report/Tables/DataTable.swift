import Planner

/// A table declared by its columns: what a row says in each.
struct DataTable<Row> {
  let columns: [Column<Row>]

  init(_ columns: [Column<Row>]) { self.columns = columns }

  /// The table as CSV with a header, UTF-8 without a byte order mark. A number is the shortest text that reads back as the
  /// same double; what does not exist is an empty field.
  func csv(_ rows: some Sequence<Row>) -> String {
    var text = CSVText.line(columns.map(\.name))
    for row in rows {
      for (index, column) in columns.enumerated() {
        if index > 0 { text += "," }
        text += column.value(row).csv
      }
      text += "\n"
    }
    return text
  }
}

struct Column<Row> {
  let name: String
  let value: (Row) -> CSVField

  init(_ name: String, _ value: @escaping (Row) -> CSVField) {
    self.name = name
    self.value = value
  }

  /// A column of numbers that may be absent.
  static func number(_ name: String, _ value: @escaping (Row) -> Double?) -> Column {
    Column(name) { .number(value($0)) }
  }

  static func integer(_ name: String, _ value: @escaping (Row) -> Int?) -> Column {
    Column(name) { row in value(row).map { .integer($0) } ?? .text("") }
  }

  static func text(_ name: String, _ value: @escaping (Row) -> String?) -> Column {
    Column(name) { .text(value($0) ?? "") }
  }
}

enum CSVField {
  case text(String)
  case number(Double?)
  case integer(Int)

  var csv: String {
    switch self {
    case .number(let value): return value.map(NumberText.exact) ?? ""
    case .integer(let value): return String(value)
    case .text(let value): return CSVText.field(value)
    }
  }
}
