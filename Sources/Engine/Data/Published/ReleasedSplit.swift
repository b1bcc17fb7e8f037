/// How the study's released code divides data sets that come undivided.
public enum ReleasedSplit {
  /// Rows in random order, by Python's `random.Random(42).shuffle`: of the first `Int(share x count)` of them the first half
  /// validates and the others test; the rest trains.
  ///
  /// - Returns: The split of each row, in the file's order.
  public static func shuffled(count: Int, heldOut share: Double) -> [Split] {
    var order = Array(0..<count)
    var draws = PythonRandom(seed: 42)
    draws.shuffle(&order)
    let held = Int(Double(count) * share)
    var splits = Array(repeating: Split.train, count: count)
    for row in order[..<(held / 2)] { splits[row] = .validation }
    for row in order[(held / 2)..<held] { splits[row] = .test }
    return splits
  }

  /// CheXpert's cut. The rows are sorted by path, but the released code looks the places to cut up by the row's number in
  /// the file: it holds out the rows up to number `Int(0.2 x count) + 15`, that one included, and of the n held out
  /// validates on those up to number `n / 2`. Each slice takes in both of its ends, so that a row stands on both sides of
  /// either cut. Repaired, such a row stays with the rows before it: training then shares no patient with testing.
  ///
  /// - Returns: The splits of each row, in the file's order: two for the rows on both sides.
  public static func cheXpert(paths: [String], isRepaired: Bool) -> [[Split]] {
    let order = paths.indices.sorted { paths[$0].utf8.lexicographicallyPrecedes(paths[$1].utf8) }
    var places = Array(repeating: 0, count: paths.count)
    for (place, row) in order.enumerated() { places[row] = place }
    var splits = Array(repeating: [Split.train], count: paths.count)
    let cut = Int(Double(paths.count) * 0.2) + 15
    guard cut < paths.count else { return splits }
    let last = places[cut]
    let middle = places[(last + 1) / 2]
    for (place, row) in order.enumerated() where place <= last {
      splits[row] = [place <= middle ? .validation : .test]
      if !isRepaired, place == middle { splits[row].append(.test) }
      if !isRepaired, place == last { splits[row].append(.train) }
    }
    return splits
  }
}
