import Files
import Foundation

/// Draws phantom images and writes them as a folder data set: `train/<class>/00017.jpg` and so on.
public enum PhantomGenerator {
  /// Writes all images and lists them, with their splits. The same options give the same bytes, however many threads there
  /// are; image n depends on the domain, the seed, the size, the difficulty and n alone, so that more images leave those
  /// before them as they were within each split.
  ///
  /// - Parameters:
  ///   - chosen: The paths to write and list; nil for all.
  ///   - folder: Made if it is not there. What lies in it under the same names is replaced.
  ///   - progress: Told how many of how many are written; false stops.
  /// - Throws: `DataFault`; `FileFault`; `CancellationError` where `progress` asked to stop.
  public static func write(
    _ options: PhantomOptions, only chosen: Set<String>? = nil, to folder: String,
    threads: Int = ProcessInfo.processInfo.activeProcessorCount,
    progress: (_ done: Int, _ total: Int) -> Bool = { _, _ in true }
  ) throws -> ImageListing {
    try options.validate()
    let items = items(options).filter { chosen?.contains($0.path) ?? true }
    for folder in Set(items.map { "\(folder)/" + $0.path.split(separator: "/").dropLast().joined(separator: "/") }) {
      try DurableFiles.makeFolder(folder)
    }
    let chunk = 256
    var start = 0
    while start < items.count {
      guard progress(start, items.count) else { throw CancellationError() }
      let range = start..<min(start + chunk, items.count)
      var failures = [(any Error)?](repeating: nil, count: range.count)
      failures.withUnsafeMutableBufferPointer { failures in
        nonisolated(unsafe) let failures = failures
        ConcurrentWork.forEach(range.count, threads: threads) { index in
          let item = items[range.lowerBound + index]
          do {
            let bytes = try picture(options, label: item.label, index: item.index).encoded(as: options.domain.format)
            try DurableFiles.writeInPlace(bytes, to: "\(folder)/\(item.path)")
          } catch {
            failures[index] = error
          }
        }
      }
      if let failure = failures.lazy.compactMap({ $0 }).first { throw failure }
      start = range.upperBound
    }
    guard progress(start, items.count) else { throw CancellationError() }
    return ImageListing(root: folder, items: items.map(\.item), classes: options.domain.classes)
  }

  /// What `write` lists, with nothing written.
  public static func listing(_ options: PhantomOptions, root: String) -> ImageListing {
    ImageListing(root: root, items: items(options).map(\.item), classes: options.domain.classes)
  }

  /// One image: of class `label`, drawn from the stream `phantom/<domain>` of the seed, its child `index`.
  public static func picture(_ options: PhantomOptions, label: Int, index: Int) -> Picture {
    var draws = RandomStream(seed: options.seed, purpose: "phantom/\(options.domain.rawValue)").child(UInt64(index))
    let difficulty = Float(options.difficulty)
    switch options.domain {
    case .source: return PhantomShapes.picture(label, size: options.size, difficulty: difficulty, draws: &draws)
    case .grading: return PhantomFundus.picture(label, size: options.size, difficulty: difficulty, draws: &draws)
    case .screening: return PhantomTissue.picture(label, size: options.size, difficulty: difficulty, draws: &draws)
    }
  }

  private struct Entry: Sendable {
    var item: ImageItem
    var label: Int
    /// Which child of the domain's stream draws it.
    var index: Int
    var path: String { item.path }
  }

  private static func items(_ options: PhantomOptions) -> [Entry] {
    let classes = options.domain.classes
    return Split.allCases.enumerated().flatMap { place, split in
      (0..<options.count(split)).map { number in
        let digits = String(number)
        let name = String(repeating: "0", count: max(0, 5 - digits.count)) + digits
        let label = number % classes.count
        let path = "\(split.rawValue)/\(classes[label])/\(name).\(options.domain.fileExtension)"
        return Entry(
          item: ImageItem(path: path, label: label, split: split), label: label,
          index: number * Split.allCases.count + place)
      }
    }
  }
}
