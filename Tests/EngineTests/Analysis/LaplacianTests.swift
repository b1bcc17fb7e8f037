import Engine
import Foundation
import Testing

@Suite struct LaplacianTests {
  private static func graph(_ n: Int, _ edges: [(Int, Int, Double)]) -> FuzzyGraph {
    var rows = [[(Int, Double)]](repeating: [], count: n)
    for (i, j, weight) in edges {
      rows[i].append((j, weight))
      rows[j].append((i, weight))
    }
    rows = rows.map { $0.sorted { $0.0 < $1.0 } }
    return FuzzyGraph(
      n: n, starts: rows.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1.count) },
      columns: rows.flatMap { $0.map { Int32($0.0) } }, weights: rows.flatMap { $0.map(\.1) })
  }

  /// The Rayleigh quotient of a unit vector by the normalised Laplacian, and how far it is from an eigenvector.
  private static func quotient(_ graph: FuzzyGraph, _ x: [Double]) -> (value: Double, residual: Double) {
    let degrees = (0..<graph.n).map { graph.weights[graph.starts[$0]..<graph.starts[$0 + 1]].reduce(0, +) }
    let image = (0..<graph.n).map { row in
      (graph.starts[row]..<graph.starts[row + 1]).reduce(x[row]) { sum, edge in
        let column = Int(graph.columns[edge])
        return sum - graph.weights[edge] * x[column] / (degrees[row] * degrees[column]).squareRoot()
      }
    }
    let value = zip(x, image).reduce(0) { $0 + $1.0 * $1.1 }
    return (value, zip(x, image).reduce(0) { $0 + ($1.1 - value * $1.0) * ($1.1 - value * $1.0) }.squareRoot())
  }

  /// A path's eigenvalues are 1 - cos(pi k / (n - 1)): of many points the hardest, for they lie closest. Both of the
  /// dense matrix and by iteration.
  @Test(arguments: [5, 40, 600])
  func areThoseOfAPath(n: Int) throws {
    let graph = Self.graph(n, (1..<n).map { ($0 - 1, $0, 0.3) })
    var random = RandomStream(seed: 1, purpose: "test")
    let vectors = try LaplacianEigenvectors.leading(2, of: graph, random: &random)
    for (rank, vector) in vectors.enumerated() {
      let expected = 1 - cos(Double.pi * Double(rank + 1) / Double(n - 1))
      let (value, residual) = Self.quotient(graph, vector)
      #expect(abs(value - expected) <= 1e-4 * expected)
      #expect(residual <= 2e-4 * expected)
      #expect(vector.max() == vector.map(\.magnitude).max())
    }
  }

  /// A star's eigenvalue 1 is (n - 2)-fold, so that iteration runs out of space at once.
  @Test func areThoseOfAStar() throws {
    let n = 500
    let graph = Self.graph(n, (1..<n).map { (0, $0, 1) })
    var random = RandomStream(seed: 1, purpose: "test")
    let vectors = try LaplacianEigenvectors.leading(2, of: graph, random: &random)
    for vector in vectors {
      let (value, residual) = Self.quotient(graph, vector)
      #expect(abs(value - 1) <= 1e-9 && residual <= 1e-9)
    }
    #expect(abs(zip(vectors[0], vectors[1]).reduce(0) { $0 + $1.0 * $1.1 }) <= 1e-9)
  }
}
