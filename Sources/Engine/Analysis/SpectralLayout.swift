import Foundation

/// Where UMAP begins: a graph's points at the second and third eigenvector of its normalised Laplacian (Belkin &
/// Niyogi, *Laplacian eigenmaps*, 2003).
///
/// A graph that does not hang together is laid out as umap-learn does: its components by themselves, each at a place of
/// its own. Up to four lie on the axes; of more, umap-learn takes a spectral embedding of their centroids' affinities,
/// which vanish where centroids lie far apart, and here the centroids' principal components stand instead.
enum SpectralLayout {
  /// A component of fewer points is scattered at random.
  private static let fewest = 4

  /// - Parameter rows: What the graph's points are in the space of the features, [n, width].
  /// - Returns: [n, 2].
  static func places(
    of graph: FuzzyGraph, rows: [Double], width: Int, random: inout RandomStream
  ) throws -> [Double] {
    let components = graph.components
    if components.count == 1 { return try connected(graph, random: &random) }
    let centres = try Self.centres(of: components, rows: rows, width: width)
    var places = [Double](repeating: 0, count: 2 * graph.n)
    for (index, members) in components.enumerated() {
      let (x, y) = centres[index]
      let distances = centres.map { hypot($0.0 - x, $0.1 - y) }.filter { $0 > 0 }
      let range = (distances.min() ?? 1) / 2
      let own = try connected(graph.subgraph(of: members), random: &random)
      let greatest = own.reduce(0) { max($0, $1.magnitude) }
      let scale = greatest > 0 ? range / greatest : 0
      for (place, point) in members.enumerated() {
        places[2 * point] = x + own[2 * place] * scale
        places[2 * point + 1] = y + own[2 * place + 1] * scale
      }
    }
    return places
  }

  private static func connected(_ graph: FuzzyGraph, random: inout RandomStream) throws -> [Double] {
    guard graph.n >= fewest else { return (0..<2 * graph.n).map { _ in random.uniform(-1, 1) } }
    let vectors = try LaplacianEigenvectors.leading(2, of: graph, random: &random)
    return (0..<graph.n).flatMap { point in vectors.map { $0[point] } }
  }

  private static func centres(of components: [[Int]], rows: [Double], width: Int) throws -> [(Double, Double)] {
    if components.count <= 4 {
      let half = (components.count + 1) / 2
      let axes = [(1.0, 0.0), (0.0, 1.0)].prefix(half)
      return Array((axes + axes.map { (-$0.0, -$0.1) }).prefix(components.count))
    }
    var centroids: [Float] = []
    for members in components {
      var sum = [Double](repeating: 0, count: width)
      for point in members {
        for column in 0..<width { sum[column] += rows[point * width + column] }
      }
      centroids += sum.map { Float($0 / Double(members.count)) }
    }
    let plane = try PrincipalComponents(centroids, n: components.count, d: width).places
    let greatest = plane.reduce(0) { max($0, $1.magnitude) }
    return components.indices.map { index in
      guard greatest > 0 else {
        // They all lie at one place.
        let angle = 2 * Double.pi * Double(index) / Double(components.count)
        return (cos(angle), sin(angle))
      }
      return (plane[2 * index] / greatest, plane[2 * index + 1] / greatest)
    }
  }
}
