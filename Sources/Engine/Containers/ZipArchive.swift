internal import CZlib

/// The table of contents of a ZIP file (PKWARE's APPNOTE 6.3.10), zip64 included. Entries that are stored as they are can be
/// read at any place, as torch writes tensors; those that are deflated can be written to files of their own.
struct ZipArchive {
  /// Where an entry's bytes lie in the file.
  struct Entry {
    let name: String
    let place: Int
    /// In the file.
    let stored: Int
    /// Of its content.
    let size: Int
    /// CRC-32 of its content.
    let checksum: UInt32
    let method: Method
  }

  enum Method: Sendable, Hashable {
    case stored
    case deflated
    /// One that is not read.
    case other(Int)
  }

  /// Names longer in sum than this, or more entries, are in no weights file.
  private static let longestTable = 64 << 20
  private static let mostEntries = 1_000_000

  /// Every entry's name.
  var names: [String] { Array(entries.keys) }

  private let file: NativeReader
  private let entries: [String: Entry]
  /// What the file is, for messages: "torch file".
  private let kind: String
  /// Whether it was saved with checksums: torch can leave them all out, which then are 0.
  private let hasChecksums: Bool

  /// The entry of a name; nil where there is none.
  func entry(_ name: String) -> Entry? { entries[name] }

  /// The entry of a name, stored as it is.
  ///
  /// - Throws: `EngineError.data` where its bytes are compressed.
  func storedEntry(_ name: String) throws -> Entry? {
    guard let entry = entries[name] else { return nil }
    guard entry.method == .stored else {
      throw fault("its entry \(Self.shown(name)) is compressed, which torch.save does not do")
    }
    return entry
  }

  /// Writes a deflated entry's content to a path.
  ///
  /// - Throws: `EngineError.data` where it is not what was saved; `FileFault`; `CancellationError` where `progress` said so.
  func extract(_ entry: Entry, to path: String, progress: (Double) -> Bool) throws {
    guard entry.method == .deflated else {
      throw fault("its entry \(Self.shown(entry.name)) is compressed in a way that is not read; save it with deflate")
    }
    let inflation = Inflation(
      file: file, span: entry.place..<(entry.place + entry.stored), form: .bare, limit: entry.size)
    let written = try inflation.write(to: path, progress: progress)
    guard written.size == entry.size, written.checksum == entry.checksum else {
      throw fault("the bytes of its entry \(Self.shown(entry.name)) are not those that were saved (CRC-32)")
    }
  }

  /// The whole of an entry, checked.
  ///
  /// - Throws: `EngineError.data` as `check`.
  func bytes(of entry: Entry) throws -> [UInt8] {
    try check(entry)
    return try file.bytes(entry.size, at: entry.place)
  }

