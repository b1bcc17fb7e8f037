import Foundation

/// A symmetric graph of points whose edges have weights in (0, 1], in compressed rows: how surely two points are
/// neighbours (McInnes, Healy & Melville, arXiv 1802.03426, section 3.1 and algorithms 1 to 3).
package struct FuzzyGraph: Sendable, Hashable {
  package let n: Int
  /// Where each point's edges begin, [n + 1].
  package let starts: [Int]
  /// The other ends, ascending for each point.
  package let columns: [Int32]
  package let weights: [Double]

  private static let tolerance = 1e-5
  private static let iterations = 64
  /// The least bandwidth, as a share of a mean distance.
  private static let leastScale = 1e-3

  package init(n: Int, starts: [Int], columns: [Int32], weights: [Double]) {
    (self.n, self.starts, self.columns, self.weights) = (n, starts, columns, weights)
  }

  /// The union of what each point holds of its neighbours: with memberships a and b from either side, a + b - a b.
  package init(_ nearest: ExactNeighbours, n: Int) {
    let k = nearest.k
    let memberships = Self.memberships(nearest, n: n)
    // Each point's own neighbours in ascending order, and those whose neighbour it is, which come so.
    let order = (0..<n).flatMap { point in
      (point * k..<(point + 1) * k).sorted { nearest.indices[$0] < nearest.indices[$1] }
    }
    var incoming = [Int](repeating: 0, count: n + 1)
    for column in nearest.indices { incoming[Int(column) + 1] += 1 }
    for point in 0..<n { incoming[point + 1] += incoming[point] }
    var filled = incoming
    var sources = [Int](repeating: 0, count: n * k)
    for edge in 0..<n * k {
      let point = Int(nearest.indices[edge])
      sources[filled[point]] = edge
      filled[point] += 1
    }

    var starts = [0]
    var columns: [Int32] = []
    var weights: [Double] = []
    for point in 0..<n {
      var (own, theirs) = (point * k, incoming[point])
      while own < (point + 1) * k || theirs < incoming[point + 1] {
        let left = own < (point + 1) * k ? Int(nearest.indices[order[own]]) : n
        let right = theirs < incoming[point + 1] ? sources[theirs] / k : n
        let a = left <= right ? memberships[order[own]] : 0
        let b = right <= left ? memberships[sources[theirs]] : 0
        if left <= right { own += 1 }
        if right <= left { theirs += 1 }
        columns.append(Int32(min(left, right)))
        weights.append(a + b - a * b)
      }
      starts.append(columns.count)
    }
    self.init(n: n, starts: starts, columns: columns, weights: weights)
  }

  /// exp(-(distance - rho) / sigma) of each point's neighbours, [n, k]: rho is the distance of the nearest at more than
  /// 0, sigma such that the memberships sum to log2(k + 1).
  private static func memberships(_ nearest: ExactNeighbours, n: Int) -> [Double] {
    let k = nearest.k
    // Each point counts among its own neighbours, at distance 0.
    let count = Double(k + 1)
    let meanOfAll = nearest.distances.reduce(0, +) / (Double(n) * count)
    var memberships: [Double] = []
    memberships.reserveCapacity(n * k)
    for point in 0..<n {
      let distances = nearest.distances[point * k..<(point + 1) * k]
      let rho = distances.first { $0 > 0 } ?? 0
      let least = leastScale * (rho > 0 ? distances.reduce(0, +) / count : meanOfAll)
      let sigma = max(bandwidth(distances, rho: rho, target: log2(count)), least)
      for distance in distances {
        memberships.append(distance <= rho || sigma == 0 ? 1 : exp(-(distance - rho) / sigma))
      }
    }
    return memberships
  }

  /// By bisection, doubled as long as it is too small.
  private static func bandwidth(_ distances: ArraySlice<Double>, rho: Double, target: Double) -> Double {
    var (low, high, middle) = (0.0, Double.infinity, 1.0)
    for _ in 0..<iterations {
      let sum = distances.reduce(0) { $0 + ($1 > rho ? exp(-($1 - rho) / middle) : 1) }
      if (sum - target).magnitude < tolerance { break }
      if sum > target {
        high = middle
        middle = (low + high) / 2
      } else {
        low = middle
        middle = high == .infinity ? middle * 2 : (low + high) / 2
      }
    }
    return middle
  }

  /// Without the edges whose weight is less than this share of the greatest.
  func pruned(below share: Double) -> FuzzyGraph {
    let least = max(share * (weights.max() ?? 0), .leastNonzeroMagnitude)
    return kept { weights[$0] >= least }
  }

  private func kept(_ isKept: (Int) -> Bool) -> FuzzyGraph {
    var starts = [0]
    var columns: [Int32] = []
    var weights: [Double] = []
    for point in 0..<n {
      for edge in self.starts[point]..<self.starts[point + 1] where isKept(edge) {
        columns.append(self.columns[edge])
        weights.append(self.weights[edge])
      }
      starts.append(columns.count)
    }
    return FuzzyGraph(n: n, starts: starts, columns: columns, weights: weights)
  }

  /// The points of each connected component, ascending; components by their first point.
  var components: [[Int]] {
    var component = [Int](repeating: -1, count: n)
    var count = 0
    for first in 0..<n where component[first] < 0 {
      component[first] = count
      var open = [first]
      while let point = open.popLast() {
        for edge in starts[point]..<starts[point + 1] where component[Int(columns[edge])] < 0 {
          component[Int(columns[edge])] = count
          open.append(Int(columns[edge]))
        }
      }
      count += 1
    }
    var members = [[Int]](repeating: [], count: count)
    for point in 0..<n { members[component[point]].append(point) }
    return members
  }

  /// The graph of a component's points, numbered by their order in it.
  func subgraph(of members: [Int]) -> FuzzyGraph {
    var number = [Int: Int32](minimumCapacity: members.count)
    for (index, point) in members.enumerated() { number[point] = Int32(index) }
    var starts = [0]
    var columns: [Int32] = []
    var weights: [Double] = []
    for point in members {
      for edge in self.starts[point]..<self.starts[point + 1] {
        guard let column = number[Int(self.columns[edge])] else { continue }
        columns.append(column)
        weights.append(self.weights[edge])
      }
      starts.append(columns.count)
    }
    return FuzzyGraph(n: members.count, starts: starts, columns: columns, weights: weights)
  }
}
