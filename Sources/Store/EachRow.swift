import Foundation
import GRDB
import GRDBSQLite
import Planner

/// A row of a statement that is being stepped through; not to be kept.
struct RawRow {
  fileprivate let statement: OpaquePointer

  func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(statement, column) }

  /// nil for NULL.
  func number(_ column: Int32) -> Double? {
    sqlite3_column_type(statement, column) == SQLITE_NULL ? nil : sqlite3_column_double(statement, column)
  }

  func text(_ column: Int32) -> String {
    guard let text = sqlite3_column_text(statement, column) else { return "" }
    let bytes = UnsafeBufferPointer(start: text, count: Int(sqlite3_column_bytes(statement, column)))
    return String(decoding: bytes, as: UTF8.self)
  }

  /// nil for what is no key.
  func stageKey(_ column: Int32) -> StageKey? {
    let bytes = UnsafeRawBufferPointer(
      start: sqlite3_column_blob(statement, column), count: Int(sqlite3_column_bytes(statement, column)))
    return StageKey(bytes: bytes)
  }
}

extension Statement {
  /// Calls a function with each row: for looks at whole tables, where a value of its own for each row would be most of the
  /// work.
  ///
  /// - Throws: `DatabaseError`, and what the function throws.
  func eachRow(_ arguments: StatementArguments = StatementArguments(), _ body: (RawRow) throws -> Void) throws {
    try setArguments(arguments)
    sqlite3_reset(sqliteStatement)
    defer { sqlite3_reset(sqliteStatement) }
    while true {
      switch sqlite3_step(sqliteStatement) {
      case SQLITE_ROW: try body(RawRow(statement: sqliteStatement))
      case SQLITE_DONE: return
      case let code: throw DatabaseError(resultCode: ResultCode(rawValue: code), sql: sql)
      }
    }
  }
}
