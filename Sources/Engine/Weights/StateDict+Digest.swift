import Hashing

extension StateDict {
  /// SHA-256 of every tensor's name, shape and float32 values, in order: equal for equal weights.
  package var digest: String {
    let hash = SHA256()
    for entry in entries {
      hash.update("\(entry.name) \(entry.shape)\n".utf8)
      entry.values.withUnsafeBytes { hash.update($0) }
    }
    return hash.finish().hex
  }
}
