/// A type of number as weights files hold it. Whatever it is, it becomes float32 here.
enum ElementType: String, Sendable, Hashable {
  case F64, F32, F16, BF16, I64, I32, I16, I8, U8, BOOL

  /// Bytes a number.
  var size: Int {
    switch self {
    case .F64, .I64: 8
    case .F32, .I32: 4
    case .F16, .BF16, .I16: 2
    case .I8, .U8, .BOOL: 1
    }
  }

  /// Which byte of a number comes first.
  enum ByteOrder: Sendable, Hashable { case little, big }

  /// Reads numbers that lie one after the other, in pieces, so that a file of float64 needs no second copy in memory.
  ///
  /// - Throws: `EngineError.data` where the file ends before them.
  func read(_ count: Int, at place: Int, in file: NativeReader, order: ByteOrder = .little) throws -> [Float] {
    var values = [Float](repeating: 0, count: count)
    if self == .F32, order == .little {
      try values.withUnsafeMutableBytes { try file.read($0, at: place) }
      return values
    }
    let piece = min(count, 1 << 16)
    var bytes = [UInt8](repeating: 0, count: piece * size)
    var done = 0
    while done < count {
      let part = min(piece, count - done)
      try bytes.withUnsafeMutableBytes { buffer in
        let used = UnsafeMutableRawBufferPointer(rebasing: buffer[..<(part * size)])
        try file.read(used, at: place + done * size)
        for index in 0..<part { values[done + index] = value(UnsafeRawBufferPointer(used), index, order) }
      }
      done += part
    }
    return values
  }

  private func value(_ bytes: UnsafeRawBufferPointer, _ index: Int, _ order: ByteOrder) -> Float {
    func bits<Number: FixedWidthInteger>(_ type: Number.Type) -> Number {
      let stored = bytes.loadUnaligned(fromByteOffset: index * size, as: type)
      return order == .little ? Number(littleEndian: stored) : Number(bigEndian: stored)
    }
    switch self {
    case .F64: return Float(Double(bitPattern: bits(UInt64.self)))
    case .F32: return Float(bitPattern: bits(UInt32.self))
    case .F16: return Self.single(half: bits(UInt16.self))
    case .BF16: return Float(bitPattern: UInt32(bits(UInt16.self)) << 16)
    case .I64: return Float(bits(Int64.self))
    case .I32: return Float(bits(Int32.self))
    case .I16: return Float(bits(Int16.self))
    case .I8: return Float(bits(Int8.self))
    case .U8, .BOOL: return Float(bits(UInt8.self))
    }
  }

  /// The value of 16 bits of IEEE 754 half precision.
  static func single(half bits: UInt16) -> Float {
    let sign: Float = bits & 0x8000 == 0 ? 1 : -1
    let exponent = Int(bits >> 10) & 31
    let fraction = Float(bits & 1023)
    switch exponent {
    case 0: return sign * fraction * 0x1p-24
    case 31: return fraction == 0 ? sign * .infinity : .nan
    default:
      return Float(bitPattern: UInt32(bits & 0x8000) << 16 | UInt32(exponent + 112) << 23 | UInt32(bits & 1023) << 13)
    }
  }
}

/// Sizes of a tensor that came from a file.
enum StoredShape {
  /// The product of sizes; nil where one is negative or the product is more than an Int holds.
  static func product(_ sizes: [Int]) -> Int? {
    var total = 1
    for size in sizes {
      let (product, overflow) = total.multipliedReportingOverflow(by: size)
      guard size >= 0, !overflow else { return nil }
      total = product
    }
    return total
  }
}
