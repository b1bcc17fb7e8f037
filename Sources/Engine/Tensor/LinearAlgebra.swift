internal import CTorch

/// Linear algebra in float64 on the CPU. Matrices are row-major; all numbers have to be finite.
package enum LinearAlgebra {
  /// The eigenvalues of a symmetric matrix [size, size], ascending, and a unit eigenvector of each as a row of [size,
  /// size]. Of the matrix only the lower triangle is read.
  package static func symmetricEigen(_ matrix: [Double], size: Int) throws -> (values: [Double], vectors: [Double]) {
    precondition(matrix.count == size * size)
    guard size > 0 else { return ([], []) }
    var values = [Double](repeating: 0, count: size)
    var vectors = [Double](repeating: 0, count: size * size)
    try Native.check(graft_symmetric_eigen(matrix, Int64(size), &values, &vectors))
    return (values, vectors)
  }

  /// The singular values of a matrix [rows, columns], descending: as many as the shorter side.
  package static func singularValues(_ matrix: [Double], rows: Int, columns: Int) throws -> [Double] {
    precondition(matrix.count == rows * columns)
    guard rows > 0, columns > 0 else { return [] }
    var values = [Double](repeating: 0, count: min(rows, columns))
    try Native.check(graft_singular_values(matrix, Int64(rows), Int64(columns), &values))
    return values
  }

  /// The products of all rows of [m, width] with all rows of [n, width]: [m, n].
  package static func rowProducts(_ left: [Double], _ right: [Double], width: Int) throws -> [Double] {
    try left.withUnsafeBufferPointer { left in
      try right.withUnsafeBufferPointer { try rowProducts(left, $0, width: width) }
    }
  }

  static func rowProducts(
    _ left: UnsafeBufferPointer<Double>, _ right: UnsafeBufferPointer<Double>, width: Int
  ) throws -> [Double] {
    precondition(width > 0 && left.count % width == 0 && right.count % width == 0)
    let (m, n) = (left.count / width, right.count / width)
    guard m > 0, n > 0 else { return [] }
    var status: Int32 = 0
    let products = [Double](unsafeUninitializedCapacity: m * n) { out, filled in
      status = graft_row_products(
        left.baseAddress, Int64(m), right.baseAddress, Int64(n), Int64(width), out.baseAddress)
      filled = m * n
    }
    try Native.check(status)
    return products
  }

  /// Adds rows [m, width] to the mean [width] and the scatter [width, width] of `count` rows before them.
  static func addMoments(
    of rows: UnsafeBufferPointer<Float>, after count: Int, mean: inout [Double], scatter: inout [Double]
  ) throws {
    let width = mean.count
    precondition(width > 0 && rows.count % width == 0 && scatter.count == width * width)
    guard !rows.isEmpty else { return }
    try Native.check(
      graft_moments_add(rows.baseAddress, Int64(rows.count / width), Int64(width), Int64(count), &mean, &scatter))
  }
}
