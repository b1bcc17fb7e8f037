/// The initialisations that a figure with a mark or a line for each shows: all of a few; of many, those that are no mixture,
/// since a dozen lines side by side show nothing.
struct DrawnInitialisations {
  /// More than these, and mixtures are left to tables and CSV files.
  private static let limit = 6

  let names: [String]
  /// What stands below a figure that leaves some out; nil where it shows all.
  let note: String?

  /// - Parameter all: In `StudyOrder`.
  init(_ all: [String]) {
    let ends = all.filter { !$0.hasPrefix("WT-ST-") }
    if all.count <= Self.limit || ends.isEmpty {
      names = all
      note = nil
    } else {
      names = ends
      note =
        "\(all.count - ends.count) mixtures of weights and statistics (WT-ST-n) are not drawn; the CSV file has them."
    }
  }

  func contains(_ name: String) -> Bool { names.contains(name) }
}
