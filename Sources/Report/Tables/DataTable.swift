/// A table declared by its columns: what a row says in each.
struct DataTable<Row> {
  let columns: [Column<Row>]

  init(_ columns: [Column<Row>]) { self.columns = columns }

  /// The table as CSV: RFC 4180 with a header, UTF-8 without a byte order mark, but lines end in LF as every file of a
  /// report does (pandas, R and spreadsheets read both). A number is the shortest text that reads back as the same
  /// double; what does not exist is an empty field.
  func csv(_ rows: some Sequence<Row>) -> String {
    var text = columns.map { CSVField.text($0.name).csv }.joined(separator: ",") + "\n"
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
    case .text(let value):
      // A quote, a comma or a line end.
      let special: [UInt8] = [0x22, 0x2C, 0x0A, 0x0D]
      let needsQuotes = value.utf8.contains(where: special.contains)
      guard needsQuotes else { return value }
      var quoted = "\""
      for scalar in value.unicodeScalars {
        if scalar == "\"" { quoted += "\"" }
        quoted.unicodeScalars.append(scalar)
      }
      return quoted + "\""
    }
  }
}
