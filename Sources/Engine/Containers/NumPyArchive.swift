import Files
import Foundation

/// An archive of NumPy arrays (.npz): a ZIP file with an .npy file for each. What is deflated is written to a folder once.
package final class NumPyArchive {
  package let path: String
  /// The arrays' names, sorted.
  package let names: [String]
  private let file: NativeReader
  private let archive: ZipArchive
  private let scratch: String

  /// - Parameter scratch: A folder for what has to be decompressed to be read by rows; arrays stand on its files.
  /// - Throws: `EngineError.data` where the file is no such archive.
  package init(_ path: String, scratch: String) throws {
    self.path = path
    self.scratch = scratch
    file = try NativeReader(path)
    archive = try ZipArchive(file, kind: "NumPy archive")
    names = archive.names.filter { $0.hasSuffix(".npy") }.map { String($0.dropLast(4)) }
      .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// - Parameter progress: Told the share that is decompressed; false stops.
  /// - Throws: `EngineError.data`; `FileFault` where it cannot be decompressed to disk; `CancellationError`.
  package func array(_ name: String, progress: (Double) -> Bool = { _ in true }) throws -> NumPyArray {
    guard let entry = archive.entry("\(name).npy") else {
      throw EngineError.data("\(path) has no array \"\(name)\"; it has \(names.joined(separator: ", "))")
    }
    let title = "\(path), array \"\(name)\""
    if entry.method == .stored {
      try archive.check(entry)
      return try NumPyArray(file, title: title, span: entry.place..<(entry.place + entry.size))
    }
    // By its checksum, so that what an interrupted run decompressed is known again.
    let kept = "\(scratch)/\(String(entry.checksum, radix: 16))-\(entry.size).npy"
    if !FileManager.default.fileExists(atPath: kept) {
      try DurableFiles.makeFolder(scratch)
      try archive.extract(entry, to: kept, progress: progress)
    }
    return try NumPyArray(NativeReader(kept), title: title)
  }
}
