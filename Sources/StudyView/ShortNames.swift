/// Names shortened to a width so that they can still be told apart.
enum ShortNames {
  /// As many of each name's first and last characters as fit, in the way that leaves most names different; those that are
  /// still the same are told apart by the first character in which they differ, or else by a number.
  static func fit(_ names: [String], width: Int) -> [String] {
    let plain = names.map(\.plain)
    if plain.allSatisfy({ DisplayWidth.of($0) <= width }) { return plain }
    // Parts of the room that the end of a name gets.
    let ways = [0.0, 0.34, 0.5, 0.67].map { share in plain.map { shortened($0, width: width, end: share) } }
    var best = ways[0]
    for way in ways.dropFirst() where Set(way).count > Set(best).count { best = way }
    guard Set(best).count < Set(plain).count else { return best }
    let groups = Dictionary(grouping: plain.indices) { best[$0] }
    for group in groups.values where group.count > 1 {
      let common = commonBeginning(group.map { plain[$0] })
      for place in group { best[place] = "…\(plain[place].dropFirst(common))".cut(width) }
    }
    return numbered(best, of: plain, width: width)
  }

  private static func shortened(_ name: String, width: Int, end share: Double) -> String {
    if DisplayWidth.of(name) <= width { return name }
    guard width > 2 else { return name.cut(width) }
    let end = Int(Double(width - 1) * share)
    return name.head(width - 1 - end) + "…" + name.tail(end)
  }

  /// How many characters all names begin with.
  private static func commonBeginning(_ names: [String]) -> Int {
    guard var common = names.first.map(Array.init) else { return 0 }
    for name in names.dropFirst() {
      common = Array(zip(common, name).prefix { $0.0 == $0.1 }.map(\.0))
    }
    return common.count
  }

  /// Names that are the same though what they stand for is not get a number.
  private static func numbered(_ short: [String], of names: [String], width: Int) -> [String] {
    var meaning: [String: String] = [:]
    var count: [String: Int] = [:]
    return zip(short, names).map { short, name in
      var text = short
      while let other = meaning[text], other != name {
        count[short, default: 1] += 1
        let mark = "~\(count[short] ?? 0)"
        text = short.head(max(0, width - mark.count)) + mark
      }
      meaning[text] = name
      return text
    }
  }
}
