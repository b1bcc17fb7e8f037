/// A tensor of a weights file, found but not yet read: names and shapes are checked before memory is spent on numbers.
package struct StoredTensor {
  package let name: String
  package let shape: [Int]
  /// The numbers as float32, in row-major order of the shape.
  package let values: () throws -> [Float]
}
