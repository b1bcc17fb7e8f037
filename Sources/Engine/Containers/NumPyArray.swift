/// An array in NumPy's .npy form (NEP 1), at a place in a file: alone, or an entry of an .npz file that is stored as it is.
///
/// Unchecked: the reader only ever reads at places.
package final class NumPyArray: NumericArray, @unchecked Sendable {
  package let title: String
  package let shape: [Int]
  package let elements: ArrayElements
  private let file: NativeReader
  /// Where the numbers begin.
  private let place: Int
  private let type: Element

  /// A number's form.
  private struct Element {
    let size: Int
    let isSigned: Bool
    let isBigEndian: Bool
    let isWhole: Bool
  }

  /// - Parameters:
  ///   - title: What messages call it.
  ///   - span: Where it lies in the file; nil for the whole of it.
  /// - Throws: `EngineError.data`.
  package init(_ file: NativeReader, title: String, span: Range<Int>? = nil) throws {
    let span = span ?? 0..<file.size
    func fault(_ text: String) -> EngineError {
      .data("\(title) is no sound NumPy array: \(text); save it again with numpy.save or numpy.savez")
    }
    guard span.count >= 10 else { throw fault("it is shorter than a header") }
    let start = LittleEndianBytes(try file.bytes(min(12, span.count), at: span.lowerBound))
    guard start.bytes.starts(with: [0x93] + Array("NUMPY".utf8)) else { throw fault("it does not begin like one") }
    let isLong = start.bytes[6] > 1
    guard (1...3).contains(start.bytes[6]), let length = isLong ? start.number32(8) : start.number16(8),
      length <= 1 << 20, length <= span.count - (isLong ? 12 : 10)
    else { throw fault("its header does not lie inside it") }
    let header = String(
      decoding: try file.bytes(length, at: span.lowerBound + (isLong ? 12 : 10)), as: UTF8.self)
    guard let description = Self.value(of: "descr", in: header),
      let order = Self.value(of: "fortran_order", in: header),
      let sizes = Self.value(of: "shape", in: header)
    else { throw fault("its header names no descr, fortran_order and shape") }
    guard order.hasPrefix("False") else { throw fault("it is in column-major order") }
    guard let shape = Self.shape(sizes), (1...8).contains(shape.count) else { throw fault("its shape is \(sizes)") }
    guard let type = Self.element(description) else {
      throw fault("its numbers are of the kind \(description.prefix(20)), which is not read")
    }
    // Of an array without elements, the rows' size has to be sound too.
    guard let filled = StoredShape.product(shape.map { max($0, 1) } + [type.size]) else {
      throw fault("its shape is \(sizes)")
    }
    let size = shape.contains(0) ? 0 : filled
    let place = span.lowerBound + (isLong ? 12 : 10) + length
    guard size == span.upperBound - place else {
      throw fault("its shape asks for \(size) bytes, and \(span.upperBound - place) are there")
    }
    self.title = title
    self.shape = shape
    self.file = file
    self.place = place
    self.type = type
    elements = !type.isWhole ? .other : type.size == 1 && !type.isSigned ? .unsigned8 : .integer
  }

  package func bytes(_ rows: Range<Int>) throws -> [UInt8] {
    precondition(rows.lowerBound >= 0 && rows.upperBound <= shape[0])
    let row = rowSize * type.size
    return try file.bytes(rows.count * row, at: place + rows.lowerBound * row)
  }

  package func integers(_ rows: Range<Int>) throws -> [Int] {
    let bytes = try bytes(rows)
    return stride(from: 0, to: bytes.count, by: type.size).map { start in
      let end = start + type.size
      let highest = bytes[type.isBigEndian ? start : end - 1]
      var number: UInt64 = type.isSigned && highest >= 128 ? .max : 0
      for step in 0..<type.size {
        number = number << 8 | UInt64(bytes[type.isBigEndian ? start + step : end - 1 - step])
      }
      return Int(truncatingIfNeeded: number)
    }
  }

  /// Whole rows as float64.
  ///
  /// - Throws: `EngineError.data` where they are of half precision or the file is damaged.
  package func numbers(_ rows: Range<Int>) throws -> [Double] {
    if type.isWhole { return try integers(rows).map(Double.init) }
    guard type.size == 4 || type.size == 8 else {
      throw EngineError.data("\(title) is of half precision, which is not read; save it as float32 or float64")
    }
    let bytes = try bytes(rows)
    return stride(from: 0, to: bytes.count, by: type.size).map { start in
      var bits: UInt64 = 0
      for step in 0..<type.size {
        bits = bits << 8 | UInt64(bytes[type.isBigEndian ? start + step : start + type.size - 1 - step])
      }
      return type.size == 4
        ? Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits))) : Double(bitPattern: bits)
    }
  }

  /// What follows a key of the header, which is a Python dictionary of fixed form.
  private static func value(of key: String, in header: String) -> String? {
    guard let place = header.range(of: "'\(key)':") else { return nil }
    let rest = header[place.upperBound...].drop { $0 == " " }
    if rest.first == "(" { return rest.firstIndex(of: ")").map { String(rest[...$0]) } }
    return String(rest.prefix { $0 != "," && $0 != "}" })
  }

  private static func shape(_ text: String) -> [Int]? {
    guard text.hasPrefix("("), text.hasSuffix(")") else { return nil }
    var sizes: [Int] = []
    for part in text.dropFirst().dropLast().split(separator: ",") {
      let digits = part.filter { $0 != " " }
      if digits.isEmpty { continue }
      guard let size = Int(digits), size >= 0 else { return nil }
      sizes.append(size)
    }
    return sizes
  }

  /// '|u1', '<i8', '|b1', '<f4': byte order, kind, bytes.
  private static func element(_ text: String) -> Element? {
    let name = text.filter { $0 != "'" && $0 != "\"" && $0 != " " }
    guard name.count == 3, let order = name.first, "<>|=".contains(order), let size = name.last?.wholeNumberValue,
      [1, 2, 4, 8].contains(size)
    else { return nil }
    let kind = name.dropFirst().first
    guard kind == "u" || kind == "i" || kind == "b" || kind == "f" else { return nil }
    return Element(size: size, isSigned: kind == "i", isBigEndian: order == ">", isWhole: kind != "f")
  }
}
