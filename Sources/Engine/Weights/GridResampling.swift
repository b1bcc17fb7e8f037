/// Grids of learned values brought to another size, as timm 1.0 brings them (`resample_abs_pos_embed`,
/// `resize_rel_pos_bias_table`, `resample_patch_embed`).
///
/// A grid is [rows, columns, channels] in row-major order; rows and columns are treated alike, one after the other.
enum GridResampling {
  /// A matrix of doubles in row-major order.
  struct Matrix {
    let rows: Int
    let columns: Int
    var values: [Double]

    init(rows: Int, columns: Int) {
      self.rows = rows
      self.columns = columns
      values = [Double](repeating: 0, count: rows * columns)
    }

    subscript(row: Int, column: Int) -> Double {
      get { values[row * columns + column] }
      set { values[row * columns + column] = newValue }
    }
  }

  /// Bicubic interpolation with antialiasing from one size to another: Keys's cubic with a = -1/2, the pixel centres at
  /// halves, widened by the scale where the size shrinks, weights normalised at the borders. [new, old]
  static func bicubic(from old: Int, to new: Int) -> Matrix {
    func cubic(_ x: Double) -> Double {
      let (x, a) = (x.magnitude, -0.5)
      if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
      return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0
    }
    var matrix = Matrix(rows: new, columns: old)
    let scale = Double(old) / Double(new)
    let widening = max(scale, 1)
    for row in 0..<new {
      let centre = scale * (Double(row) + 0.5)
      let first = max(Int(centre - 2 * widening + 0.5), 0)
      let end = min(Int(centre + 2 * widening + 0.5), old)
      var sum = 0.0
      for column in first..<end {
        let weight = cubic((Double(column) - centre + 0.5) / widening)
        matrix[row, column] = weight
        sum += weight
      }
      for column in first..<end { matrix[row, column] /= sum }
    }
    return matrix
  }

  /// Linear interpolation of relative positions, one axis. [new, old]
  ///
  /// The old distances 0, 1, 1 + q, 1 + q + q^2, ... are spread so that the last of them is the new window's longest:
  /// near positions keep their spacing, far ones are pulled apart.
  ///
  /// - Parameters: Odd numbers: both directions and the middle.
  static func relativePositions(from old: Int, to new: Int) -> Matrix {
    let (oldReach, newReach) = (old / 2, new / 2)
    var (left, right, q) = (1.01, 1.5, 1.5)
    while right - left > 1e-6 {
      q = (left + right) / 2
      var reach = 0.0
      for _ in 0..<oldReach { reach = reach * q + 1 }
      if reach > Double(newReach) { right = q } else { left = q }
    }
    var distances: [Double] = []
    var (distance, step) = (1.0, 1.0)
    for _ in 0..<oldReach {
      distances.append(distance)
      step *= q
      distance += step
    }
    let places = distances.reversed().map { -$0 } + [0] + distances
    var matrix = Matrix(rows: new, columns: old)
    for row in 0..<new {
      let wanted = Double(row - newReach)
      guard let after = places.firstIndex(where: { $0 >= wanted }) else {
        matrix[row, old - 1] = 1
        continue
      }
      guard after > 0 else {
        matrix[row, 0] = 1
        continue
      }
      let share = (wanted - places[after - 1]) / (places[after] - places[after - 1])
      matrix[row, after - 1] = 1 - share
      matrix[row, after] = share
    }
    return matrix
  }

  /// What turns filters for patches of one size into filters that answer alike to the same patches brought to the other
  /// size (Beyer et al., *FlexiViT*, CVPR 2023): the transposed pseudoinverse of the interpolation. [new, old]
  static func patchFilters(from old: Int, to new: Int) -> Matrix {
    let resize = bicubic(from: old, to: new)
    // Of full rank either way: W (W^T W)^-1 where the size grows, (W W^T)^-1 W where it shrinks.
    let grows = new >= old
    let side = min(old, new)
    var gram = Matrix(rows: side, columns: side)
    for row in 0..<side {
      for column in 0..<side {
        var sum = 0.0
        for inner in 0..<max(old, new) {
          sum += grows ? resize[inner, row] * resize[inner, column] : resize[row, inner] * resize[column, inner]
        }
        gram[row, column] = sum
      }
    }
    // (W^T W)^-1 W^T, or (W W^T)^-1 W.
    var right = Matrix(rows: side, columns: max(old, new))
    for row in 0..<side {
      for column in 0..<right.columns { right[row, column] = grows ? resize[column, row] : resize[row, column] }
    }
    solve(&gram, &right)
    var filters = Matrix(rows: new, columns: old)
    for row in 0..<new {
      for column in 0..<old { filters[row, column] = grows ? right[column, row] : right[row, column] }
    }
    return filters
  }

  /// Leaves the solution of `matrix x = right` in `right` (Gauss's elimination; the matrix is positive definite).
  private static func solve(_ matrix: inout Matrix, _ right: inout Matrix) {
    for pivot in 0..<matrix.rows {
      let scale = 1 / matrix[pivot, pivot]
      for column in 0..<matrix.columns { matrix[pivot, column] *= scale }
      for column in 0..<right.columns { right[pivot, column] *= scale }
      for row in 0..<matrix.rows where row != pivot {
        let factor = matrix[row, pivot]
        for column in 0..<matrix.columns { matrix[row, column] -= factor * matrix[pivot, column] }
        for column in 0..<right.columns { right[row, column] -= factor * right[pivot, column] }
      }
    }
  }

  /// The grid with the matrix applied to its rows and to its columns: [old, old, channels] to [new, new, channels].
  static func apply(_ matrix: Matrix, to grid: some Collection<Float>, channels: Int) -> [Float] {
    let (old, new) = (matrix.columns, matrix.rows)
    let values = Array(grid)
    var between = [Double](repeating: 0, count: new * old * channels)
    for row in 0..<new {
      for inner in 0..<old where matrix[row, inner] != 0 {
        let weight = matrix[row, inner]
        for place in 0..<(old * channels) {
          between[row * old * channels + place] += weight * Double(values[inner * old * channels + place])
        }
      }
    }
    var result = [Float](repeating: 0, count: new * new * channels)
    var line = [Double](repeating: 0, count: channels)
    for row in 0..<new {
      for column in 0..<new {
        for channel in 0..<channels { line[channel] = 0 }
        for inner in 0..<old where matrix[column, inner] != 0 {
          let weight = matrix[column, inner]
          let start = (row * old + inner) * channels
          for channel in 0..<channels { line[channel] += weight * between[start + channel] }
        }
        let start = (row * new + column) * channels
        for channel in 0..<channels { result[start + channel] = Float(line[channel]) }
      }
    }
    return result
  }
}
