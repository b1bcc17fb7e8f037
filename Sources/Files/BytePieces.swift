import Foundation
import Synchronization

/// Some of a file's bytes, in memory that is used again when they are where they belong.
public protocol BytePiece: AnyObject, Sendable {
  func withBytes<Value>(_ body: (UnsafeRawBufferPointer) throws -> Value) rethrows -> Value
  /// Called once, when nobody looks at the bytes any more.
  func giveBack()
}

/// The bytes of a file as pieces that follow one another: made on all cores, and only when they are wanted, so that a large
/// file is never in memory as a whole.
public struct BytePieces: Sendable {
  private let count: Int
  private let make: @Sendable (Int) -> any BytePiece

  /// - Parameters:
  ///   - count: How many pieces there are.
  ///   - make: The piece of a number below `count`; called on any core.
  public init(_ count: Int, _ make: @escaping @Sendable (Int) -> any BytePiece) {
    self.count = count
    self.make = make
  }

  public init(_ text: String) {
    let piece = TextPiece(Array(text.utf8))
    self.init(1) { _ in piece }
  }

  private final class TextPiece: BytePiece {
    private let bytes: [UInt8]
    init(_ bytes: [UInt8]) { self.bytes = bytes }
    func withBytes<Value>(_ body: (UnsafeRawBufferPointer) throws -> Value) rethrows -> Value {
      try bytes.withUnsafeBytes(body)
    }
    func giveBack() {}
  }

  /// All of them in one.
  public var joined: [UInt8] {
    let make = make
    let pieces = Parallel.map(count) { index in
      let piece = make(index)
      defer { piece.giveBack() }
      return piece.withBytes { Array($0) }
    }
    return pieces.count == 1 ? pieces[0] : Array(pieces.joined())
  }

  /// What is to replace the file at `path`, complete but for `commit`; nil where that has these bytes already and is left as it
  /// is.
  ///
  /// - Throws: `FileFault`.
  public func output(to path: String) throws -> OutputFile? {
    let change = FileChange(path: path)
    let make = make
    let order = Mutex(Order())
    _ = Parallel.map(count) { index in
      if order.withLock({ $0.fault != nil }) { return }
      let piece = make(index)
      order.withLock { order in
        order.waiting[index] = piece
        while let piece = order.waiting.removeValue(forKey: order.next) {
          order.next += 1
          defer { piece.giveBack() }
          guard order.fault == nil else { continue }
          do { try piece.withBytes { try change.take($0) } } catch { order.fault = error }
        }
      }
    }
    if let fault = order.withLock({ $0.fault }) { throw fault }
    return try change.finished()
  }

  /// Pieces that were made before one that comes before them.
  private struct Order {
    var next = 0
    var waiting: [Int: any BytePiece] = [:]
    var fault: (any Error)?
  }
}

/// The bytes that a file is to have, compared with those that it has: from the first that differs they go to a new file. For
/// one thread at a time.
private final class FileChange: @unchecked Sendable {
  private let path: String
  /// The file as it is; -1 where there is none.
  private let present: Int32
  private var output: OutputFile?
  /// How many bytes were the same.
  private var same = 0
  /// What was read of it last.
  private lazy var chunk = [UInt8](repeating: 0, count: 1 << 18)

  init(path: String) {
    self.path = path
    var found = open(path, O_RDONLY | O_CLOEXEC)
    var status = stat()
    if found >= 0, fstat(found, &status) != 0 || status.st_mode & S_IFMT != S_IFREG {
      close(found)
      found = -1
    }
    present = found
  }

  deinit { if present >= 0 { close(present) } }

  func take(_ bytes: UnsafeRawBufferPointer) throws {
    if let output { return try output.append(bytes) }
    if present >= 0, isNext(bytes) {
      same += bytes.count
    } else {
      try beginOutput().append(bytes)
    }
  }

  /// Nil where nothing differs.
  func finished() throws -> OutputFile? {
    if output == nil {
      var status = stat()
      if present >= 0, fstat(present, &status) == 0, Int(status.st_size) == same { return nil }
    }
    let output = try output ?? beginOutput()
    if output.length > 1 << 20 { output.beginSynchronising() }
    return output
  }

  /// Whether these bytes follow in the file.
  private func isNext(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var done = 0
    while done < bytes.count {
      let count = readChunk(most: bytes.count - done, at: same + done)
      guard count > 0, let base = bytes.baseAddress, memcmp(base + done, chunk, count) == 0 else { return false }
      done += count
    }
    return true
  }

  /// Reads of the file as it is.
  ///
  /// - Returns: How many bytes; 0 at its end, less where it cannot be read.
  private func readChunk(most: Int, at offset: Int) -> Int {
    while true {
      let count = pread(present, &chunk, min(chunk.count, most), off_t(offset))
      if count >= 0 || errno != EINTR { return count }
    }
  }

  /// A new file that begins with what was the same.
  private func beginOutput() throws -> OutputFile {
    try DurableFiles.makeFolder((path as NSString).deletingLastPathComponent)
    let file = try OutputFile(path: path)
    output = file
    while file.length < same {
      let count = readChunk(most: same - file.length, at: file.length)
      guard count > 0 else { throw FileFault.last("read", path) }
      try chunk.withUnsafeBytes { try file.append(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
    }
    return file
  }
}
