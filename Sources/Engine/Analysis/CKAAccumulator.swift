internal import CTorch

/// Centred kernel alignment of each layer of one network with each of another (or the same), over minibatches that both
/// have seen: HSIC(K, L) / sqrt(HSIC(K, K) HSIC(L, L)). Sums are float64.
package struct CKAAccumulator: Sendable {
  /// How minibatches are put together.
  package enum Estimator: String, Sendable, Codable, Hashable, CaseIterable {
    /// The sums of unbiased HSICs over minibatches first, then the ratio (Nguyen, Raghu & Kornblith, *Do Wide and Deep
    /// Networks Learn the Same Things?*, ICLR 2021, eq. 2).
    case unbiased
    /// The mean of the minibatches' ratios of debiased HSICs, each counting the same whatever its size: the study's
    /// released code.
    case released
  }

  package let rows: [String]
  package let columns: [String]
  package let estimator: Estimator
  /// How many images counted.
  package private(set) var images = 0
  /// How many came in minibatches of fewer than 4, which have no unbiased HSIC.
  package private(set) var skippedImages = 0
  private var batches = 0
  /// [rows, columns]: sums of HSICs, or of ratios; NaN where one is not defined.
  private var sums: [Double]
  /// Sums of each layer's HSIC with itself.
  private var rowTerms: [Double]
  private var columnTerms: [Double]

  package init(rows: [String], columns: [String], estimator: Estimator) {
    self.rows = rows
    self.columns = columns
    self.estimator = estimator
    sums = [Double](repeating: 0, count: rows.count * columns.count)
    rowTerms = [Double](repeating: 0, count: rows.count)
    columnTerms = [Double](repeating: 0, count: columns.count)
  }

  /// Enters a minibatch.
  ///
  /// - Parameters:
  ///   - rowGrams: One for each layer of the rows.
  ///   - columnGrams: One for each layer of the columns, of the same images in the same order.
  /// - Throws: `EngineError.specification` where there is not one a layer, or not all are of as many images.
  package mutating func add(rows rowGrams: [GramVector], columns columnGrams: [GramVector]) throws {
    guard rowGrams.count == rows.count, columnGrams.count == columns.count else {
      throw EngineError.specification(
        "Gram matrices of \(rowGrams.count) and \(columnGrams.count) layers for \(rows.count) and \(columns.count)")
    }
    let counts = Set((rowGrams + columnGrams).map(\.count))
    guard counts.count <= 1 else {
      throw EngineError.specification("Gram matrices of \(counts.sorted()) images: all must be of one minibatch")
    }
    guard let count = counts.first else { return }
    guard count >= HSIC.fewest else {
      skippedImages += count
      return
    }
    images += count
    batches += 1
    var own = Terms(rows: rowGrams.map { $0.product($0) }, columns: columnGrams.map { $0.product($0) }, pairs: sums)
    try Native.check(
      graft_row_products(
        rowGrams.flatMap(\.values), Int64(rows.count), columnGrams.flatMap(\.values), Int64(columns.count),
        Int64(count * (count - 1) / 2), &own.pairs))
    switch estimator {
    case .unbiased:
      let divisor = Double(count) * Double(count - 3)
      for (index, term) in own.rows.enumerated() { rowTerms[index] += term / divisor }
      for (index, term) in own.columns.enumerated() { columnTerms[index] += term / divisor }
      for (index, half) in own.pairs.enumerated() { sums[index] += 2 * half / divisor }
    case .released:
      for (index, half) in own.pairs.enumerated() {
        let terms = (own.rows[index / columns.count], own.columns[index % columns.count])
        sums[index] += Self.ratio(2 * half, terms) ?? .nan
      }
    }
  }

  /// A minibatch's inner products.
  private struct Terms {
    let rows: [Double]
    let columns: [Double]
    /// [rows, columns], over the entries above the diagonal: half of each product.
    var pairs: [Double]
  }

  private static func ratio(_ product: Double, _ terms: (row: Double, column: Double)) -> Double? {
    guard terms.row > 0, terms.column > 0, terms.row.isFinite, terms.column.isFinite else { return nil }
    return product / (terms.row.squareRoot() * terms.column.squareRoot())
  }

  /// Row by row; nil where one of the two layers does not vary over the images (of some minibatch, for `released`,
  /// whose ratio is then not defined) or is not finite.
  ///
  /// - Throws: `EngineError.data` where no minibatch had 4 images.
  package func matrix() throws -> [Double?] {
    guard batches > 0 else {
      throw EngineError.data(
        "CKA needs minibatches of at least \(HSIC.fewest) images, and there was none"
          + (skippedImages > 0 ? " (\(skippedImages) images came in smaller ones)" : "")
          + ": give more images or a larger batch size")
    }
    return sums.enumerated().map { index, sum in
      switch estimator {
      case .unbiased: Self.ratio(sum, (rowTerms[index / columns.count], columnTerms[index % columns.count]))
      case .released: sum.isFinite ? sum / Double(batches) : nil
      }
    }
  }
}
