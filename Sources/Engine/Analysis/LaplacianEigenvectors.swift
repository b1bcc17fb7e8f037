/// Eigenvectors of the smallest eigenvalues above 0 of a connected graph's normalised Laplacian I - D^(-1/2) A
/// D^(-1/2): those of the greatest of N = D^(-1/2) A D^(-1/2) apart from D^(1/2) 1, which is known.
///
/// Of many points by Lanczos' method, every vector orthogonalised against all before it, restarted with the best Ritz
/// vectors (Wu & Simon, *Thick-restart Lanczos method for large symmetric eigenvalue problems*, 2000).
package struct LaplacianEigenvectors {
  /// Up to so many points, all eigenvectors of the dense matrix are computed.
  private static let dense = 256
  /// Vectors in the basis, and those kept at a restart.
  private static let basisSize = 64
  private static let kept = 20
  /// Restarts after which the vectors are taken as they are: as a beginning they serve.
  private static let restarts = 200
  /// The residual allowed, as a share of the Laplacian's eigenvalue, and at all.
  private static let tolerance = 1e-4
  private static let leastResidual = 1e-9

  private let graph: FuzzyGraph
  /// D^(-1/2).
  private let inverseRoots: [Double]
  /// D^(1/2) 1, of length 1.
  private let known: [Double]

  /// Unit vectors, the smallest eigenvalue's first, each with its entry of greatest magnitude positive.
  package static func leading(
    _ count: Int, of graph: FuzzyGraph, random: inout RandomStream
  ) throws -> [[Double]] {
    precondition(graph.n > count)
    let problem = LaplacianEigenvectors(graph)
    let vectors = try graph.n <= dense ? problem.dense(count) : problem.lanczos(count, random: &random)
    return vectors.map { vector in
      let greatest = vector.reduce(0) { $1.magnitude > $0.magnitude ? $1 : $0 }
      return greatest < 0 ? vector.map { -$0 } : vector
    }
  }

  private init(_ graph: FuzzyGraph) {
    self.graph = graph
    let degrees = (0..<graph.n).map { graph.weights[graph.starts[$0]..<graph.starts[$0 + 1]].reduce(0, +) }
    inverseRoots = degrees.map { $0 > 0 ? 1 / $0.squareRoot() : 0 }
    let length = degrees.reduce(0, +).squareRoot()
    known = degrees.map { $0.squareRoot() / length }
  }

  private func dense(_ count: Int) throws -> [[Double]] {
    let n = graph.n
    var matrix = [Double](repeating: 0, count: n * n)
    for row in 0..<n {
      for edge in graph.starts[row]..<graph.starts[row + 1] {
        let column = Int(graph.columns[edge])
        matrix[row * n + column] = graph.weights[edge] * inverseRoots[row] * inverseRoots[column]
      }
      // The known eigenvalue goes from 1 to -2, below all others.
      for column in 0..<n { matrix[row * n + column] -= 3 * known[row] * known[column] }
    }
    let vectors = try LinearAlgebra.symmetricEigen(matrix, size: n).vectors
    return (1...count).map { Array(vectors[(n - $0) * n..<(n - $0 + 1) * n]) }
  }

  private func lanczos(_ count: Int, random: inout RandomStream) throws -> [[Double]] {
    let size = Self.basisSize
    // In the basis, N; full below the diagonal.
    var projected = [Double](repeating: 0, count: size * size)
    var basis = [orthogonal(to: [], random: &random)]
    var round = 0
    while true {
      var (next, residual) = ([Double](), 0.0)
      for step in (basis.count - 1)..<size {
        next = multiplied(basis[step])
        for _ in 0..<2 {
          remove(known, from: &next)
          for (index, vector) in basis.enumerated() {
            projected[step * size + index] += remove(vector, from: &next)
          }
        }
        residual = Self.dot(next, next).squareRoot()
        if step + 1 < size {
          // The space is exhausted: another direction goes on.
          basis.append(
            residual > 1e-12 ? next.map { $0 / residual } : orthogonal(to: basis, random: &random))
        }
      }
      let (values, vectors) = try LinearAlgebra.symmetricEigen(projected, size: size)
      let isDone = (1...count).allSatisfy { rank in
        let error = residual * vectors[(size - rank) * size + size - 1].magnitude
        return error <= max(Self.tolerance * (1 - values[size - rank]), Self.leastResidual)
      }
      round += 1
      let wanted = isDone || round > Self.restarts ? count : Self.kept
      let ritz = (1...wanted).map { rank in
        Self.combined(basis, by: vectors[(size - rank) * size..<(size - rank + 1) * size])
      }
      if wanted == count { return ritz }
      projected = [Double](repeating: 0, count: size * size)
      for rank in 1...wanted { projected[(rank - 1) * size + rank - 1] = values[size - rank] }
      basis = ritz + [residual > 1e-12 ? next.map { $0 / residual } : orthogonal(to: ritz, random: &random)]
    }
  }

  /// N x.
  private func multiplied(_ x: [Double]) -> [Double] {
    let scaled = zip(x, inverseRoots).map { $0 * $1 }
    return (0..<graph.n).map { row in
      var sum = 0.0
      for edge in graph.starts[row]..<graph.starts[row + 1] {
        sum += graph.weights[edge] * scaled[Int(graph.columns[edge])]
      }
      return sum * inverseRoots[row]
    }
  }

  /// A unit vector of random direction among those orthogonal to these and to the known one.
  private func orthogonal(to basis: [[Double]], random: inout RandomStream) -> [Double] {
    var vector = (0..<graph.n).map { _ in random.normal() }
    for _ in 0..<2 {
      remove(known, from: &vector)
      for other in basis { remove(other, from: &vector) }
    }
    let length = Self.dot(vector, vector).squareRoot()
    return vector.map { $0 / length }
  }

  /// Takes a unit vector's share out of another; how much it was.
  @discardableResult
  private func remove(_ unit: [Double], from vector: inout [Double]) -> Double {
    let share = Self.dot(unit, vector)
    unit.withUnsafeBufferPointer { unit in
      vector.withUnsafeMutableBufferPointer { vector in
        for index in unit.indices { vector[index] -= share * unit[index] }
      }
    }
    return share
  }

  private static func dot(_ left: [Double], _ right: [Double]) -> Double {
    left.withUnsafeBufferPointer { left in
      right.withUnsafeBufferPointer { right in
        // Four sums side by side need not wait for each other.
        var (a, b, c, d) = (0.0, 0.0, 0.0, 0.0)
        var index = 0
        while index + 4 <= left.count {
          a += left[index] * right[index]
          b += left[index + 1] * right[index + 1]
          c += left[index + 2] * right[index + 2]
          d += left[index + 3] * right[index + 3]
          index += 4
        }
        while index < left.count {
          a += left[index] * right[index]
          index += 1
        }
        return (a + b) + (c + d)
      }
    }
  }

  private static func combined(_ basis: [[Double]], by shares: ArraySlice<Double>) -> [Double] {
    var sum = [Double](repeating: 0, count: basis.first?.count ?? 0)
    for (vector, share) in zip(basis, shares) {
      vector.withUnsafeBufferPointer { vector in
        sum.withUnsafeMutableBufferPointer { sum in
          for index in vector.indices { sum[index] += share * vector[index] }
        }
      }
    }
    return sum
  }
}
