internal import CTorch

/// The linear-kernel Gram matrix of a minibatch's activations: how alike each two images are to one layer.
package struct GramMatrix: Sendable, Hashable {
  /// Images.
  package let count: Int
  /// [count, count].
  package let values: [Double]

  /// - Parameter activations: [n, ...], every image's numbers taken as one row, not pooled. They stay where they are:
  ///   only the matrix is copied from a device.
  /// - Throws: `EngineError.specification` for activations without images or numbers.
  package init(_ activations: Tensor) throws {
    let count = activations.shape.first ?? 0
    guard activations.count > 0 else {
      throw EngineError.specification("no Gram matrix of activations of shape \(activations.shape)")
    }
    var values = [Double](repeating: 0, count: count * count)
    // The batch's mean row is taken off first. HSIC is the same without it, for it centres the matrix anyhow; but
    // products of float32 rows that share a large mean would have lost what they differ by.
    try Native.check(graft_centred_gram(activations.handle, &values, Int64(count)))
    self.count = count
    self.values = values
  }
}

/// A Gram matrix with its diagonal left out, U-centred: K~ij = Kij - ri / (n - 2) - rj / (n - 2) + r / ((n - 1)(n - 2))
/// for i other than j, with ri the sum of row i and r that of all, both without the diagonal, and K~ii = 0 (Székely &
/// Rizzo, *Partial Distance Correlation with Methods for Dissimilarities*, Annals of Statistics 2014). All HSICs here
/// are inner products of such matrices.
package struct GramVector: Sendable, Hashable {
  /// Below this a share of the Gram matrix is what float32 makes of nothing: 1e-6 by norm.
  private static let noise = 1e-12

  /// Images.
  package let count: Int
  /// The entries above the diagonal, row by row: count (count - 1) / 2; the matrix is symmetric. All 0 where the images
  /// do not differ for the layer.
  let values: [Double]

  package init(_ activations: Tensor) throws { self.init(try GramMatrix(activations)) }

  package init(_ gram: GramMatrix) {
    let n = gram.count
    count = n
    guard n > 2 else {
      values = [Double](repeating: 0, count: n * (n - 1) / 2)
      return
    }
    let rows = (0..<n).map { row in
      (0..<n).reduce(0.0) { $1 == row ? $0 : $0 + gram.values[row * n + $1] } / Double(n - 2)
    }
    let all = rows.reduce(0, +) / Double(n - 1)
    var values: [Double] = []
    values.reserveCapacity(n * (n - 1) / 2)
    for row in 0..<n {
      for column in row + 1..<max(n, row + 1) {
        values.append(gram.values[row * n + column] - rows[row] - rows[column] + all)
      }
    }
    let scale = gram.values.reduce(0) { $0 + $1 * $1 }
    let own = 2 * values.reduce(0) { $0 + $1 * $1 }
    self.values = own <= Self.noise * scale ? [Double](repeating: 0, count: values.count) : values
  }

  /// The sum of K~ij L~ij over all i and j.
  func product(_ other: GramVector) -> Double { 2 * zip(values, other.values).reduce(0) { $0 + $1.0 * $1.1 } }
}

/// Estimates of the Hilbert-Schmidt independence criterion of two layers from one minibatch.
package enum HSIC {
  /// How many images an unbiased estimate needs.
  package static let fewest = 4

  /// [tr(KL) + 1'K1 1'L1 / ((n - 1)(n - 2)) - 2 / (n - 2) 1'KL1] / (n (n - 3)), K and L without their diagonals: Song
  /// et al., *Feature Selection via Dependence Maximization*, JMLR 2012, eq. 5; Nguyen, Raghu & Kornblith, ICLR 2021,
  /// eq. 3. It is the inner product of the U-centred matrices over n (n - 3). Nil for fewer than 4 images.
  package static func unbiased(_ k: GramVector, _ l: GramVector) -> Double? {
    precondition(k.count == l.count, "Gram matrices of one minibatch")
    let n = Double(k.count)
    return k.count < fewest ? nil : k.product(l) / (n * (n - 3))
  }

  /// As the code that Kornblith et al., *Similarity of Neural Network Representations Revisited*, ICML 2019, released
  /// has it where it is asked for no bias: the inner product itself, whose scale cancels in a ratio within one
  /// minibatch.
  package static func debiased(_ k: GramVector, _ l: GramVector) -> Double {
    precondition(k.count == l.count, "Gram matrices of one minibatch")
    return k.product(l)
  }
}
