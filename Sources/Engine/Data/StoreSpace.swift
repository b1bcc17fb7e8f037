import Files
import Foundation

/// How much an image store takes, found before it is written.
extension ImageStoreWriter {
  /// So many images, spread over the data set, are looked at.
  private static let sampled = 64

  /// - Throws: `DataFault.noSpace` where the file system of `path` has clearly not enough for these images.
  func checkSpace(for positions: some RandomAccessCollection<Int>, channels: Int, at path: String) throws {
    guard let space = DurableFiles.availableSpace(at: path) else { return }
    let needed = expectedSize(of: positions, channels: channels)
    guard needed > space else { return }
    throw DataFault.noSpace(needed: needed, available: space, path: path)
  }

  /// Bytes, estimated from some of the images' headers; those that cannot be read count nothing.
  func expectedSize(of positions: some RandomAccessCollection<Int>, channels: Int) -> Int {
    guard !positions.isEmpty else { return 0 }
    let step = max(1, positions.count / Self.sampled)
    var (total, looked) = (0, 0)
    for offset in stride(from: 0, to: positions.count, by: step) {
      looked += 1
      let item = listing.items[positions[positions.index(positions.startIndex, offsetBy: offset)]]
      guard let shape = shape(of: item) else { continue }
      let size = options.size.applied(to: (shape.width, shape.height))
      total += size.width * size.height * min(channels, shape.channels)
    }
    return Int(Double(total) / Double(looked) * Double(positions.count))
  }

  private func shape(of item: ImageItem) -> ImageShape? {
    if let row = item.row { return listing.arrays[row.array].shape }
    guard let bytes = try? DurableFiles.read("\(listing.root)/\(item.path)") else { return nil }
    return try? Picture.shape(of: bytes)
  }
}
