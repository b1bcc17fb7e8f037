import Engine
import Foundation
import Hashing
import Testing

/// The released code's splits, against CPython's own numbers (`random.Random(42)`, 3.11) and the data sets' true tables.
@Suite struct ReleasedSplitTests {
  @Test func drawsAsPythonDoes() {
    var draws = PythonRandom(seed: 42)
    #expect(
      (0..<5).map { _ in draws.word() } == [2_746_317_213, 478_163_327, 107_420_369, 3_184_935_163, 1_181_241_943])
    var others = PythonRandom(seed: 7)
    #expect((0..<6).map { _ in others.below(1000) } == [331, 970, 154, 404, 666, 49])
  }

  @Test(arguments: [
    (10, [7, 3, 2, 8, 5, 6, 9, 4, 0, 1], [6, 9, 4, 0, 1]),
    (3662, [2791, 2171, 1708, 2071, 1406, 1968, 2162, 3028, 3628, 1121], [1126, 3037, 102, 456, 2619]),
    (25331, [19993, 22352, 7, 6495, 15314, 17088, 13374, 12986, 20982, 13972], [9012, 24299, 819, 3648, 20952]),
  ])
  func shufflesAsPythonDoes(count: Int, first: [Int], last: [Int]) {
    var list = Array(0..<count)
    var draws = PythonRandom(seed: 42)
    draws.shuffle(&list)
    #expect(Array(list.prefix(10)) == first && Array(list.suffix(5)) == last)
  }

  /// Every row's split, by the SHA-256 of the words `train`, `val` and `test` with commas between, made by Python.
  @Test(arguments: [
    (3662, 0.3, [2564, 549, 549], "3655ef07af202ec0f95422fa31153d0b4fdeb99e98e131d916f4b808f59b7bcd"),
    (25331, 0.2, [20265, 2533, 2533], "898cf049921b470dfc5a99e2c0ba2f7845b3b8ed16bc8a40bef8db0ab97d8807"),
  ])
  func dividesRowForRow(count: Int, share: Double, sizes: [Int], digest: String) {
    let splits = ReleasedSplit.shuffled(count: count, heldOut: share)
    #expect(Split.allCases.map { split in splits.count { $0 == split } } == sizes)
    #expect(SHA256.digest(of: splits.map(\.rawValue).joined(separator: ",").utf8).hex == digest)
  }
}

/// What a listing holds: its images by split, and of each class.
private struct Counts {
  let images: [Int]
  /// [split][class].
  let classes: [[Int]]

  init(_ listing: ImageListing) {
    let members = Split.allCases.map { split in listing.items.filter { $0.split == split } }
    images = members.map(\.count)
    classes = members.map { items in
      var counts = Array(repeating: 0, count: listing.classes.count)
      for item in items { for label in item.label.shown { counts[label] += 1 } }
      return counts
    }
  }
}

private let shared = ProcessInfo.processInfo.environment["GRAFT_SHARED"].flatMap { $0.isEmpty ? nil : $0 }

/// A file unpacked by the system's gzip.
private func unpacked(_ path: String) throws -> [UInt8] {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/bin/gzip")
  process.arguments = ["-dc", path]
  let pipe = Pipe()
  process.standardOutput = pipe
  try process.run()
  let data = pipe.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  return Array(data)
}

/// The makers' own label files, the images being absent.
@Suite(.enabled(if: shared != nil, "set GRAFT_SHARED to a folder with data/layouts")) struct TrueLabelFileTests {
  private func root(_ folder: ScratchFolder, _ files: [(from: String, to: String)]) throws -> String {
    let layouts = try #require(shared) + "/data/layouts"
    for file in files { try folder.write(file.to, unpacked("\(layouts)/\(file.from).gz")) }
    return folder.path
  }

  /// Counted by Python from the same file.
  @Test func isic2019() throws {
    let folder = try ScratchFolder()
    let name = "ISIC_2019_Training_GroundTruth.csv"
    let root = try root(folder, [("isic2019/\(name)", name)])
    let listing = try PublishedReader(root: root, split: .released, absent: .listed).isic2019(needsLesions: false)
    #expect(listing.items.count == 25331 && listing.missing.count == 25331)
    let counts = Counts(listing)
    #expect(counts.images == [20265, 2533, 2533])
    #expect(
      counts.classes == [
        [3636, 10265, 2670, 712, 2085, 189, 195, 513], [446, 1324, 320, 74, 260, 26, 24, 59],
        [440, 1286, 333, 81, 279, 24, 34, 56],
      ])
    let patient = PublishedReader(root: root, split: .none, absent: .listed)
    guard case .missingLabelFile(let path)? = fault({ _ = try patient.isic2019(needsLesions: true) }) else {
      Issue.record("lesions were not missed")
      return
    }
    #expect(path.hasSuffix("ISIC_2019_Training_Metadata.csv"))
  }

  /// 3,103 mammograms and 3,568 findings, as the collection's makers count them; 31 patients are in training and testing.
  @Test func cbisDDSM() throws {
    let folder = try ScratchFolder()
    let names = ["mass", "calc"].flatMap { kind in
      ["train", "test"].map { "\(kind)_case_description_\($0)_set.csv" }
    }
    let root = try root(folder, names.map { ("cbis-ddsm/\($0)", "csv/\($0)") })
    let reader = PublishedReader(root: root, split: .released, absent: .listed)
    let full = try reader.cbisDDSM(.full)
    #expect(full.items.count == 3103 && Counts(full).images == [2458, 0, 645])
    let cropped = try reader.cbisDDSM(.cropped)
    #expect(cropped.items.count == 3568 && Counts(cropped).images == [2864, 0, 704])
    #expect(Counts(cropped).classes == [[1683, 1181], [0, 0], [428, 276]])
    let splits = try full.splits(SplitOptions(train: 0.425, validation: 0.075, test: 0.5))
    let shared = full.sharedGroups(splits)
    #expect(shared.count == 31 && shared[0].name == "P_00016")
    let apart = try PublishedReader(root: root, split: .none, absent: .listed).cbisDDSM(.full)
    #expect(apart.sharedGroups(try apart.splits(SplitOptions())).isEmpty)
  }
}

