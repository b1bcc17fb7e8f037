/// The mean and covariance of features over a set of images: all that the Fréchet distance asks of it.
package struct FeatureStatistics: Sendable, Hashable {
  /// [width].
  package let mean: [Double]
  /// [width, width], row-major and symmetric, of divisor n - 1.
  package let covariance: [Double]

  package var width: Int { mean.count }

  /// How far a covariance may be from symmetric, as a share of its greatest entry: what float32 leaves of one.
  private static let asymmetry = 1e-5

  /// - Parameter source: Where the numbers come from, for messages.
  /// - Throws: `EngineError.data` for shapes that do not fit, numbers that are not finite, a covariance that is not
  ///   symmetric or has a negative variance.
  package init(mean: [Double], covariance: [Double], source: String = "these feature statistics") throws {
    let width = mean.count
    guard width > 0, covariance.count == width * width else {
      throw EngineError.data(
        "\(source): a mean of \(width) and a covariance of \(covariance.count) numbers do not fit; of d features they "
          + "are [d] and [d, d]")
    }
    guard mean.allSatisfy(\.isFinite), covariance.allSatisfy(\.isFinite) else {
      throw EngineError.data("\(source): a mean or covariance is not finite; compute them anew from sound features")
    }
    let scale = covariance.reduce(0) { max($0, $1.magnitude) }
    var symmetric = covariance
    for row in 0..<width {
      for column in 0..<row {
        let (lower, upper) = (covariance[row * width + column], covariance[column * width + row])
        guard (lower - upper).magnitude <= Self.asymmetry * scale else {
          throw EngineError.data(
            "\(source): the covariance is not symmetric: [\(row), \(column)] is \(lower), "
              + "[\(column), \(row)] is \(upper)")
        }
        symmetric[row * width + column] = lower / 2 + upper / 2
        symmetric[column * width + row] = lower / 2 + upper / 2
      }
      guard covariance[row * width + row] >= 0 else {
        throw EngineError.data("\(source): the variance of feature \(row + 1) is \(covariance[row * width + row])")
      }
    }
    (self.mean, self.covariance) = (mean, symmetric)
  }

  /// Sums up features that come in blocks, in float64 and in the memory of one covariance.
  ///
  /// Every block is centred on its own mean and merged (Chan, Golub & LeVeque, *Updating formulae and a pairwise
  /// algorithm for computing sample variances*, 1979), so that a mean far from zero costs no digits. How the images are
  /// divided into blocks can change the last digits.
  package struct Accumulator {
    package let width: Int
    package private(set) var count = 0
    private var mean: [Double]
    private var scatter: [Double]

    package init(width: Int) {
      precondition(width > 0)
      self.width = width
      mean = [Double](repeating: 0, count: width)
      scatter = [Double](repeating: 0, count: width * width)
    }

    /// Adds a block [m, width].
    ///
    /// - Throws: `EngineError.specification` where the numbers are no whole rows; `EngineError.data` for one that is
    ///   not finite.
    package mutating func add(_ block: [Float]) throws {
      guard block.count % width == 0 else {
        throw EngineError.specification("\(block.count) numbers are no whole rows of \(width) features")
      }
      try FeatureMatrix.checkFinite(block, width: width, first: count)
      try block.withUnsafeBufferPointer {
        try LinearAlgebra.addMoments(of: $0, after: count, mean: &mean, scatter: &scatter)
      }
      count += block.count / width
    }

    /// - Throws: `EngineError.data` for fewer than two images, which have no covariance.
    package func statistics() throws -> FeatureStatistics {
      guard count >= 2 else {
        throw EngineError.data(
          "the covariance of features needs at least 2 images, and there \(count == 1 ? "is" : "are") \(count)")
      }
      return try FeatureStatistics(mean: mean, covariance: scatter.map { $0 / Double(count - 1) })
    }
  }
}