  /// Reads an entry through and compares its checksum.
  ///
  /// - Throws: `EngineError.data` where it is another one.
  func check(_ entry: Entry) throws {
    guard hasChecksums else { return }
    var checksum: UInt = 0
    var place = 0
    let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: min(max(entry.size, 1), 1 << 20), alignment: 64)
    defer { chunk.deallocate() }
    while place < entry.size {
      let part = UnsafeMutableRawBufferPointer(rebasing: chunk.prefix(entry.size - place))
      try file.read(part, at: entry.place + place)
      checksum = crc32(checksum, part.bindMemory(to: UInt8.self).baseAddress, UInt32(part.count))
      place += part.count
    }
    guard checksum == UInt(entry.checksum) else {
      throw fault("the bytes of its entry \(Self.shown(entry.name)) are not those that were saved (CRC-32)")
    }
  }

  /// Whether a file begins as a ZIP file does.
  static func isLike(_ start: [UInt8]) -> Bool { start.starts(with: [0x50, 0x4b, 3, 4]) }

  /// Reads the table of contents and checks that every entry lies inside the file and apart from the others.
  ///
  /// - Parameter kind: What the file is, for messages.
  /// - Throws: `EngineError.data`.
  init(_ file: NativeReader, kind: String) throws {
    func fault(_ text: String) -> EngineError { Self.fault(file, kind, text) }
    let end = try Self.end(of: file)
    guard let end else {
      throw fault("it has no table of contents at its end, so it is cut off after \(file.size) bytes")
    }
    guard end.count <= Self.mostEntries, end.tableSize <= Self.longestTable, end.tablePlace <= file.size - end.tableSize
    else { throw fault("its table of contents does not lie inside it") }

    let table = LittleEndianBytes(try file.bytes(end.tableSize, at: end.tablePlace))
    var entries: [String: Entry] = [:]
    var spans: [(begin: Int, end: Int, name: String)] = []
    var place = 0
    for _ in 0..<end.count {
      guard table.number32(place) == 0x0201_4b50, let flags = table.number16(place + 8),
        let method = table.number16(place + 10), let checksum = table.number32(place + 16),
        let nameLength = table.number16(place + 28),
        let extraLength = table.number16(place + 30), let commentLength = table.number16(place + 32),
        let name = table.text(place + 46, nameLength),
        let sizes = Self.sizes(table, at: place, extra: place + 46 + nameLength, extraLength: extraLength)
      else { throw fault("its table of contents is damaged") }
      place += 46 + nameLength + extraLength + commentLength
      guard flags & 1 == 0 else { throw fault("its entry \(Self.shown(name)) is encrypted") }
      guard method != 0 || sizes.stored == sizes.size else {
        throw fault("its entry \(Self.shown(name)) has two sizes")
      }
      guard sizes.header <= end.tablePlace - 30 else {
        throw fault("its entry \(Self.shown(name)) does not lie inside it")
      }
      // The local header has a name and an extra field of its own; torch pads with the latter.
      let local = LittleEndianBytes(try file.bytes(30, at: sizes.header))
      guard local.number32(0) == 0x0403_4b50, let ownName = local.number16(26), let ownExtra = local.number16(28) else {
        throw fault("its entry \(Self.shown(name)) is not where the table of contents says")
      }
      let begin = sizes.header + 30 + ownName + ownExtra
      guard begin <= end.tablePlace, sizes.stored <= end.tablePlace - begin else {
        throw fault("its entry \(Self.shown(name)) claims \(sizes.stored) bytes, more than there are")
      }
      guard
        entries.updateValue(
          Entry(
            name: name, place: begin, stored: sizes.stored, size: sizes.size, checksum: UInt32(checksum),
            method: method == 0 ? .stored : method == 8 ? .deflated : .other(method)), forKey: name) == nil
      else {
        throw fault("it has two entries \(Self.shown(name))")
      }
      spans.append((sizes.header, begin + sizes.stored, name))
    }
    spans.sort { ($0.begin, $0.end) < ($1.begin, $1.end) }
    for (earlier, later) in zip(spans, spans.dropFirst()) where later.begin < earlier.end {
      throw fault("its entries \(Self.shown(earlier.name)) and \(Self.shown(later.name)) overlap")
    }
    self.file = file
    self.entries = entries
    self.kind = kind
    hasChecksums = entries.values.contains { $0.checksum != 0 }
  }

  private func fault(_ text: String) -> EngineError { Self.fault(file, kind, text) }

  private static func fault(_ file: NativeReader, _ kind: String, _ text: String) -> EngineError {
    .data("\(file.path) is not a sound \(kind): \(text); fetch it again")
  }

  private static func shown(_ name: String) -> String { "'\(PickleText.shown(name))'" }

  /// What the record at the end of the file says of the table of contents; nil where there is none.
  private static func end(of file: NativeReader) throws -> (count: Int, tableSize: Int, tablePlace: Int)? {
    // The record is followed by nothing but its own comment.
    let tailSize = min(file.size, 22 + 65_535)
    guard tailSize >= 22 else { return nil }
    let tailPlace = file.size - tailSize
    let tail = LittleEndianBytes(try file.bytes(tailSize, at: tailPlace))
    for place in stride(from: tailSize - 22, through: 0, by: -1) where tail.number32(place) == 0x0605_4b50 {
      guard let comment = tail.number16(place + 20), place + 22 + comment == tailSize,
        let count = tail.number16(place + 10), let size = tail.number32(place + 12),
        let start = tail.number32(place + 16)
      else { continue }
      if count != 0xffff && size != 0xffff_ffff && start != 0xffff_ffff { return (count, size, start) }
      // Zip64: a locator of 20 bytes before the record says where the larger record lies.
      guard place >= 20, tail.number32(place - 20) == 0x0706_4b50, let large = tail.number64(place - 12),
        large <= file.size - 56
      else { return nil }
      let record = LittleEndianBytes(try file.bytes(56, at: large))
      guard record.number32(0) == 0x0606_4b50, let count = record.number64(32), let size = record.number64(40),
        let start = record.number64(48)
      else { return nil }
      return (count, size, start)
    }
    return nil
  }

  /// The entry's sizes and the place of its local header, from the table or, where that holds all ones, from its zip64
  /// extra field.
  private static func sizes(
    _ table: LittleEndianBytes, at place: Int, extra: Int, extraLength: Int
  ) -> (stored: Int, size: Int, header: Int)? {
    guard var stored = table.number32(place + 20), var size = table.number32(place + 24),
      var header = table.number32(place + 42)
    else { return nil }
    let all = 0xffff_ffff
    guard stored == all || size == all || header == all else { return (stored, size, header) }
    var field = extra
    while field + 4 <= extra + extraLength {
      guard let kind = table.number16(field), let length = table.number16(field + 2) else { return nil }
      if kind == 1 {
        var next = field + 4
        func large() -> Int? {
          defer { next += 8 }
          return next + 8 <= field + 4 + length ? table.number64(next) : nil
        }
        if size == all {
          guard let value = large() else { return nil }
          size = value
        }
        if stored == all {
          guard let value = large() else { return nil }
          stored = value
        }
        if header == all {
          guard let value = large() else { return nil }
          header = value
        }
        return (stored, size, header)
      }
      field += 4 + length
    }
    return nil
  }
}

/// Bytes with numbers in them, lowest byte first. What lies outside is nil.
struct LittleEndianBytes {
  let bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  func number16(_ place: Int) -> Int? { number(place, 2).map { Int($0) } }
  func number32(_ place: Int) -> Int? { number(place, 4).map { Int($0) } }
  /// Nil too where it is more than an Int holds.
  func number64(_ place: Int) -> Int? { number(place, 8).flatMap { Int(exactly: $0) } }

  func text(_ place: Int, _ length: Int) -> String? {
    guard place >= 0, length >= 0, length <= bytes.count, place <= bytes.count - length else { return nil }
    return String(decoding: bytes[place..<(place + length)], as: UTF8.self)
  }

  private func number(_ place: Int, _ count: Int) -> UInt64? {
    guard place >= 0, place <= bytes.count - count else { return nil }
    return bytes[place..<(place + count)].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}
