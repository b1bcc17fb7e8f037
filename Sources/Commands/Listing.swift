import ArgumentParser
import Planner

/// How a list is shown.
enum ListFormat: String, ExpressibleByArgument, CaseIterable {
  case table, json, csv
}

/// A list of rows under named columns, shown as an aligned table, as JSON (an array of objects) or as CSV.
struct Listing {
  var columns: [String]
  var rows: [[JSONValue]] = []

  func rendered(as format: ListFormat) -> String {
    switch format {
    case .table: table
    case .json: json
    case .csv: csv
    }
  }

  private var table: String {
    let texts = [columns] + rows.map { $0.map(Self.text) }
    let widths = columns.indices.map { column in texts.map { $0[column].count }.max() ?? 0 }
    let isNumeric = columns.indices.map { column in
      !rows.isEmpty && rows.allSatisfy { $0[column].doubleValue != nil || $0[column] == .null }
    }
    return texts.map { row in
      var line = ""
      for (column, text) in row.enumerated() {
        let padding = String(repeating: " ", count: widths[column] - text.count)
        if column > 0 { line += "  " }
        line += isNumeric[column] ? padding + text : text + padding
      }
      while line.last == " " { line.removeLast() }
      return line + "\n"
    }.joined()
  }

  private var json: String {
    let objects = rows.map { row in
      "  {"
        + zip(columns, row).map { "\(JSONValue.string($0).canonicalText): \($1.canonicalText)" }.joined(separator: ", ")
        + "}"
    }
    return objects.isEmpty ? "[]\n" : "[\n" + objects.joined(separator: ",\n") + "\n]\n"
  }

  private var csv: String {
    ([columns] + rows.map { $0.map(Self.text) }).map { CSVText.line($0) }.joined()
  }

  private static func text(_ value: JSONValue) -> String {
    switch value {
    case .null: ""
    case .string(let text): text
    default: value.canonicalText
    }
  }
}
