/// Comma-separated values as RFC 4180 has them, but for lines that end in LF unless asked otherwise: pandas, R and spreadsheets
/// read both.
public enum CSVText {
  /// A field as it stands in a line: in quotes where it holds a quote, a comma or a line end.
  public static func field(_ text: String) -> String {
    let special: [UInt8] = [0x22, 0x2C, 0x0A, 0x0D]
    guard text.utf8.contains(where: special.contains) else { return text }
    // By scalars: a quote and a combining mark after it are one character.
    var quoted = "\""
    for scalar in text.unicodeScalars {
      if scalar == "\"" { quoted += "\"" }
      quoted.unicodeScalars.append(scalar)
    }
    return quoted + "\""
  }

  /// A line of fields, its end included.
  public static func line(_ fields: some Sequence<String>) -> String {
    fields.map(field).joined(separator: ",") + "\n"
  }

  /// A text of lines that end in LF with lines that end in CR LF, to the letter of RFC 4180. Line ends within fields stay.
  public static func withCRLF(_ text: String) -> String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count + text.utf8.count / 32)
    var isQuoted = false
    for byte in text.utf8 {
      if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
      if byte == UInt8(ascii: "\n"), !isQuoted { bytes.append(UInt8(ascii: "\r")) }
      bytes.append(byte)
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// A text's records, each with the number of the line that it begins on, the first being 1. Lines may end in LF, CR LF or CR;
  /// a byte order mark is passed over, and so are lines without a character.
  ///
  /// - Returns: Nil where a quote is not closed.
  public static func records(_ text: String) -> [(line: Int, fields: [String])]? {
    var records: [(line: Int, fields: [String])] = []
    var fields: [String] = []
    var field: [UInt8] = []
    var (line, begun, isQuoted, wasQuoted) = (1, 1, false, false)
    var bytes = Array(text.utf8)[...]
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
    func endField() {
      fields.append(String(decoding: field, as: UTF8.self))
      field.removeAll(keepingCapacity: true)
      wasQuoted = false
    }
    func endRecord() {
      endField()
      if fields != [""] { records.append((begun, fields)) }
      fields = []
    }
    while let byte = bytes.popFirst() {
      if isQuoted {
        if byte == UInt8(ascii: "\"") {
          if bytes.first == byte { field.append(bytes.removeFirst()) } else { isQuoted = false }
        } else {
          if byte == UInt8(ascii: "\n") { line += 1 }
          field.append(byte)
        }
        continue
      }
      switch byte {
      case UInt8(ascii: "\"") where field.isEmpty && !wasQuoted: (isQuoted, wasQuoted) = (true, true)
      case UInt8(ascii: ","): endField()
      case UInt8(ascii: "\r"), UInt8(ascii: "\n"):
        if byte == UInt8(ascii: "\r"), bytes.first == UInt8(ascii: "\n") { bytes.removeFirst() }
        endRecord()
        line += 1
        begun = line
      default: field.append(byte)
      }
    }
    guard !isQuoted else { return nil }
    endRecord()
    return records
  }
}
