/// The two directions in which features vary most (Pearson, *On lines and planes of closest fit*, 1901), and where each
/// image lies along them.
///
/// An eigenvector's sign is free: here the loading of greatest magnitude, the first of equals, is positive. A direction
/// in which nothing varies, or that is not there for want of images or features, has zeros throughout.
package struct PrincipalComponents: Sendable, Hashable {
  package static let count = 2

  /// Where the images lie, [n, 2].
  package let places: [Double]
  /// The directions, unit vectors [2, d].
  package let loadings: [Double]
  /// Which share of the features' variance each direction has, [2].
  package let explainedVarianceRatio: [Double]

  /// Images whose features are taken at a time.
  private static let block = 4096
  /// A variance that is this share of the features' mean square is rounding of the mean.
  private static let negligible = 1e-26

  /// - Parameter features: [n, d], row-major.
  /// - Throws: `EngineError.specification` where the count of numbers is not n d; `EngineError.data` for one that is
  ///   not finite.
  package init(_ features: [Float], n: Int, d: Int) throws {
    let matrix = try FeatureMatrix(features, n: n, d: d)
    var loadings = [Double](repeating: 0, count: Self.count * d)
    var ratios = [Double](repeating: 0, count: Self.count)
    if n >= 2, d >= 1 {
      let (variances, directions, total) = n < d ? try Self.byImages(matrix) : try Self.byFeatures(matrix)
      let square = features.reduce(0.0) { $0 + Double($1) * Double($1) }
      for (index, variance) in variances.enumerated()
      where total > Self.negligible * square && variance > 4 * Double(max(n, d)) * .ulpOfOne * total {
        ratios[index] = variance / total
        let direction = directions[index]
        let (greatest, length) = (Self.greatest(of: direction), direction.reduce(0) { $0 + $1 * $1 }.squareRoot())
        for column in 0..<d { loadings[index * d + column] = direction[column] / (greatest < 0 ? -length : length) }
      }
    }
    self.loadings = loadings
    explainedVarianceRatio = ratios
    places = Self.places(of: matrix, along: loadings)
  }

  /// The entry of greatest magnitude, the first of equals.
  private static func greatest(of direction: [Double]) -> Double {
    direction.reduce(0) { $1.magnitude > $0.magnitude ? $1 : $0 }
  }

  /// By the scatter of features, [d, d].
  private static func byFeatures(
    _ matrix: FeatureMatrix
  ) throws -> (variances: [Double], directions: [[Double]], total: Double) {
    let d = matrix.d
    var mean = [Double](repeating: 0, count: d)
    var scatter = [Double](repeating: 0, count: d * d)
    for start in stride(from: 0, to: matrix.n, by: block) {
      let end = min(matrix.n, start + block)
      try matrix.values[start * d..<end * d].withUnsafeBufferPointer {
        try LinearAlgebra.addMoments(of: $0, after: start, mean: &mean, scatter: &scatter)
      }
    }
    let (values, vectors) = try LinearAlgebra.symmetricEigen(scatter, size: d)
    let leading = (0..<min(count, d)).map { d - 1 - $0 }
    return (
      leading.map { values[$0] }, leading.map { Array(vectors[$0 * d..<($0 + 1) * d]) },
      (0..<d).reduce(0) { $0 + scatter[$1 * d + $1] }
    )
  }

  /// By the products of images, [n, n], which have the same eigenvalues.
  private static func byImages(
    _ matrix: FeatureMatrix
  ) throws -> (variances: [Double], directions: [[Double]], total: Double) {
    let (n, d) = (matrix.n, matrix.d)
    let rows = matrix.centred()
    let products = try LinearAlgebra.rowProducts(rows, rows, width: d)
    let (values, vectors) = try LinearAlgebra.symmetricEigen(products, size: n)
    let leading = (0..<min(count, n)).map { n - 1 - $0 }
    let directions = leading.map { index in
      var direction = [Double](repeating: 0, count: d)
      for row in 0..<n {
        let share = vectors[index * n + row]
        for column in 0..<d { direction[column] += share * rows[row * d + column] }
      }
      return direction
    }
    return (leading.map { values[$0] }, directions, (0..<n).reduce(0) { $0 + products[$1 * n + $1] })
  }

  private static func places(of matrix: FeatureMatrix, along loadings: [Double]) -> [Double] {
    let d = matrix.d
    let mean = matrix.mean()
    var places = [Double](repeating: 0, count: count * matrix.n)
    for row in 0..<matrix.n {
      for column in 0..<d {
        let deviation = Double(matrix.values[row * d + column]) - mean[column]
        for index in 0..<count { places[row * count + index] += deviation * loadings[index * d + column] }
      }
    }
    return places
  }
}
