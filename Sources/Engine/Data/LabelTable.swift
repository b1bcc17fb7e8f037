import Files
import Foundation

/// A label file as a table, its fields trimmed and found by the names of their columns.
struct LabelTable {
  let path: String
  private let text: DelimitedText

  /// - Parameter delimiter: Nil: whichever the header has most of.
  /// - Throws: `DataFault` where it is not there, is no table, or has no rows.
  init(_ path: String, delimiter: Delimiter? = nil) throws {
    self.path = path
    guard FileManager.default.fileExists(atPath: path) else { throw DataFault.missingLabelFile(path: path) }
    do {
      text = try DelimitedText(DurableFiles.read(path), delimiter: delimiter?.byte)
    } catch let fault as DelimitedText.Fault {
      throw DataFault.malformedLabelFile(path: path, line: fault.line, reason: fault.reason)
    }
    guard !text.rows.isEmpty else { throw DataFault.noRows(path: path) }
  }

  var header: [String] { text.header }
  var count: Int { text.rows.count }
  /// Where a row begins, counted from 1.
  func line(_ row: Int) -> Int { text.rows[row].line }

  func value(_ row: Int, _ column: Int) -> String { Self.trimmed(text.rows[row].fields[column]) }

  func values(_ column: Int) -> [String] { text.rows.map { Self.trimmed($0.fields[column]) } }

  /// A row's value with its line, for a fault.
  func labelled(_ row: Int, _ value: String) -> LabelledLine { LabelledLine(line: line(row), value: value) }

  /// The column of a name; nil with a fault where there is none.
  func column(_ name: String, _ role: String, _ faults: inout DataFaults) -> Int? {
    if let index = header.firstIndex(of: name) { return index }
    faults.add(.missingColumn(name: name, role: role, path: path, columns: header))
    return nil
  }

  /// Records the rows whose field in a column is empty.
  func checkFilled(_ column: Int, _ faults: inout DataFaults) {
    let blank = (0..<count).filter { value($0, column).isEmpty }.map(line)
    if !blank.isEmpty { faults.add(.blankFields(lines: blank, column: header[column], path: path)) }
  }

  private static func trimmed(_ field: String) -> String {
    guard let first = field.utf8.first, let last = field.utf8.last else { return "" }
    // Most fields have nothing to trim, and Foundation's trimming is slow; what is not ASCII it looks at.
    if first > 32, first < 128, last > 32, last < 128 { return field }
    return field.trimmingCharacters(in: .whitespacesAndNewlines)
  }
}
