import Hashing

/// Fractions of a training split.
public enum Subset {
  /// The positions, in ascending order, that make up a fraction of the images with these classes; see the other.
  public static func positions(labels: [Int], fraction: Double, seed: UInt64) -> [Int] {
    positions(
      labels: labels.map { .one($0) }, groups: Array(repeating: nil, count: labels.count), fraction: fraction,
      seed: seed)
  }

  /// The positions, in ascending order, that make up a fraction of the images with these labels.
  ///
  /// Images of a group are taken all or none. Every group belongs to one class: the rarest that it shows, or none. Per
  /// class, the groups come in a random order of this seed and as many are taken as bring the number of images nearest to
  /// `fraction` of the class's, one at least. First in the order stands a group for every class that some image shows, so
  /// that each is shown whatever the fraction. So the images of a smaller fraction are among those of a larger one.
  ///
  /// - Parameters:
  ///   - groups: Equal where images must not be parted; nil for an image by itself.
  ///   - fraction: Above 0, up to 1; what lies outside is taken as the nearest of these.
  /// - Precondition: as many groups as labels.
  public static func positions(labels: [ImageLabel], groups: [Int?], fraction: Double, seed: UInt64) -> [Int] {
    precondition(labels.count == groups.count)
    let units = units(groups)
    let strata = strata(units, labels)
    let stream = RandomStream(seed: seed, purpose: "subset")
    var orders: [Int: [Int]] = [:]
    for (stratum, members) in Dictionary(grouping: units.indices, by: { strata[$0] }) {
      var draws = stream.child(UInt64(stratum))
      orders[stratum] = draws.permutation(members.count).map { members[$0] }
    }
    let first = cover(orders, units, labels)
    var chosen: [Int] = []
    for (_, order) in orders {
      let sorted = order.filter(first.contains) + order.filter { !first.contains($0) }
      let total = order.reduce(0) { $0 + units[$1].count }
      let wanted = (min(max(fraction, 0), 1) * Double(total)).rounded()
      let least = max(1, order.count(where: first.contains))
      var count = 0
      for (place, unit) in sorted.enumerated() {
        let more = count + units[unit].count
        guard place < least || abs(Double(more) - wanted) <= abs(Double(count) - wanted) else { break }
        chosen += units[unit]
        count = more
      }
    }
    return chosen.sorted()
  }

  /// What is taken all or none: positions, in ascending order of the first of each.
  private static func units(_ groups: [Int?]) -> [[Int]] {
    var units: [[Int]] = []
    var known: [Int: Int] = [:]
    for (position, group) in groups.enumerated() {
      if let group, let unit = known[group] {
        units[unit].append(position)
      } else {
        if let group { known[group] = units.count }
        units.append([position])
      }
    }
    return units
  }

  /// The class of each unit: of those that it shows, the one that the fewest images show; the number of classes for none.
  private static func strata(_ units: [[Int]], _ labels: [ImageLabel]) -> [Int] {
    var counts: [Int: Int] = [:]
    var classes = 0
    for label in labels {
      if case .each(let presences) = label { classes = max(classes, presences.count) }
      for shown in label.shown { counts[shown, default: 0] += 1 }
    }
    return units.map { unit in
      unit.flatMap { labels[$0].shown }.min { (counts[$0] ?? 0, $0) < (counts[$1] ?? 0, $1) } ?? classes
    }
  }

  /// Units that together show every class that is shown at all: class by class, the first that shows it.
  private static func cover(_ orders: [Int: [Int]], _ units: [[Int]], _ labels: [ImageLabel]) -> Set<Int> {
    let order = orders.sorted { $0.key < $1.key }.flatMap(\.value)
    let shown = units.map { unit in Set(unit.flatMap { labels[$0].shown }) }
    var covered: Set<Int> = []
    var chosen: Set<Int> = []
    for label in shown.reduce(into: Set<Int>(), { $0.formUnion($1) }).sorted() where !covered.contains(label) {
      guard let unit = order.first(where: { shown[$0].contains(label) }) else { continue }
      chosen.insert(unit)
      covered.formUnion(shown[unit])
    }
    return chosen
  }

  /// The SHA-256 of the positions (each as 8 bytes, little-endian), in hexadecimal.
  public static func digest(of positions: [Int]) -> String {
    let hash = SHA256()
    for position in positions {
      withUnsafeBytes(of: UInt64(bitPattern: Int64(position)).littleEndian) { hash.update($0) }
    }
    return hash.finish().hex
  }
}
