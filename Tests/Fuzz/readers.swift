import Foundation

/// libFuzzer: the readers of weights, arrays and tables. The program's name says which: fuzz-torch, fuzz-pickle, ...
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: start, count: size))
  do {
    try FuzzTarget.current.read(bytes)
  } catch is EngineError {
  } catch is DelimitedText.Fault {
  } catch {
    fatalError("unforeseen: \(error)")
  }
  return 0
}

enum FuzzTarget: String {
  case torch, pickle, safetensors, npy, npz, table

  static let current: FuzzTarget = {
    let name = CommandLine.arguments[0].split(separator: "-").last.map(String.init) ?? ""
    guard let target = FuzzTarget(rawValue: name) else { fatalError("no such target: \(name)") }
    return target
  }()

  func read(_ bytes: [UInt8]) throws {
    switch self {
    case .torch: try readAll(TorchFile.listing(Scratch.file(bytes)))
    case .pickle: try readAll(TorchFile.listing(Scratch.file(PlainArchive.torch(bytes))))
    case .safetensors: try readSafetensors(bytes)
    case .npy: try readAll(NumPyArray(Scratch.file(bytes), title: "input"))
    case .npz:
      let archive = try NumPyArchive(Scratch.file(bytes).path, scratch: Scratch.emptied("arrays"))
      for name in archive.names {
        do { try readAll(archive.array(name)) } catch is EngineError {}
      }
    case .table:
      for delimiter: UInt8? in [nil, UInt8(ascii: ",")] {
        do { try readTable(bytes, delimiter) } catch is DelimitedText.Fault {}
      }
    }
  }

  private func readAll(_ tensors: [StoredTensor]) throws {
    for tensor in tensors {
      do {
        guard try tensor.values().count == tensor.shape.reduce(1, *) else { fatalError("\(tensor.shape)") }
      } catch is EngineError {}
    }
  }

  private func readAll(_ array: NumPyArray) throws {
    let rows = 0..<array.shape[0]
    switch array.elements {
    case .unsigned8:
      guard try array.bytes(rows).count == array.shape.reduce(1, *) else { fatalError("\(array.shape)") }
      fallthrough
    case .integer:
      guard try array.integers(rows).count == array.shape.reduce(1, *) else { fatalError("\(array.shape)") }
    case .other: break
    }
  }

  /// What was read is read again from what is written of it.
  private func readSafetensors(_ bytes: [UInt8]) throws {
    let content = try Safetensors.read(Scratch.file(bytes).path)
    let path = "\(Scratch.folder)/again"
    try Safetensors.write(content.tensors, metadata: content.metadata, to: path)
    let again = try Safetensors.read(path)
    func texts(_ tensors: StateDict) -> Set<String> {
      Set(tensors.entries.map { "\($0.name) \($0.shape) \($0.values.map(\.bitPattern))" })
    }
    guard again.metadata == content.metadata, texts(again.tensors) == texts(content.tensors) else {
      fatalError("written otherwise than it was read")
    }
  }

  /// What was read is read again from quoted fields.
  private func readTable(_ bytes: [UInt8], _ delimiter: UInt8?) throws {
    let table = try DelimitedText(bytes, delimiter: delimiter)
    guard table.rows.allSatisfy({ $0.fields.count == table.header.count && $0.line > 1 }) else { fatalError("rows") }
    // A blank line is no row, quoted or not.
    guard table.header.count > 1 else { return }
    let text = ([table.header] + table.rows.map(\.fields)).map { fields in
      fields.map { "\"\($0.replacingOccurrences(of: "\"", with: "\"\""))\"" }.joined(separator: ",")
    }.joined(separator: "\r\n")
    let again = try DelimitedText(Array(text.utf8), delimiter: UInt8(ascii: ","))
    guard again.header == table.header, again.rows.map(\.fields) == table.rows.map(\.fields) else {
      fatalError("written otherwise than it was read")
    }
  }
}

/// A folder in memory for the one file that is read.
enum Scratch {
  static let folder: String = {
    var template = Array("/dev/shm/graft-fuzz-XXXXXX".utf8CString)
    guard let path = mkdtemp(&template) else { fatalError("/dev/shm takes no folder") }
    atexit { try? FileManager.default.removeItem(atPath: Scratch.folder) }
    return String(cString: path)
  }()

  static func file(_ bytes: [UInt8]) throws -> NativeReader {
    let path = "\(folder)/input"
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    guard descriptor >= 0, write(descriptor, bytes, bytes.count) == bytes.count else { fatalError("\(path)") }
    close(descriptor)
    return try NativeReader(path)
  }

  static func emptied(_ name: String) -> String {
    let path = "\(folder)/\(name)"
    if FileManager.default.fileExists(atPath: path) { try? FileManager.default.removeItem(atPath: path) }
    return path
  }
}

/// A ZIP file of stored entries without checksums, as torch can write them: what is in it can be changed alone.
enum PlainArchive {
  /// A torch file of a pickle, with storages of 32 and 96 bytes.
  static func torch(_ pickle: [UInt8]) -> [UInt8] {
    bytes([
      ("a/data.pkl", pickle), ("a/data/0", [UInt8](repeating: 1, count: 32)),
      ("a/data/1", [UInt8](repeating: 2, count: 96)),
    ])
  }

  private static func bytes(_ entries: [(name: String, content: [UInt8])]) -> [UInt8] {
    func number(_ value: Int, _ size: Int) -> [UInt8] {
      (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
    var file: [UInt8] = []
    var table: [UInt8] = []
    for entry in entries {
      let sizes = number(entry.content.count, 4) + number(entry.content.count, 4) + number(entry.name.utf8.count, 2)
      let common = number(20, 2) + number(0, 12) + sizes + number(0, 2)
      table += number(0x0201_4b50, 4) + number(20, 2) + common + number(0, 10) + number(file.count, 4) + entry.name.utf8
      file += number(0x0403_4b50, 4) + common + entry.name.utf8 + entry.content
    }
    let counts = number(entries.count, 2) + number(entries.count, 2)
    return file + table + number(0x0605_4b50, 4) + number(0, 4) + counts + number(table.count, 4)
      + number(file.count, 4) + number(0, 2)
  }
}