private let wheel = ProcessInfo.processInfo.environment["GRAFT_CHEXPERT_WHEEL"].flatMap { $0.isEmpty ? nil : $0 }

/// CheXpert's train.csv, out of the wheel of torchxrayvision 1.5.7 that GRAFT_CHEXPERT_WHEEL names: it is not to be passed
/// on, so it is in no repository.
@Suite(.enabled(if: wheel != nil, "set GRAFT_CHEXPERT_WHEEL to the wheel of torchxrayvision 1.5.7"))
struct CheXpertTableTests {
  private func table(_ folder: ScratchFolder) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3", "-m", "zipfile", "-e", try #require(wheel), folder.path]
    try process.run()
    process.waitUntilExit()
    try folder.write("train.csv", unpacked(folder.path + "/torchxrayvision/data/chexpert_train.csv.gz"))
    return folder.path
  }

  /// Counted by pandas' rules in Python from the same file: 223,414 rows, sorted by path, cut at row number 44,697.
  @Test(.timeLimit(.minutes(5))) func isCutAsReleased() throws {
    let folder = try ScratchFolder()
    let root = try table(folder)
    var reader = PublishedReader(root: root, split: .released, absent: .listed)
    let listing = try reader.cheXpert(uncertain: .zeros)
    let counts = Counts(listing)
    #expect(counts.images == [178_709, 22353, 22352])
    #expect(
      counts.classes == [
        [25565, 8694, 21358, 85885, 7224, 43261, 11898, 4654, 27274, 15445, 70158, 2601, 7066, 95125],
        [3978, 1036, 2805, 9919, 932, 4533, 1413, 664, 3046, 2015, 7889, 449, 1024, 10281],
        [3979, 1068, 2837, 9777, 1030, 4452, 1472, 721, 3056, 1988, 8140, 473, 950, 10595],
      ])
    let splits = listing.items.compactMap(\.split)
    #expect(listing.sharedGroups(splits).isEmpty)

    reader.split = .releasedOverlapping
    let overlapping = try reader.cheXpert(uncertain: .zeros)
    #expect(Counts(overlapping).images == [178_710, 22353, 22353])
    let twice = overlapping.sharedGroups(overlapping.items.compactMap(\.split))
    #expect(twice.count == 2 && twice.contains { $0.name == "patient10907" && $0.splits == [.train, .test] })

    let ignoring = try reader.cheXpert(uncertain: .ignore)
    var unknown = Array(repeating: 0, count: 14)
    reader.split = .none
    for item in try reader.cheXpert(uncertain: .ignore).items {
      for label in 0..<14 where item.label[label] == .unknown { unknown[label] += 1 }
    }
    #expect(
      unknown == [0, 12403, 8087, 5598, 1488, 12984, 27742, 18770, 33739, 3145, 11628, 2653, 642, 1079])
    #expect(ignoring.classes.first == "No Finding" && ignoring.classes.last == "Support Devices")
  }

  @Test(.timeLimit(.minutes(5))) func patientsAreDividedCleanly() throws {
    let folder = try ScratchFolder()
    let listing = try PublishedReader(root: try table(folder), split: .none, absent: .listed).cheXpert(uncertain: .ones)
    let splits = try listing.splits(SplitOptions())
    #expect(listing.sharedGroups(splits).isEmpty)
    for (split, share) in [(Split.train, 0.7), (.validation, 0.15), (.test, 0.15)] {
      #expect(abs(Double(splits.count { $0 == split }) / 223_414 - share) < 0.01)
    }
  }
}
