/// A number with its unit, as a study file and the command line write it: `12h`, `16GiB`.
public struct Quantity: Sendable {
  /// What is counted: its units, and how many of the base unit each is.
  let units: [(name: String, factor: Double)]
  /// The unit of a bare number; nil where one must be given.
  let bare: String?
  /// What is expected, for an error.
  let expectation: String

  /// In seconds.
  public static let duration = Quantity(
    units: [("ms", 0.001), ("s", 1), ("min", 60), ("h", 3600), ("d", 86400)], bare: "s",
    expectation: "a time such as 90s, 30min, 12h or 2d")

  /// In bytes.
  public static let memory = Quantity(
    units: [
      ("B", 1), ("KiB", 1024), ("MiB", 1_048_576), ("GiB", 1_073_741_824), ("TiB", 1_099_511_627_776), ("kB", 1e3),
      ("MB", 1e6), ("GB", 1e9), ("TB", 1e12),
    ], bare: nil, expectation: "an amount of memory such as 512MiB, 16GiB or 64GB")

  /// The amount in the base unit; nil for what is no such amount, or a negative or endless one.
  public func amount(_ text: some StringProtocol) -> Double? {
    let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    let unit = text[digits.endIndex...].drop { $0 == " " }
    let name = unit.isEmpty ? bare : String(unit)
    guard let number = Double(digits), let factor = units.first(where: { $0.name == name })?.factor else { return nil }
    let amount = number * factor
    return amount < 0x1p53 ? amount : nil
  }

  /// For JSON Schema: texts that `amount` reads, as a regular expression.
  var pattern: String {
    let names = units.map(\.name).joined(separator: "|")
    return "^[0-9]*\\.?[0-9]+ ?(\(names))\(bare == nil ? "" : "?")$"
  }
}
