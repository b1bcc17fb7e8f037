/// How far an embedding's neighbours are neighbours of the features too (Venna & Kaski, *Neighborhood preservation in
/// nonlinear projection methods: an experimental study*, 2001): 1 where all are.
package enum Trustworthiness {
  /// 1 - 2 / (n k (2 n - 3 k - 1)) sum over images i and their k nearest j in the embedding of max(0, r(i, j) - k),
  /// where j is the r-th nearest of i by its features; both by Euclidean distance, of equally near ones the first in
  /// order.
  ///
  /// - Parameters:
  ///   - low: The embedding [n, 2].
  ///   - high: The features [n, d].
  /// - Throws: `EngineError.specification` for shapes that do not fit and for k outside 1 ..< n / 2; `EngineError.data`
  ///   for a number that is not finite.
  package static func of(high: [Float], low: [Double], n: Int, d: Int, k: Int) throws -> Double {
    let features = try FeatureMatrix(high, n: n, d: d)
    guard low.count == 2 * n else {
      throw EngineError.specification("\(low.count) numbers cannot be the places of \(n) images in a plane")
    }
    guard low.allSatisfy(\.isFinite) else { throw EngineError.data("an embedding has a place that is not finite") }
    guard k >= 1, 2 * k < n else {
      throw EngineError.specification(
        "trustworthiness of \(k) neighbours: give a number from 1 to below half of \(n) images")
    }
    let near = try ExactNeighbours.find(low, n: n, width: 2, k: k, metric: .euclidean)
    var excess = 0
    try ExactNeighbours.squaredDistances(features.centred(), n: n, width: d) { row, squares in
      for neighbour in near.indices[row * k..<(row + 1) * k].map(Int.init) {
        let square = squares[neighbour]
        var rank = 1
        for other in 0..<neighbour where squares[other] <= square { rank += 1 }
        for other in neighbour + 1..<max(n, neighbour + 1) where squares[other] < square { rank += 1 }
        // The image itself is no neighbour.
        if row < neighbour ? squares[row] <= square : squares[row] < square { rank -= 1 }
        excess += max(0, rank - k)
      }
    }
    return 1 - Double(excess) * 2 / (Double(n * k) * Double(2 * n - 3 * k - 1))
  }
}
