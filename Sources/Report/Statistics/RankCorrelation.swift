/// Spearman's rank correlation of two samples, ties by their mean rank.
package struct RankCorrelation: Sendable, Hashable {
  package let n: Int
  /// -1 to 1.
  package let rho: Double
  /// Two-sided: up to `exactLimit` pairs the share of all orders of the one sample whose correlation with the other is at least
  /// as far from zero; above by Student's t with n - 2 degrees of freedom (as SciPy's `spearmanr`).
  package let p: Double

  /// So many values have 362,880 orders.
  package static let exactLimit = 9

  /// Whether `p` counts every order.
  package var isExact: Bool { n <= Self.exactLimit }

  /// Nil for fewer than three pairs, and where one side does not vary.
  package init?(_ first: [Double], _ second: [Double]) {
    guard first.count == second.count, first.count > 2 else { return nil }
    let (a, b) = (Self.centredRanks(first), Self.centredRanks(second))
    let scale = (Self.product(a, a) * Self.product(b, b)).squareRoot()
    guard scale > 0 else { return nil }
    n = first.count
    rho = max(-1, min(1, Self.product(a, b) / scale))
    if first.count <= Self.exactLimit {
      p = Self.permuted(a, b)
    } else if rho.magnitude == 1 {
      p = 0
    } else {
      let degrees = Double(first.count - 2)
      p = 2 * StudentT.cumulative(-(rho * (degrees / (1 - rho * rho)).squareRoot()).magnitude, degrees: degrees)
    }
  }

  /// Ranks from 1, ties by their mean.
  package static func ranks(_ values: [Double]) -> [Double] {
    let order = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
    var ranks = Array(repeating: 0.0, count: values.count)
    var start = 0
    while start < order.count {
      var end = start + 1
      while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
      for place in start..<end { ranks[order[place]] = Double(start + end + 1) / 2 }
      start = end
    }
    return ranks
  }

  private static func centredRanks(_ values: [Double]) -> [Double] {
    let middle = Double(values.count + 1) / 2
    return ranks(values).map { $0 - middle }
  }

  private static func product(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }

  /// Every order is made by Heap's algorithm. Ranks are halves, so that their products are exact and equal sums compare as equal.
  private static func permuted(_ fixed: [Double], _ moved: [Double]) -> Double {
    var order = moved
    let observed = product(fixed, moved).magnitude
    var (asFar, all) = (0, 0)
    func count() {
      all += 1
      var sum = 0.0
      for place in fixed.indices { sum += fixed[place] * order[place] }
      if sum.magnitude >= observed { asFar += 1 }
    }
    var counters = Array(repeating: 0, count: order.count)
    count()
    var place = 1
    while place < order.count {
      if counters[place] < place {
        order.swapAt(place.isMultiple(of: 2) ? 0 : counters[place], place)
        count()
        counters[place] += 1
        place = 1
      } else {
        counters[place] = 0
        place += 1
      }
    }
    return Double(asFar) / Double(all)
  }
}
