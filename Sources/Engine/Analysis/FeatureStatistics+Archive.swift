/// Statistics in the files of the common FID tools: a NumPy archive with the arrays `mu` [d] and `sigma` [d, d].
extension FeatureStatistics {
  /// - Parameter scratch: A folder for what has to be decompressed.
  /// - Throws: `EngineError.data` where the file is no such archive or its arrays do not fit; `FileFault`.
  package init(archive path: String, scratch: String) throws {
    let archive = try NumPyArchive(path, scratch: scratch)
    let (mu, sigma) = (try archive.array("mu"), try archive.array("sigma"))
    guard mu.shape.count == 1, sigma.shape == [mu.shape[0], mu.shape[0]], mu.shape[0] > 0 else {
      throw EngineError.data(
        "\(path): \"mu\" has the shape \(mu.shape) and \"sigma\" \(sigma.shape), where [d] and [d, d] belong; "
          + "save the mean and the covariance of the features as these two")
    }
    try self.init(
      mean: mu.numbers(0..<mu.shape[0]), covariance: sigma.numbers(0..<sigma.shape[0]), source: path)
  }

  /// Writes such an archive; the same statistics make the same bytes.
  ///
  /// - Throws: `EngineError.specification` for a number that float32 does not hold; `FileFault`.
  package func write(
    to path: String, as precision: NumPyArchive.Precision = .float64, deflated: Bool = false
  ) throws {
    try NumPyArchive.write(
      [
        NumPyArchive.Entry("mu", shape: [width], values: mean),
        NumPyArchive.Entry("sigma", shape: [width, width], values: covariance),
      ], to: path, as: precision, deflated: deflated)
  }
}
