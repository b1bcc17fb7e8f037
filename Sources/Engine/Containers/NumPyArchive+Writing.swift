/// Writing archives as numpy.savez does: what numpy.load reads.
extension NumPyArchive {
  /// What numbers are written as.
  package enum Precision: String, Sendable, Hashable {
    case float32 = "<f4"
    case float64 = "<f8"
  }

  /// An array in row-major order.
  package struct Entry: Sendable, Hashable {
    package let name: String
    package let shape: [Int]
    package let values: [Double]

    package init(_ name: String, shape: [Int], values: [Double]) {
      precondition(values.count == shape.reduce(1, *))
      (self.name, self.shape, self.values) = (name, shape, values)
    }
  }

  /// Writes the arrays, whole or not at all; the same arrays make the same bytes.
  ///
  /// - Parameter deflated: Whether they are compressed, as numpy.savez_compressed does.
  /// - Throws: `EngineError.specification` for a number that float32 does not hold, or 4 GiB and more; `FileFault`.
  package static func write(
    _ entries: [Entry], to path: String, as precision: Precision = .float64, deflated: Bool = false
  ) throws {
    var archive = try ZipWriter(path)
    for entry in entries {
      var bytes = header(entry.shape, precision)
      bytes.reserveCapacity(bytes.count + 8 * entry.values.count)
      for value in entry.values {
        switch precision {
        case .float64: withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes += $0 }
        case .float32:
          let short = Float(value)
          guard short.isFinite || !value.isFinite else {
            throw EngineError.specification("\(path), array \"\(entry.name)\": float32 does not hold \(value)")
          }
          withUnsafeBytes(of: short.bitPattern.littleEndian) { bytes += $0 }
        }
      }
      try archive.append("\(entry.name).npy", bytes, deflated: deflated)
    }
    try archive.finish()
  }

  /// The header of format 1.0 (NEP 1), of a multiple of 64 bytes.
  private static func header(_ shape: [Int], _ precision: Precision) -> [UInt8] {
    let sizes = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
    var text = "{'descr': '\(precision.rawValue)', 'fortran_order': False, 'shape': (\(sizes)), }"
    let start = 10
    text += String(repeating: " ", count: 63 - (start + text.utf8.count) % 64) + "\n"
    let length = text.utf8.count
    return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length & 0xff), UInt8(length >> 8)] + Array(text.utf8)
  }
}
