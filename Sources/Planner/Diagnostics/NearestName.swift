/// Guesses which valid name a misspelt one was meant to be.
public enum NearestName {
  /// The valid name nearest to `name`, where one is near enough to be a likely slip: at most a third of its letters
  /// changed, left out, put in or exchanged with their neighbour, or the last part of a dotted name exactly.
  public static func of(_ name: String, among valid: [String]) -> String? {
    if let same = valid.first(where: { $0.lowercased() == name.lowercased() }) { return same }
    return nearest(to: name, among: valid) ?? sameEnd(as: name, among: valid)
  }

  private static func nearest(to name: String, among valid: [String]) -> String? {
    let wanted = Array(name.lowercased().utf8.prefix(80))
    guard wanted.count > 2 else { return nil }
    let allowed = max(1, wanted.count / 3)
    var best: (name: String, distance: Int)?
    for candidate in valid {
      let letters = Array(candidate.lowercased().utf8.prefix(80))
      guard abs(letters.count - wanted.count) <= allowed else { continue }
      let distance = self.distance(wanted, letters)
      if distance <= allowed, distance < best?.distance ?? .max { best = (candidate, distance) }
    }
    return best?.name
  }

  /// The only valid dotted name that ends in the same word.
  private static func sameEnd(as name: String, among valid: [String]) -> String? {
    guard let word = name.split(separator: ".").last?.lowercased() else { return nil }
    let same = valid.filter { $0.lowercased().hasSuffix(".\(word)") }
    return same.count == 1 ? same[0] : nil
  }

  /// The optimal string alignment distance: the edits that make one text the other, a swap of neighbours being one.
  static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    if a.isEmpty || b.isEmpty { return max(a.count, b.count) }
    var beforeLast = [Int](repeating: 0, count: b.count + 1)
    var last = Array(0...b.count)
    var row = last
    for i in 1...a.count {
      row[0] = i
      for j in 1...b.count {
        let substitution = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)
        row[j] = min(last[j] + 1, row[j - 1] + 1, substitution)
        if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] { row[j] = min(row[j], beforeLast[j - 2] + 1) }
      }
      (beforeLast, last, row) = (last, row, beforeLast)
    }
    return last[b.count]
  }
}
