internal import CZlib
import Files
import Foundation

/// What deflate made, undone into a file: a part of a ZIP file, or a whole .gz file. Memory holds two chunks.
package struct Inflation {
  /// How the compressed bytes begin: bare, as in ZIP files, or with gzip's header and checksum.
  package enum Form: Int32 {
    case bare = -15
    case gzip = 31
  }

  package let file: NativeReader
  package let span: Range<Int>
  package let form: Form
  /// More than this is refused while it is written: nil for no limit.
  package var limit: Int?

  private static let chunk = 1 << 20

  package init(file: NativeReader, span: Range<Int>, form: Form, limit: Int? = nil) {
    self.file = file
    self.span = span
    self.form = form
    self.limit = limit
  }

  /// Writes the bytes to a path, whole or not at all; their number and CRC-32.
  ///
  /// - Parameter progress: Told the share of the compressed bytes that is done; false stops.
  /// - Throws: `EngineError.data` where they are damaged or more than the limit; `FileFault`; `CancellationError`.
  package func write(to path: String, progress: (Double) -> Bool = { _ in true }) throws -> (
    size: Int, checksum: UInt32
  ) {
    let output = try OutputFile(path: path)
    var state = z_stream()
    guard inflateInit2_(&state, form.rawValue, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      throw EngineError.memory("\(file.path): no memory to decompress it")
    }
    defer { inflateEnd(&state) }
    let room = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 2 * Self.chunk)
    defer { room.deallocate() }
    let (input, made) = (
      UnsafeMutableBufferPointer(rebasing: room[..<Self.chunk]),
      UnsafeMutableBufferPointer(rebasing: room[Self.chunk...])
    )
    var place = span.lowerBound
    var checksum: UInt = 0
    var isAtEnd = false
    // Then zlib may hold more than it could write, though it has taken all that it was given.
    var isFull = false
    while !isAtEnd || form == .gzip && (state.avail_in > 0 || place < span.upperBound) {
      if isAtEnd {
        // Another member of a gzip file.
        guard inflateReset(&state) == Z_OK else { throw fault("it cannot be decompressed") }
        isAtEnd = false
      }
      if state.avail_in == 0, !isFull {
        guard place < span.upperBound else { throw fault("it is cut off") }
        guard progress(Double(place - span.lowerBound) / Double(span.count)) else { throw CancellationError() }
        let count = min(Self.chunk, span.upperBound - place)
        try file.read(UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: input[..<count])), at: place)
        place += count
        state.next_in = input.baseAddress
        state.avail_in = UInt32(count)
      }
      state.next_out = made.baseAddress
      state.avail_out = UInt32(Self.chunk)
      let status = inflate(&state, Z_NO_FLUSH)
      guard status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR else {
        throw fault(state.msg.map { String(cString: $0) } ?? "it is damaged")
      }
      isAtEnd = status == Z_STREAM_END
      isFull = state.avail_out == 0
      let count = Self.chunk - Int(state.avail_out)
      if let limit, output.length + count > limit {
        throw fault("it holds more than the \(limit) bytes that it claims")
      }
      checksum = crc32(checksum, made.baseAddress, UInt32(count))
      try output.append(UnsafeRawBufferPointer(UnsafeMutableBufferPointer(rebasing: made[..<count])))
    }
    try output.commit()
    return (output.length, UInt32(checksum))
  }

  private func fault(_ text: String) -> EngineError {
    .data("\(file.path) cannot be decompressed: \(text); fetch it again")
  }
}
