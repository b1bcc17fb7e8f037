import Engine

/// A ZIP file put together byte by byte, so that each number in it can be wrong.
struct ZipBytes {
  struct Entry {
    var name: String
    var content: [UInt8]
    var method = 0
    var flags = 0
    /// What the table of contents claims, where that is to differ from the content's.
    var claimedSize: Int?
    /// The checksum that is written, where that is to differ from the content's.
    var claimedChecksum: Int?
    /// Where the table of contents says that the entry begins, where that is to differ from where it does.
    var claimedPlace: Int?
    /// Whether the table of contents keeps its numbers in a zip64 field.
    var isLarge = false
  }

  var entries: [Entry]
  /// What the record at the end claims, where that is to differ.
  var claimedCount: Int?
  var claimedTableSize: Int?
  var claimedTablePlace: Int?
  var isLarge = false

  /// A file of torch.save: its pickle, and a storage of eight float32 by default.
  static func torch(_ pickle: [UInt8], storage: [UInt8] = [UInt8](repeating: 0, count: 32)) -> ZipBytes {
    ZipBytes(entries: [
      Entry(name: "archive/data.pkl", content: pickle), Entry(name: "archive/data/0", content: storage),
    ])
  }

  /// A file of torch.save of `{wrapper: {prefix + name: tensor}}`, as a training script leaves it.
  static func torch(_ state: StateDict, wrapper: String, prefix: String) -> ZipBytes {
    var members: [UInt8] = []
    var entries: [Entry] = []
    for (index, entry) in state.entries.enumerated() {
      var strides = [Int](repeating: 1, count: entry.shape.count)
      for axis in strides.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * entry.shape[axis + 1] }
      members += PickleBytes.text(prefix + entry.name)
      members += PickleBytes.view(
        offset: 0, shape: entry.shape, strides: strides, key: "\(index)", numbers: entry.values.count,
        storage: "FloatStorage")
      entries.append(Entry(name: "archive/data/\(index)", content: entry.values.withUnsafeBytes { Array($0) }))
    }
    let dictionary = PickleBytes.parts([0x7d, 0x28], members, [0x75])
    let pickle = PickleBytes.parts([0x80, 2, 0x7d], PickleBytes.text(wrapper), dictionary, [0x73, 0x2e])
    return ZipBytes(entries: [Entry(name: "archive/data.pkl", content: pickle)] + entries)
  }

  var bytes: [UInt8] {
    var file: [UInt8] = []
    var table: [UInt8] = []
    for entry in entries {
      let place = file.count
      let name = Array(entry.name.utf8)
      let length = entry.content.count
      let checksum = entry.claimedChecksum ?? Self.checksum(entry.content)
      file += Self.numbers(
        (0x0403_4b50, 4), (45, 2), (entry.flags, 2), (entry.method, 2), (0, 4), (checksum, 4), (length, 4), (length, 4),
        (name.count, 2), (0, 2))
      file += name
      file += entry.content
      let size = entry.claimedSize ?? entry.content.count
      let begin = entry.claimedPlace ?? place
      let all = 0xffff_ffff
      let extra = entry.isLarge ? Self.numbers((1, 2), (24, 2), (size, 8), (size, 8), (begin, 8)) : []
      let (shownSize, shownPlace) = entry.isLarge ? (all, all) : (size, begin)
      table += Self.numbers(
        (0x0201_4b50, 4), (45, 2), (45, 2), (entry.flags, 2), (entry.method, 2), (0, 4), (checksum, 4), (shownSize, 4),
        (shownSize, 4), (name.count, 2), (extra.count, 2), (0, 10), (shownPlace, 4))
      table += name
      table += extra
    }
    let place = claimedTablePlace ?? file.count
    let size = claimedTableSize ?? table.count
    let count = claimedCount ?? entries.count
    file += table
    if isLarge {
      let record = file.count
      file += Self.numbers(
        (0x0606_4b50, 4), (44, 8), (45, 2), (45, 2), (0, 8), (count, 8), (count, 8), (size, 8), (place, 8))
      file += Self.numbers((0x0706_4b50, 4), (0, 4), (record, 8), (1, 4))
    }
    let (shownCount, shownSize, shownPlace) = isLarge ? (0xffff, 0xffff_ffff, 0xffff_ffff) : (count, size, place)
    file += Self.numbers(
      (0x0605_4b50, 4), (0, 4), (shownCount, 2), (shownCount, 2), (shownSize, 4), (shownPlace, 4), (0, 2))
    return file
  }

  /// CRC-32 as ZIP files have it (ISO 3309).
  static func checksum(_ bytes: [UInt8]) -> Int {
    var checksum = ~UInt32(0)
    for byte in bytes {
      checksum ^= UInt32(byte)
      for _ in 0..<8 { checksum = checksum & 1 == 1 ? (checksum >> 1) ^ 0xedb8_8320 : checksum >> 1 }
    }
    return Int(~checksum)
  }

  /// Numbers and how many bytes each takes, lowest byte first.
  static func numbers(_ numbers: (value: Int, count: Int)...) -> [UInt8] {
    numbers.flatMap { number($0.value, $0.count) }
  }

  static func number(_ value: Int, _ count: Int) -> [UInt8] {
    (0..<count).map { $0 < 8 ? UInt8(truncatingIfNeeded: value >> (8 * $0)) : 0 }
  }
}

/// Parts of a pickle.
enum PickleBytes {
  static func text(_ text: String) -> [UInt8] { parts([0x58], ZipBytes.number(text.utf8.count, 4), Array(text.utf8)) }
  static func integer(_ value: Int) -> [UInt8] { parts([0x8a, 8], ZipBytes.number(value, 8)) }
  static func global(_ module: String, _ name: String) -> [UInt8] { Array("c\(module)\n\(name)\n".utf8) }
  static func tuple(_ items: [[UInt8]]) -> [UInt8] { parts([0x28], Array(items.joined()), [0x74]) }

  static func parts(_ parts: [UInt8]...) -> [UInt8] { Array(parts.joined()) }

  /// A tensor that is a view of a storage of `numbers` numbers.
  static func view(
    offset: Int, shape: [Int], strides: [Int], key: String, numbers: Int, storage: String
  ) -> [UInt8] {
    let id = tuple([text("storage"), global("torch", storage), text(key), text("cpu"), integer(numbers)])
    let arguments = tuple([
      parts(id, [0x51]), integer(offset), tuple(shape.map(integer)), tuple(strides.map(integer)), [0x89], [0x7d],
    ])
    return parts(global("torch._utils", "_rebuild_tensor_v2"), arguments, [0x52])
  }

  /// A dictionary of one tensor `a`, a view of storage 0 with `numbers` float32.
  static func tensor(
    offset: Int = 0, shape: [Int] = [2], strides: [Int] = [1], key: String = "0", numbers: Int = 8,
    storage: String = "FloatStorage"
  ) -> [UInt8] {
    let view = view(
      offset: offset, shape: shape, strides: strides, key: key, numbers: numbers, storage: storage)
    return parts([0x80, 2, 0x7d], text("a"), view, [0x73, 0x2e])
  }
}
