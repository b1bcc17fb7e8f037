import Files
import Foundation

/// The safetensors format (huggingface/safetensors): a length, a JSON header of names, types, shapes and places, and the
/// tensors' bytes, little-endian, without gaps.
public enum Safetensors {
  /// Headers longer than this are refused, as the format's own library does.
  static let longestHeader = 100_000_000

  struct HeaderEntry: Decodable {
    let dtype: String
    let shape: [Int]
    let data_offsets: [Int]
  }

  /// A file's tensors and the texts in its header.
  public struct Content: Sendable {
    public let tensors: StateDict
    public let metadata: [String: String]
  }

  /// Reads a file whole.
  ///
  /// - Throws: As `listing`.
  public static func read(_ path: String) throws -> Content {
    let (stored, metadata) = try listing(NativeReader(path))
    var tensors = StateDict()
    for tensor in stored { try tensors.append(tensor.name, shape: tensor.shape, values: tensor.values()) }
    return Content(tensors: tensors, metadata: metadata)
  }

  /// Reads a file's header: its tensors in the order in which they lie, none of them read yet, and its texts.
  ///
  /// - Throws: `EngineError.data` naming the file and the fault: a header that is not as the format says, places that
  ///   overlap, leave gaps or lie outside the file, sizes that do not agree, an unknown type.
  static func listing(_ file: NativeReader) throws -> (tensors: [StoredTensor], metadata: [String: String]) {
    let path = file.path
    func fault(_ text: String) -> EngineError {
      .data("\(path) is not a sound safetensors file: \(text). Fetch or convert it again")
    }
    guard file.size >= 8 else { throw fault("it has \(file.size) bytes, fewer than its length field") }
    let length = try file.bytes(8, at: 0).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length >= 2, length <= UInt64(longestHeader), length <= UInt64(file.size - 8) else {
      throw fault("its header claims \(length) bytes in a file of \(file.size)")
    }
    let header = try file.bytes(Int(length), at: 8)
    guard header.first == UInt8(ascii: "{") else { throw fault("its header does not begin with {") }
    let members: [String: HeaderMember]
    do {
      members = try JSONDecoder().decode([String: HeaderMember].self, from: Data(header))
    } catch {
      throw fault("its header is not the JSON object that the format asks for")
    }

    var metadata: [String: String] = [:]
    var located: [(name: String, type: ElementType, shape: [Int], begin: Int, count: Int)] = []
    let start = 8 + Int(length)
    let space = file.size - start
    for (name, member) in members {
      switch member {
      case .texts(let texts):
        guard name == "__metadata__" else {
          throw fault("tensor '\(PickleText.shown(name))' has no type, shape and place")
        }
        metadata = texts
      case .tensor(let entry):
        guard let type = ElementType(rawValue: entry.dtype) else {
          throw fault(
            "tensor '\(PickleText.shown(name))' is of type \(PickleText.shown(entry.dtype)), which is not supported")
        }
        guard entry.data_offsets.count == 2, entry.data_offsets[0] >= 0, entry.data_offsets[0] <= entry.data_offsets[1],
          entry.data_offsets[1] <= space
        else {
          throw fault(
            "tensor '\(PickleText.shown(name))' lies at \(entry.data_offsets), outside the file's \(space) bytes")
        }
        guard let count = StoredShape.product(entry.shape), let bytes = StoredShape.product([count, type.size]),
          bytes == entry.data_offsets[1] - entry.data_offsets[0]
        else {
          throw fault(
            "tensor '\(PickleText.shown(name))' of shape \(entry.shape) and type \(entry.dtype) does not fill \(entry.data_offsets)"
          )
        }
        located.append((name, type, entry.shape, entry.data_offsets[0], count))
      }
    }
    located.sort { ($0.begin, $0.count, $0.name) < ($1.begin, $1.count, $1.name) }
    var end = 0
    for tensor in located {
      guard tensor.begin == end else {
        throw fault("tensor '\(PickleText.shown(tensor.name))' overlaps another or leaves a gap before it")
      }
      end = tensor.begin + tensor.count * tensor.type.size
    }
    guard end == space else { throw fault("\(space - end) bytes at its end belong to no tensor") }

    let tensors = located.map { tensor in
      StoredTensor(name: tensor.name, shape: tensor.shape) {
        try tensor.type.read(tensor.count, at: start + tensor.begin, in: file)
      }
    }
    return (tensors, metadata)
  }

  /// A member of the header: a tensor, or the texts of `__metadata__`.
  private enum HeaderMember: Decodable {
    case tensor(HeaderEntry)
    case texts([String: String])

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let entry = try? container.decode(HeaderEntry.self) {
        self = .tensor(entry)
      } else {
        self = .texts(try container.decode([String: String].self))
      }
    }
  }
}

extension Safetensors {
  /// Writes a file, atomically. The same tensors and texts give the same bytes.
  ///
  /// - Throws: `FileFault` where it cannot be written.
  public static func write(_ tensors: StateDict, metadata: [String: String] = [:], to path: String) throws {
    var header = "{"
    if !metadata.isEmpty {
      let texts = metadata.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(quoted($0.value))" }
      header += "\"__metadata__\":{\(texts.joined(separator: ","))},"
    }
    var place = 0
    for entry in tensors.entries {
      let end = place + entry.values.count * 4
      let shape = entry.shape.map(String.init).joined(separator: ",")
      header += "\(quoted(entry.name)):{\"dtype\":\"F32\",\"shape\":[\(shape)],\"data_offsets\":[\(place),\(end)]},"
      place = end
    }
    if header.hasSuffix(",") { header.removeLast() }
    header += "}"
    // The tensors begin at a multiple of eight bytes.
    header += String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
    let text = Array(header.utf8)
    guard text.count <= longestHeader else {
      throw EngineError.specification("\(path): more tensors than a header holds")
    }
    let file = try OutputFile(path: path)
    try withUnsafeBytes(of: UInt64(text.count).littleEndian) { try file.append($0) }
    try text.withUnsafeBytes { try file.append($0) }
    for entry in tensors.entries { try entry.values.withUnsafeBytes { try file.append($0) } }
    try file.commit()
  }

  private static func quoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }
}
