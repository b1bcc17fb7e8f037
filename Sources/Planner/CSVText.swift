/// Comma-separated values as RFC 4180 has them, but for lines that end in LF: pandas, R and spreadsheets read both.
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
}
