internal import CHDF5
import Synchronization

/// An array in an HDF5 file, read where it lies.
///
/// Unchecked: the handle is used by one thread at a time, under the lock that all of libhdf5 needs.
package final class HDF5Array: NumericArray, @unchecked Sendable {
  package let title: String
  package let shape: [Int]
  package let elements: ArrayElements
  private let handle: OpaquePointer

  /// The library's one state.
  private static let library = Mutex<Void>(())

  /// - Parameter name: The array's path within the file.
  /// - Throws: `EngineError.data` where the file or the array cannot be read.
  package init(path: String, name: String) throws {
    // For the error of a file that is not there, which libhdf5 tells from no other.
    _ = try NativeReader(path)
    title = "\(path), array \"\(name)\""
    var handle: OpaquePointer?
    var found = chdf5_description()
    let fault = Self.library.withLock { _ in
      Self.fault { chdf5_open(path, name, &handle, &found, $0, $1) }
    }
    guard fault == nil, let handle else {
      throw EngineError.data("\(path) cannot be read as HDF5: \(fault ?? "no handle")")
    }
    self.handle = handle
    let sizes = withUnsafeBytes(of: found.shape) { Array($0.bindMemory(to: Int64.self)) }
    shape = sizes.prefix(Int(found.axes)).map { Int($0) }
    elements =
      switch Int(found.elements) {
      case CHDF5_UNSIGNED_8: .unsigned8
      case CHDF5_INTEGER: .integer
      default: .other
      }
  }

  deinit { Self.library.withLock { _ in chdf5_close(handle) } }

  package func bytes(_ rows: Range<Int>) throws -> [UInt8] {
    try read(rows, as: UInt8.self, from: 0) { chdf5_read_bytes(handle, $0, $1, $2, $3, $4) }
  }

  package func integers(_ rows: Range<Int>) throws -> [Int] {
    try read(rows, as: Int64.self, from: 0) { chdf5_read_integers(handle, $0, $1, $2, $3, $4) }.map { Int($0) }
  }

  private func read<Number>(
    _ rows: Range<Int>, as type: Number.Type, from zero: Number,
    by call: (Int64, Int64, UnsafeMutablePointer<Number>?, UnsafeMutablePointer<CChar>?, Int) -> Int32
  ) throws -> [Number] {
    precondition(rows.lowerBound >= 0 && rows.upperBound <= shape[0])
    var numbers = [Number](repeating: zero, count: rows.count * rowSize)
    // Let go within the lock, it would wait for itself.
    let fault = withExtendedLifetime(self) {
      Self.library.withLock { _ in
        numbers.withUnsafeMutableBufferPointer { numbers in
          Self.fault { call(Int64(rows.lowerBound), Int64(rows.count), numbers.baseAddress, $0, $1) }
        }
      }
    }
    guard let fault else { return numbers }
    throw EngineError.data("\(title): \(fault)")
  }

  /// The sentence of a call that failed.
  private static func fault(_ call: (UnsafeMutablePointer<CChar>?, Int) -> Int32) -> String? {
    var message = [CChar](repeating: 0, count: 512)
    let status = message.withUnsafeMutableBufferPointer { call($0.baseAddress, $0.count) }
    guard status != CHDF5_OK else { return nil }
    return message.withUnsafeBufferPointer { buffer in buffer.baseAddress.map { String(cString: $0) } ?? "" }
  }
}
