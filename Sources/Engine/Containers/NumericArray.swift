/// An array of numbers in a file, read by rows of its first axis.
package protocol NumericArray: Sendable {
  /// The file and the array's name in it, as messages say it.
  var title: String { get }
  /// 1 to 8 axes.
  var shape: [Int] { get }
  var elements: ArrayElements { get }

  /// Whole rows, dense; only where the elements are 8-bit.
  ///
  /// - Throws: `EngineError.data` where the file is damaged.
  func bytes(_ rows: Range<Int>) throws -> [UInt8]

  /// Whole rows as integers; not where the elements are something else than whole numbers.
  ///
  /// - Throws: `EngineError.data` where the file is damaged.
  func integers(_ rows: Range<Int>) throws -> [Int]
}

/// What an array's elements are.
package enum ArrayElements: Sendable, Hashable {
  case unsigned8
  /// Whole numbers of another kind.
  case integer
  case other
}

extension NumericArray {
  /// Elements of one row.
  var rowSize: Int { shape.dropFirst().reduce(1, *) }
}
