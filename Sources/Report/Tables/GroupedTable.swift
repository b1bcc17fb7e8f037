import Files

/// A table whose rows come in groups, say those of a cell, and share fields: these are written once a group.
struct GroupedTable<Group, Row> {
  /// Columns side by side.
  enum Part: Sendable {
    case shared([Column<Group>])
    case own([Column<Row>])

    fileprivate var names: [String] {
      switch self {
      case .shared(let columns): columns.map(\.name)
      case .own(let columns): columns.map(\.name)
      }
    }
  }

  private let parts: @Sendable () -> [Part]

  /// - Parameter parts: Made anew for each block of groups, so that cores that write blocks side by side do not count references
  ///   to the same columns, for which each would wait for the other.
  init(_ parts: @autoclosure @escaping @Sendable () -> [Part]) { self.parts = parts }

  /// The table as `DataTable` writes it.
  ///
  /// - Parameters:
  ///   - count: Of groups.
  ///   - group: The group of a number below `count`.
  ///   - rows: The rows of a group.
  func csv(
    _ count: Int, _ group: @escaping @Sendable (Int) -> Group, rows: @escaping @Sendable (Group) -> [Row]
  ) -> BytePieces {
    CSVBuffer.table(parts().flatMap(\.names), count: count) { part, csv in
      let parts = parts()
      // Rows are many: what they share lies beside what writes them, and neither is copied for a row.
      let fields = parts.map(Fields.init)
      fields.withUnsafeBufferPointer { fields in
        for index in part {
          let group = group(index)
          for field in fields { field.take(group) }
          for row in rows(group) {
            for place in fields.indices {
              if place > 0 { csv.separate() }
              fields[place].write(row, csv)
            }
            csv.endLine()
          }
        }
      }
    }
  }

  /// The fields of columns side by side: those that a group's rows share, or what writes each row's own.
  private final class Fields {
    private let part: Part
    private let shared = CSVBuffer()

    init(_ part: Part) { self.part = part }

    func take(_ group: Group) {
      guard case .shared(let columns) = part else { return }
      shared.removeAll()
      shared.append(columns, group)
    }

    func write(_ row: Row, _ csv: CSVBuffer) {
      switch part {
      case .shared: csv.append(shared)
      case .own(let columns): csv.append(columns, row)
      }
    }
  }
}
