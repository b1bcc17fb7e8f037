/// The Fréchet distance between Gaussians (Dowson & Landau, *The Fréchet distance between multivariate normal
/// distributions*, 1982), which of an Inception network's features is the FID (Heusel et al., *GANs trained by a two
/// time-scale update rule converge to a local Nash equilibrium*, 2017, equation 6).
package enum FrechetDistance {
  /// Eigenvalues as far below zero as this share of the greatest are no rounding.
  private static let negligible = 1e-4

  /// |mu_a - mu_b|^2 + tr(S_a + S_b - 2 (S_a S_b)^(1/2)), squared as the FID is.
  ///
  /// With S = F F^T, by the eigenvectors of each, the trace of the root of S_a^(1/2) S_b S_a^(1/2) is the sum of the
  /// singular values of F_a^T F_b. Rounding of these is a share of the greatest; taken as roots of eigenvalues, it
  /// would be the root of that share, and of two equal covariances with a long tail of small eigenvalues the distance
  /// would not come out zero.
  ///
  /// - Throws: `EngineError.specification` for statistics of different widths; `EngineError.data` for a covariance with
  ///   negative eigenvalues.
  package static func between(_ a: FeatureStatistics, _ b: FeatureStatistics) throws -> Double {
    guard a.width == b.width else {
      throw EngineError.specification(
        "statistics of \(a.width) and of \(b.width) features have no distance; take both by the same network")
    }
    let means = zip(a.mean, b.mean).reduce(0.0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    let (left, right) = (try Factor(a), try Factor(b))
    var common = 0.0
    if left.rank > 0, right.rank > 0 {
      let products = try LinearAlgebra.rowProducts(left.rows, right.rows, width: a.width)
      common = try LinearAlgebra.singularValues(products, rows: left.rank, columns: right.rank).reduce(0, +)
    }
    // Of equal Gaussians rounding may leave less than nothing.
    return max(0, means + left.trace + right.trace - 2 * common)
  }

  /// The rows of F^T where F F^T is a covariance: its eigenvectors times the roots of their eigenvalues, those of none
  /// left out.
  private struct Factor {
    let rows: [Double]
    let rank: Int
    let trace: Double

    init(_ statistics: FeatureStatistics) throws {
      let width = statistics.width
      let (values, vectors) = try LinearAlgebra.symmetricEigen(statistics.covariance, size: width)
      let greatest = values.last ?? 0
      if let least = values.first, least < -negligible * max(greatest, 0) {
        throw EngineError.data(
          "a covariance has the eigenvalue \(least) beside \(greatest) as the greatest: it is none; compute it anew")
      }
      let kept = values.indices.filter { values[$0] > Double(width) * .ulpOfOne * greatest }
      rows = kept.flatMap { index in
        let root = values[index].squareRoot()
        return vectors[index * width..<(index + 1) * width].map { $0 * root }
      }
      rank = kept.count
      trace = (0..<width).reduce(0) { $0 + statistics.covariance[$1 * width + $1] }
    }
  }
}
