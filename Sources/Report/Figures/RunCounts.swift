/// How many runs the means of a figure are of, for the sentence of its caption.
struct RunCounts {
  private let least: Int
  private let most: Int
  private let total: Int

  /// - Parameter counts: Of each mean; a setting without a run has none.
  init(_ counts: some Sequence<Int>) {
    let counts = Array(counts)
    least = counts.min() ?? 0
    most = counts.max() ?? 0
    total = counts.count
  }

  init(_ settings: [SettingResult]) { self.init(settings.lazy.map(\.n)) }

  /// `n = 5`, `n = 3 to 5`.
  var text: String { least == most ? "n = \(most)" : "n = \(least) to \(most)" }

  /// `n = 5 runs`, `n = 1 run`.
  var runs: String { most == 1 ? "\(text) run" : "\(text) runs" }

  /// `n = 5 pairs of runs`, `n = 1 pair of runs`.
  var pairs: String { most == 1 ? "\(text) pair of runs" : "\(text) pairs of runs" }

  /// Of means with intervals.
  var sentence: String {
    guard most > 0 else { return "No run is measured yet." }
    if most == 1 { return "Each setting has \(runs), and so no interval." }
    return total == 1 ? "The mean is of \(runs)." : "Means are of \(runs)."
  }
}
