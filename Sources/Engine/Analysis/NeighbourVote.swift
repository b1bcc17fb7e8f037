import Foundation

/// What the nearest neighbours say of each query: each counts exp(similarity / temperature) (Wu et al., *Unsupervised
/// Feature Learning via Non-Parametric Instance Discrimination*, CVPR 2018; the study's released code has 200 and 0.1).
package struct NeighbourVote: Sendable, Hashable {
  /// How many neighbours vote; all of the bank where that has fewer.
  package let neighbours: Int
  package let temperature: Double

  package static let standard = NeighbourVote(200, 0.1)

  /// - Throws: `EngineError.specification` for fewer than one neighbour or a temperature that is not above 0.
  package init(neighbours: Int, temperature: Double) throws {
    guard neighbours > 0, temperature > 0, temperature.isFinite else {
      throw EngineError.specification(
        "a vote of \(neighbours) neighbours at temperature \(temperature): both must be above 0")
    }
    self.init(neighbours, temperature)
  }

  private init(_ neighbours: Int, _ temperature: Double) {
    self.neighbours = neighbours
    self.temperature = temperature
  }

  /// Each class's share of the vote, [queries, classes], row-major; a query's shares add up to 1.
  ///
  /// - Parameter labels: The class of each image of the bank.
  /// - Throws: `EngineError.data` where the labels are not the bank's.
  package func shares(_ nearest: Neighbours, labels: [Int], classes: Int) throws -> [Float] {
    guard labels.count == nearest.bank, labels.allSatisfy({ (0..<classes).contains($0) }) else {
      throw EngineError.data(
        "neighbours among \(nearest.bank) images, but \(labels.count) labels, of which not all are below \(classes)")
    }
    var shares: [Float] = []
    shares.reserveCapacity(nearest.queries * classes)
    forEachQuery(nearest) { votes in
      var sums = [Double](repeating: 0, count: classes)
      for (position, weight) in votes { sums[labels[position]] += weight }
      let total = sums.reduce(0, +)
      shares += sums.map { Float($0 / total) }
    }
    return shares
  }

  /// For each class the share of the votes of those neighbours of which it is known, [queries, classes], row-major; 0
  /// where of none.
  ///
  /// - Parameter targets: 1, 0, or below 0 for unknown, for each class of each image of the bank, [bank, classes].
  /// - Throws: `EngineError.data` where the targets are not the bank's.
  package func shares(_ nearest: Neighbours, targets: [Float], classes: Int) throws -> [Float] {
    guard targets.count == nearest.bank * classes else {
      throw EngineError.data(
        "neighbours among \(nearest.bank) images of \(classes) classes, but \(targets.count) targets")
    }
    var shares: [Float] = []
    shares.reserveCapacity(nearest.queries * classes)
    forEachQuery(nearest) { votes in
      var sums = [Double](repeating: 0, count: classes)
      var totals = sums
      for (position, weight) in votes {
        for label in 0..<classes where targets[position * classes + label] >= 0 {
          totals[label] += weight
          if targets[position * classes + label] > 0.5 { sums[label] += weight }
        }
      }
      shares += zip(sums, totals).map { $1 > 0 ? Float($0 / $1) : 0 }
    }
    return shares
  }

  /// The voters of each query in turn, with their weights relative to the nearest's, so that nothing overflows; shares
  /// do not change by it.
  private func forEachQuery(_ nearest: Neighbours, _ body: ([(position: Int, weight: Double)]) -> Void) {
    for query in 0..<nearest.queries {
      let first = query * nearest.count
      let peak = Double(nearest.similarities[first])
      body(
        (first..<first + min(neighbours, nearest.count)).map { index in
          (Int(nearest.positions[index]), exp((Double(nearest.similarities[index]) - peak) / temperature))
        })
    }
  }
}
