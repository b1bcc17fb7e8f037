import Planner

/// A table of a study in other forms than the one that it is written in.
struct ExportedTable {
  private var columns: [String]
  private var rows: [[String]]

  /// - Throws: `CommandFailure` for what is no table.
  init(csv: String) throws {
    guard let records = CSVText.records(csv), let header = records.first else {
      throw CommandFailure(.usage, "the table has no header")
    }
    columns = header.fields
    rows = records.dropFirst().map(\.fields)
  }

  private init(columns: [String], rows: [[String]]) {
    self.columns = columns
    self.rows = rows
  }

  func rendered(as format: ExportCommand.Format) -> String {
    switch format {
    case .csv: Listing(columns: columns, rows: rows.map { $0.map { .string($0) } }).rendered(as: .csv)
    case .json: typed.rendered(as: .json)
    }
  }

  /// A column is of numbers where each of its fields is one or empty, and is not a name by its heading; empty fields are null.
  private var typed: Listing {
    let isNumeric = columns.indices.map { column in
      !Self.names.contains(columns[column])
        && rows.allSatisfy { $0[column].isEmpty || Double($0[column])?.isFinite ?? false }
    }
    return Listing(
      columns: columns,
      rows: rows.map { row in
        columns.indices.map { column in
          if row[column].isEmpty { return .null }
          return isNumeric[column] ? Double(row[column]).map { .number($0) } ?? .null : .string(row[column])
        }
      })
  }

  /// Columns of names, though these may look like numbers.
  private static let names: Set<String> = [
    "study", "cell", "dataset", "backbone", "class", "image", "label", "stage", "inputs", "train_key", "test_key",
    "measure_key", "search_key", "stage_key", "key",
  ]

  /// The table with one row for what had several.
  ///
  /// - Throws: `CommandFailure` for tables that have no wide form.
  func wide(_ table: ExportCommand.Table) throws -> ExportedTable {
    switch table {
    case .cells:
      return spread(
        by: ["split", "metric"], values: ["value"], leaving: ["test_key", "measure_key", "state", "reason"])
    case .settings:
      return spread(
        by: ["init"],
        values: [
          "planned", "n", "diverged", "failed", "stale", "missing", "mean", "sd", "median", "min", "max", "ci_low",
          "ci_high",
        ], leaving: ["ci_method"])
    default:
      throw CommandFailure(
        .usage, "the table \(table.rawValue) has no wide form", remedy: "--wide is for the tables cells and settings")
    }
  }

  /// - Parameters:
  ///   - names: The columns whose fields, joined by a dot, name new columns.
  ///   - values: What the new columns hold; with several the names are followed by the value's.
  ///   - first: Columns that rows of one group do not share: the first row's is taken.
  private func spread(by names: [String], values: [String], leaving first: [String]) -> ExportedTable {
    func places(_ wanted: [String]) -> [Int] { wanted.compactMap { columns.firstIndex(of: $0) } }
    let (nameColumns, valueColumns, firstColumns) = (places(names), places(values), places(first))
    let kept = columns.indices.filter { !nameColumns.contains($0) && !valueColumns.contains($0) }
    let identity = kept.filter { !firstColumns.contains($0) }
    var order: [[String]] = []
    var groups: [[String]: (kept: [String], values: [String: [String]])] = [:]
    var headings: [String] = []
    var seen: Set<String> = []
    for row in rows {
      let key = identity.map { row[$0] }
      if groups[key] == nil {
        order.append(key)
        groups[key] = (kept.map { row[$0] }, [:])
      }
      let name = nameColumns.map { row[$0] }.joined(separator: ".")
      if seen.insert(name).inserted { headings.append(name) }
      groups[key]?.values[name] = valueColumns.map { row[$0] }
    }
    let newColumns =
      valueColumns.count == 1
      ? headings : headings.flatMap { name in valueColumns.map { "\(name).\(columns[$0])" } }
    let empty = Array(repeating: "", count: valueColumns.count)
    return ExportedTable(
      columns: kept.map { columns[$0] } + newColumns,
      rows: order.compactMap { groups[$0] }.map { group in
        group.kept + headings.flatMap { group.values[$0] ?? empty }
      })
  }
}
