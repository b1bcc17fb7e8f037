internal import CZlib
import Files
import Foundation

/// What of an image store is on the disk already, in a file beside it, so that an interrupted writing goes on where it was:
///
///     32 bytes    what is being written: the digest of the listing and the options
///     batches     entries, length and CRC-32 of the payload (each 4 bytes), payload
///
/// A batch is written after the samples that it tells of are safe; what follows the last whole batch does not count.
final class StoreJournal {
  /// One of an image, in the order of the listing.
  enum Entry: Sendable, Hashable {
    case stored(StoredForm)
    case unreadable(String)
  }

  private let path: String
  private let descriptor: Int32
  private var pending: [UInt8] = []
  private var pendingCount = 0

  /// Opens the journal at a path, and reads what it tells of; it begins anew where it is of something else.
  ///
  /// - Throws: `FileFault`.
  static func open(_ path: String, of purpose: [UInt8]) throws -> (journal: StoreJournal, entries: [Entry]) {
    let kept = FileManager.default.fileExists(atPath: path) ? try DurableFiles.read(path) : []
    let (entries, length) = kept.starts(with: purpose) ? read(kept, from: purpose.count) : ([], 0)
    let journal = try StoreJournal(path: path, length: length)
    if length == 0 { try journal.append(purpose) }
    return (journal, entries)
  }

  private init(path: String, length: Int) throws {
    self.path = path
    descriptor = Foundation.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0, ftruncate(descriptor, off_t(length)) == 0, lseek(descriptor, 0, SEEK_END) >= 0 else {
      throw FileFault.last("write", path)
    }
  }

  deinit { close(descriptor) }

  func add(_ entry: Entry) {
    pendingCount += 1
    switch entry {
    case .stored(let form):
      pending.append(UInt8(form.channels))
      ImageStoreLayout.append(UInt32(form.height), to: &pending)
      ImageStoreLayout.append(UInt32(form.width), to: &pending)
      pending += form.digest
      for sum in form.sums {
        ImageStoreLayout.append(sum.levels, to: &pending)
        ImageStoreLayout.append(sum.squares, to: &pending)
      }
    case .unreadable(let reason):
      pending.append(0)
      ImageStoreLayout.append(UInt32(reason.utf8.count), to: &pending)
      pending += Array(reason.utf8)
    }
  }

  /// Makes what was added last; call it when the samples are safe.
  func commit() throws {
    guard pendingCount > 0 else { return }
    var batch: [UInt8] = []
    for number in [pendingCount, pending.count, Int(crc32(0, pending, UInt32(pending.count)))] {
      ImageStoreLayout.append(UInt32(number), to: &batch)
    }
    try append(batch + pending)
    pending.removeAll(keepingCapacity: true)
    pendingCount = 0
  }

  private func append(_ bytes: [UInt8]) throws {
    try DurableFiles.writeAll(bytes, to: descriptor, path: path)
    guard fdatasync(descriptor) == 0 else { throw FileFault.last("write", path) }
  }

  /// The entries of all whole batches, and where the last one ends.
  private static func read(_ bytes: [UInt8], from start: Int) -> ([Entry], Int) {
    var entries: [Entry] = []
    var place = start
    bytes.withUnsafeBytes { bytes in
      while place + 12 <= bytes.count {
        let count = Int(ImageStoreLayout.number(bytes, place) as UInt32)
        let length = Int(ImageStoreLayout.number(bytes, place + 4) as UInt32)
        let checksum: UInt32 = ImageStoreLayout.number(bytes, place + 8)
        guard length <= bytes.count - place - 12 else { return }
        let payload = UnsafeRawBufferPointer(rebasing: bytes[(place + 12)..<(place + 12 + length)])
        guard crc32(0, payload.bindMemory(to: UInt8.self).baseAddress, UInt32(length)) == UInt(checksum),
          let batch = batch(payload, count: count)
        else { return }
        entries += batch
        place += 12 + length
      }
    }
    return (entries, place)
  }

  private static func batch(_ bytes: UnsafeRawBufferPointer, count: Int) -> [Entry]? {
    var entries: [Entry] = []
    var place = 0
    for _ in 0..<count {
      guard place + 5 <= bytes.count else { return nil }
      let channels = Int(bytes[place])
      if channels == 0 {
        let length = Int(ImageStoreLayout.number(bytes, place + 1) as UInt32)
        place += 5
        guard length <= bytes.count - place else { return nil }
        entries.append(.unreadable(String(decoding: bytes[place..<(place + length)], as: UTF8.self)))
        place += length
      } else {
        let length = 41 + 16 * channels
        guard length <= bytes.count - place else { return nil }
        let height: UInt32 = ImageStoreLayout.number(bytes, place + 1)
        let width: UInt32 = ImageStoreLayout.number(bytes, place + 5)
        let sums = (0..<channels).map { channel in
          StoredForm.Sums(
            levels: ImageStoreLayout.number(bytes, place + 41 + 16 * channel),
            squares: ImageStoreLayout.number(bytes, place + 49 + 16 * channel))
        }
        entries.append(
          .stored(
            StoredForm(
              height: Int(height), width: Int(width), channels: channels,
              digest: Array(bytes[(place + 9)..<(place + 41)]), sums: sums)))
        place += length
      }
    }
    return place == bytes.count ? entries : nil
  }
}
