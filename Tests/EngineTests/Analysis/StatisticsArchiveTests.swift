import Engine
import Foundation
import Testing

@Suite struct StatisticsArchiveTests {
  private static func sample() throws -> FeatureStatistics {
    try FeatureStatistics(mean: [0.1, -2, 3e-9], covariance: [2, 0.3, 0, 0.3, 1, -0.7, 0, -0.7, 5])
  }

  @Test(arguments: [NumPyArchive.Precision.float32, .float64], [false, true])
  func comesBack(precision: NumPyArchive.Precision, deflated: Bool) throws {
    let (folder, statistics) = (try ScratchFolder(), try Self.sample())
    let path = "\(folder.path)/statistics.npz"
    try statistics.write(to: path, as: precision, deflated: deflated)
    let read = try FeatureStatistics(archive: path, scratch: "\(folder.path)/scratch")
    func kept(_ values: [Double]) -> [Double] { precision == .float64 ? values : values.map { Double(Float($0)) } }
    #expect(read.mean == kept(statistics.mean))
    #expect(read.covariance == kept(statistics.covariance))

    let first = try Data(contentsOf: URL(filePath: path))
    try statistics.write(to: path, as: precision, deflated: deflated)
    #expect(try Data(contentsOf: URL(filePath: path)) == first)
  }

  /// An archive of a single stored array, byte by byte as Python's zipfile and numpy.save lay it out.
  @Test func hasTheBytesOfItsFormat() throws {
    let folder = try ScratchFolder()
    let path = "\(folder.path)/one.npz"
    try NumPyArchive.write([NumPyArchive.Entry("a", shape: [2], values: [1, -2])], to: path, as: .float32)
    let bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }"
    let array =
      [0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0] + Array(header.utf8)
      + [UInt8](repeating: 32, count: 117 - header.utf8.count) + [10, 0, 0, 128, 63, 0, 0, 0, 192]
    let start = 30 + 5
    #expect(Array(bytes[30..<start]) == Array("a.npy".utf8))
    #expect(Array(bytes[start..<start + array.count]) == array)
    // zlib.crc32 of these 136 bytes.
    #expect(Array(bytes[14..<18]) == Self.checksum)
    #expect(bytes.count == start + array.count + 46 + 5 + 22)
  }

  private static let checksum: [UInt8] = [186, 73, 19, 10]

  @Test func refusesDamage() throws {
    let folder = try ScratchFolder()
    let path = "\(folder.path)/statistics.npz"
    try Self.sample().write(to: path)
    var bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
    bytes[30 + 6 + 128 + 3] ^= 1
    try folder.write("damaged.npz", bytes)
    let error = #expect(throws: EngineError.self) {
      try FeatureStatistics(archive: "\(folder.path)/damaged.npz", scratch: folder.path)
    }
    #expect(error?.message.contains("CRC-32") == true)
  }

  @Test(arguments: [
    ([NumPyArchive.Entry("mu", shape: [2], values: [1, 2])], "has no array \"sigma\"; it has mu"),
    (
      [
        NumPyArchive.Entry("mu", shape: [2], values: [1, 2]),
        NumPyArchive.Entry("sigma", shape: [2, 3], values: [1, 2, 3, 4, 5, 6]),
      ], "\"mu\" has the shape [2] and \"sigma\" [2, 3]"
    ),
    (
      [
        NumPyArchive.Entry("mu", shape: [2], values: [1, 2]),
        NumPyArchive.Entry("sigma", shape: [2, 2], values: [1, 0.5, 0.2, 1]),
      ], "the covariance is not symmetric: [1, 0] is 0.2, [0, 1] is 0.5"
    ),
    (
      [
        NumPyArchive.Entry("mu", shape: [1], values: [.nan]),
        NumPyArchive.Entry("sigma", shape: [1, 1], values: [1]),
      ], "not finite"
    ),
    (
      [
        NumPyArchive.Entry("mu", shape: [1], values: [0]),
        NumPyArchive.Entry("sigma", shape: [1, 1], values: [-1]),
      ], "the variance of feature 1 is -1.0"
    ),
  ])
  func refusesWhatAreNoStatistics(entries: [NumPyArchive.Entry], reason: String) throws {
    let folder = try ScratchFolder()
    let path = "\(folder.path)/wrong.npz"
    try NumPyArchive.write(entries, to: path)
    let error = #expect(throws: EngineError.self) { try FeatureStatistics(archive: path, scratch: folder.path) }
    #expect(error?.message.hasPrefix(path) == true)
    #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
  }

  @Test func refusesWhatFloat32DoesNotHold() throws {
    let folder = try ScratchFolder()
    let error = #expect(throws: EngineError.self) {
      try NumPyArchive.write(
        [NumPyArchive.Entry("a", shape: [1], values: [1e300])], to: "\(folder.path)/a.npz", as: .float32)
    }
    #expect(error?.message.contains("float32 does not hold 1e+300") == true)
    #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/a.npz"))
  }
}
