/// An embedding of features in the plane that keeps neighbours together: uniform manifold approximation and projection
/// (McInnes, Healy & Melville, *UMAP*, arXiv 1802.03426), by the choices of the authors' umap-learn.
///
/// All of it runs on one thread but for matrix products and eigenvectors, and draws from streams of the seed: the same
/// features give the same bytes on every run. Unlike umap-learn, neighbours are exact for any number of images.
package struct UMAP: Sendable, Hashable {
  /// How many nearest images, itself among them, an image is joined with; all where there are fewer.
  package let neighbours: Int
  /// How near to each other places in the plane may come.
  package let minDistance: Double
  /// The scale of distances in the plane.
  package let spread: Double
  package let metric: ExactNeighbours.Metric
  /// Passes over the joined pairs; nil for 500 up to 10,000 images and 200 beyond.
  package let epochs: Int?
  package let seed: UInt64

  /// - Throws: `EngineError.specification` for what cannot be asked for.
  package init(
    neighbours: Int = 15, minDistance: Double = 0.1, spread: Double = 1, metric: ExactNeighbours.Metric = .euclidean,
    epochs: Int? = nil, seed: UInt64 = 0
  ) throws {
    guard neighbours >= 2 else {
      throw EngineError.specification(
        "UMAP with \(neighbours) neighbours: give at least 2, the image itself among them")
    }
    guard spread > 0, spread.isFinite, minDistance >= 0, minDistance <= spread else {
      throw EngineError.specification(
        "UMAP with min_dist \(minDistance) and spread \(spread): give a spread above 0 and a min_dist from 0 to spread")
    }
    guard epochs ?? 1 >= 1 else { throw EngineError.specification("UMAP of \(epochs ?? 0) epochs: give at least 1") }
    (self.neighbours, self.minDistance, self.spread) = (neighbours, minDistance, spread)
    (self.metric, self.epochs, self.seed) = (metric, epochs, seed)
  }

  /// The places of the images in the plane, [n, 2].
  ///
  /// - Parameters:
  ///   - features: [n, d], row-major.
  ///   - progress: Told the share of the epochs that are done; false stops.
  /// - Throws: `EngineError.specification` where the count of numbers is not n d; `EngineError.data` for one that is
  ///   not finite; `CancellationError` where `progress` said so.
  package func embed(
    _ features: [Float], n: Int, d: Int, progress: (Double) -> Bool = { _ in true }
  ) throws -> [Double] {
    let matrix = try FeatureMatrix(features, n: n, d: d)
    guard n >= 2 else { return [Double](repeating: 0, count: 2 * n) }
    let rows = matrix.rows(for: metric)
    let nearest = try ExactNeighbours.find(rows, n: n, width: d, k: neighbours - 1, metric: metric)
    let epochs = epochs ?? (n <= 10_000 ? 500 : 200)
    // Pairs that would not be drawn once are left out; of few epochs, as few as would not in a usual run.
    let graph = FuzzyGraph(nearest, n: n).pruned(below: 1 / Double(epochs > 10 ? epochs : n <= 10_000 ? 500 : 200))
    var random = RandomStream(seed: seed, purpose: "umap/start")
    var places = try SpectralLayout.places(of: graph, rows: rows, width: d, random: &random)
    Self.scatter(&places, random: &random)
    try LayoutDescent(curve: LayoutCurve(minDistance: minDistance, spread: spread), epochs: epochs).run(
      &places, graph: graph, random: RandomStream(seed: seed, purpose: "umap/negatives"), progress: progress)
    return places
  }

  /// Scales places to at most 10 from the origin, adds a little noise, which parts equal ones, and stretches each axis
  /// over 0 to 10.
  private static func scatter(_ places: inout [Double], random: inout RandomStream) {
    let greatest = places.reduce(0) { max($0, $1.magnitude) }
    let scale = greatest > 0 ? 10 / greatest : 0
    for index in places.indices { places[index] = places[index] * scale + 1e-4 * random.normal() }
    for axis in 0..<2 {
      let along = stride(from: axis, to: places.count, by: 2)
      let low = along.reduce(Double.infinity) { min($0, places[$1]) }
      let high = along.reduce(-Double.infinity) { max($0, places[$1]) }
      for index in along { places[index] = high > low ? 10 * (places[index] - low) / (high - low) : 0 }
    }
  }
}
