/// The likeliest meaning of a mistyped name.
enum NearestName {
  /// The candidate with the fewest edits (insert, delete, replace; letters' case apart), if those are few enough to be a slip.
  static func of(_ name: String, among candidates: [String]) -> String? {
    let wanted = Array(name.lowercased().utf8)
    var best: (name: String, edits: Int)?
    for candidate in candidates {
      let edits = distance(wanted, Array(candidate.lowercased().utf8))
      if edits <= max(1, wanted.count / 3), edits < best?.edits ?? .max { best = (candidate, edits) }
    }
    return best?.name
  }

  private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var row = Array(0...right.count)
    for (i, a) in left.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, b) in right.enumerated() {
        let replaced = diagonal + (a == b ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(replaced, diagonal + 1, row[j] + 1)
      }
    }
    return row[right.count]
  }
}
