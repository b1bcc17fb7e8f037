/// Features [n, d] in row-major order, all finite.
struct FeatureMatrix {
  let values: [Float]
  let n: Int
  let d: Int

  /// - Throws: `EngineError.specification` where the count of values is not the shape's; `EngineError.data` for a
  ///   number that is not finite.
  init(_ values: [Float], n: Int, d: Int) throws {
    guard n >= 0, d >= 0, values.count == n * d else {
      throw EngineError.specification("\(values.count) numbers cannot be the features of \(n) images, \(d) each")
    }
    try Self.checkFinite(values, width: d, first: 0)
    (self.values, self.n, self.d) = (values, n, d)
  }

  /// - Parameter first: The number of the first of these images, for the message.
  /// - Throws: `EngineError.data` for a number that is not finite.
  static func checkFinite(_ values: [Float], width: Int, first: Int) throws {
    guard let place = values.firstIndex(where: { !$0.isFinite }) else { return }
    throw EngineError.data(
      "feature \(place % width + 1) of image \(first + place / width + 1) is \(values[place]): features have to be "
        + "finite; look whether the model that they come from has diverged")
  }

  /// The mean of every feature; zeros where there are no images.
  func mean() -> [Double] {
    var mean = [Double](repeating: 0, count: d)
    for row in 0..<n {
      for column in 0..<d { mean[column] += Double(values[row * d + column]) }
    }
    return n > 0 ? mean.map { $0 / Double(n) } : mean
  }

  /// The features less the mean of each.
  func centred() -> [Double] {
    let mean = mean()
    return [Double](unsafeUninitializedCapacity: n * d) { room, filled in
      for row in 0..<n {
        for column in 0..<d { room[row * d + column] = Double(values[row * d + column]) - mean[column] }
      }
      filled = n * d
    }
  }

  /// What distances are computed of.
  func rows(for metric: ExactNeighbours.Metric) -> [Double] {
    switch metric {
    // Near the origin less is lost in products.
    case .euclidean: centred()
    case .cosine: unitRows()
    }
  }

  /// Every image's features scaled to length 1; those that are all zero stay so.
  private func unitRows() -> [Double] {
    var rows = values.map(Double.init)
    for row in 0..<n {
      let places = row * d..<(row + 1) * d
      let length = rows[places].reduce(0) { $0 + $1 * $1 }.squareRoot()
      if length > 0 { for place in places { rows[place] /= length } }
    }
    return rows
  }
}
