import Files
import Foundation

/// How fast a folder of images becomes a store, for `Benchmarks/data`.
public enum StoreBenchmark {
  /// What was measured.
  public struct Measurement: Sendable, Codable {
    public let images: Int
    /// From the first file's opening until the store is safe on the disk.
    public let seconds: Double
    /// Processor seconds of all threads.
    public let cpuSeconds: Double
  }

  /// Decodes the images of a folder of class folders into a store of `size` x `size` pixels at `path`.
  public static func run(folder: String, path: String, size: Int, threads: Int) throws -> Measurement {
    let listing = try FolderReader(root: folder).listing()
    let splits = [Split](repeating: .train, count: listing.items.count)
    let options = ImageStoreOptions(size: .exact(width: size, height: size), channels: 3, threads: threads)
    let writer = ImageStoreWriter(listing: listing, splits: splits, options: options)
    let cpuStart = nanoseconds(CLOCK_PROCESS_CPUTIME_ID)
    let start = DispatchTime.now().uptimeNanoseconds
    try writer.write(to: path)
    return Measurement(
      images: listing.items.count, seconds: Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-9,
      cpuSeconds: Double(nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - cpuStart) * 1e-9)
  }

  /// Runs by command-line arguments and prints one line of JSON: `FOLDER STORE [--size=N] [--threads=N]`.
  ///
  /// - Throws: `EngineError.specification` for arguments that it does not know; `DataFault`; `FileFault`.
  public static func run(arguments: [String]) throws {
    var numbers = ["size": 256, "threads": 2]
    var paths: [String] = []
    for argument in arguments {
      let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
      if parts.count == 2, let value = Int(parts[1]), value >= 1, numbers[String(parts[0].dropFirst(2))] != nil {
        numbers[String(parts[0].dropFirst(2))] = value
      } else if !argument.hasPrefix("-"), paths.count < 2 {
        paths.append(argument)
      } else {
        throw EngineError.specification("unknown argument '\(argument)': use FOLDER STORE --size=N --threads=N")
      }
    }
    guard paths.count == 2 else { throw EngineError.specification("name a folder of images and a store to write") }
    let measurement = try run(
      folder: paths[0], path: paths[1], size: numbers["size"] ?? 256, threads: numbers["threads"] ?? 2)
    FileHandle.standardOutput.write(try JSONEncoder().encode(measurement) + Data("\n".utf8))
  }

  /// How long a large store takes to open, by command-line arguments: `STORE [--images=N] [--side=N]`, PatchCamelyon's size
  /// where they are not given. The store is made where it is not there: its index is whole, its samples are a hole in the file.
  /// Prints one line of JSON.
  ///
  /// - Throws: `EngineError.specification` for arguments that it does not know; `DataFault`; `FileFault`.
  public static func runOpening(arguments: [String]) throws {
    var numbers = ["images": 327_680, "side": 96]
    var path: String?
    for argument in arguments {
      let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
      if parts.count == 2, let value = Int(parts[1]), value >= 1, numbers[String(parts[0].dropFirst(2))] != nil {
        numbers[String(parts[0].dropFirst(2))] = value
      } else if !argument.hasPrefix("-"), path == nil {
        path = argument
      } else {
        throw EngineError.specification("unknown argument '\(argument)': use STORE --images=N --side=N")
      }
    }
    guard let path else { throw EngineError.specification("name a store to open") }
    if !FileManager.default.fileExists(atPath: path) {
      try makeHollow(path, images: numbers["images"] ?? 1, side: numbers["side"] ?? 1)
    }
    let start = nanoseconds(CLOCK_MONOTONIC)
    let store = try StoredImages(path: path)
    let opened = nanoseconds(CLOCK_MONOTONIC)
    let training = store.positions(in: .train).count
    let listed = nanoseconds(CLOCK_MONOTONIC)
    let numbersFound: [String: Double] = [
      "images": Double(store.count), "training": Double(training), "seconds": Double(opened - start) * 1e-9,
      "listingSeconds": Double(listed - opened) * 1e-9,
    ]
    FileHandle.standardOutput.write(try JSONEncoder().encode(numbersFound) + Data("\n".utf8))
  }

  private static func makeHollow(_ path: String, images: Int, side: Int) throws {
    let digits = String(images).count
    let items = (0..<images).map { number in
      let row = String(number)
      return ImageItem(
        path: "images/" + String(repeating: "0", count: digits - row.count) + row, label: number % 2)
    }
    let listing = ImageListing(root: "", items: items, classes: ["normal", "tumor"])
    var contents = StoreContents(of: listing, channels: 3, learnsUnknown: false)
    let form = StoredForm(
      height: side, width: side, channels: 3, digest: [UInt8](repeating: 0, count: 32),
      sums: Array(repeating: StoredForm.Sums(levels: 0, squares: 0), count: 3))
    for (number, item) in listing.items.enumerated() {
      let split: Split = number % 10 == 0 ? .test : number % 10 == 1 ? .validation : .train
      contents.add(form, item: item, split: split, offset: ImageStoreLayout.headerSize + number * form.size)
    }
    let output = try OutputFile(
      path: path, keeping: path + ".part", length: ImageStoreLayout.headerSize + images * form.size)
    _ = try contents.finish(output, unreadable: [], ignored: [], published: nil)
    try output.commit()
  }

  private static func nanoseconds(_ clock: clockid_t) -> UInt64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
