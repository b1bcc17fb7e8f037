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
      let shared = parts.map { _ in CSVBuffer() }
      for index in part {
        let group = group(index)
        for place in parts.indices {
          guard case .shared(let columns) = parts[place] else { continue }
          shared[place].removeAll()
          shared[place].append(columns, group)
        }
        for row in rows(group) {
          for place in parts.indices {
            if place > 0 { csv.separate() }
            switch parts[place] {
            case .shared: csv.append(shared[place])
            case .own(let columns): csv.append(columns, row)
            }
          }
          csv.endLine()
        }
      }
    }
  }
}
