/// Values by the numbers of rows, which lie close together: a place for each number from the first to the last.
struct RowTable<Value: Sendable>: Sendable {
  /// The number of the row at the first place.
  let first: Int64
  /// Nil where no row of that number has a value.
  private(set) var values: [Value?]

  init() {
    first = 0
    values = []
  }

  /// - Parameter value: What each row begins with.
  init(_ rows: ClosedRange<Int64>, repeating value: Value?) {
    first = rows.lowerBound
    values = Array(repeating: value, count: rows.count)
  }

  init(_ rows: [(id: Int64, value: Value)]) {
    guard let first = rows.map(\.id).min(), let last = rows.map(\.id).max() else {
      self.init()
      return
    }
    self.init(first...last, repeating: nil)
    for row in rows { self[row.id] = row.value }
  }

  var range: ClosedRange<Int64>? { values.isEmpty ? nil : first...(first + Int64(values.count) - 1) }
  /// Of the rows that have a value, ascending.
  var ids: [Int64] { values.indices.filter { values[$0] != nil }.map { first + Int64($0) } }

  /// Where the row of this number stands among `values`; nil for one that has no value.
  func index(of id: Int64) -> Int? {
    let index = Int(id - first)
    return values.indices.contains(index) && values[index] != nil ? index : nil
  }

  /// Nil for a row that has no value, and for one beyond the table; what is set beyond it is lost.
  subscript(id: Int64) -> Value? {
    get {
      let index = Int(id - first)
      return values.indices.contains(index) ? values[index] : nil
    }
    _modify {
      let index = Int(id - first)
      if values.indices.contains(index) {
        yield &values[index]
      } else {
        var beyond: Value?
        yield &beyond
      }
    }
  }
}
