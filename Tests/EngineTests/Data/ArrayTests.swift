import Engine
import Foundation
import Testing

/// Arrays in HDF5 files and NumPy archives, as `make-arrays.py` wrote them.
@Suite struct ArrayTests {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Fixtures/arrays").path

  /// What the script's formula gives.
  static func sample(_ image: Int, _ row: Int, _ column: Int, _ channel: Int) -> UInt8 {
    UInt8(image % 2 * 120 + (image * 5 + row * 3 + column * 2 + channel * 7) % 100)
  }

  private func check(_ images: ArrayImages, start: Int, count: Int, channels: Int) throws {
    #expect(images.count == count && images.shape == ImageShape(channels: channels, height: 12, width: 12))
    for rows in [0..<count, 3..<5, (count - 1)..<count] {
      for (picture, image) in zip(try images.pictures(rows), rows) {
        for channel in 0..<channels {
          for place in 0..<144 {
            #expect(
              picture.pixels[channel * 144 + place]
                == Self.sample(start + image, place / 12, place % 12, channel))
          }
        }
      }
    }
  }

  @Test func readsRowsOfHDF5Files() throws {
    let stem = "\(Self.folder)/camelyonpatch_level_2_split_"
    for (split, start, count) in [("train", 0, 24), ("valid", 24, 8), ("test", 32, 8)] {
      try check(
        ArrayImages(HDF5Array(path: "\(stem)\(split)_x.h5", name: "x")), start: start, count: count, channels: 3)
      let labels = try HDF5Array(path: "\(stem)\(split)_y.h5", name: "y")
      #expect(labels.shape == [count, 1, 1, 1] && labels.elements == .unsigned8)
      #expect(try labels.integers(0..<count) == (start..<(start + count)).map { $0 % 2 })
    }
  }

  @Test(arguments: ["medical.npz", "stored.npz"]) func readsRowsOfNumPyArchives(_ name: String) throws {
    let scratch = try ScratchFolder()
    let archive = try NumPyArchive("\(Self.folder)/\(name)", scratch: scratch.path)
    #expect(
      archive.names == ["test_images", "test_labels", "train_images", "train_labels", "val_images", "val_labels"])
    try check(ArrayImages(archive.array("train_images")), start: 0, count: 20, channels: 1)
    try check(ArrayImages(archive.array("test_images")), start: 26, count: 6, channels: 1)
    #expect(try archive.array("val_labels").integers(1..<3) == [1, 0])
  }

  @Test func readsSignedNumbers() throws {
    let archive = try NumPyArchive("\(Self.folder)/several.npz", scratch: ScratchFolder().path)
    let labels = try archive.array("train_labels")
    #expect(labels.shape == [20, 3] && labels.elements == .integer)
    #expect(try labels.integers(0..<2) == [0, 1, 1, 1, 0, 0])
  }

  /// Its last bytes come out of zlib when no more go in.
  @Test func decompressesWhatEndsBehindAWholeChunk() throws {
    let scratch = try ScratchFolder()
    let array = try NumPyArchive("\(Self.folder)/black.npz", scratch: scratch.path).array("x")
    #expect(array.shape == [64, 128, 128])
    #expect(try array.bytes(0..<64).allSatisfy { $0 == 0 })
  }

  /// Nothing is in it, but its rows would be longer than an Int counts.
  @Test func refusesRowsOfNoPossibleSize() throws {
    let header = "{'descr': '|u1', 'fortran_order': False, 'shape': (0, 4294967296, 4294967296), }\n"
    let file = [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0] + Array(header.utf8)
    let folder = try ScratchFolder()
    let path = try folder.write("x.npy", file)
    let error = #expect(throws: EngineError.self) { try NumPyArray(NativeReader(path), title: "x") }
    #expect(error?.message.contains("its shape is (0, 4294967296, 4294967296)") == true)
  }

  @Test func decompressesWholeFiles() throws {
    let scratch = try ScratchFolder()
    let file = try NativeReader("\(Self.folder)/train_x.h5.gz")
    let path = "\(scratch.path)/x.h5"
    _ = try Inflation(file: file, span: 0..<file.size, form: .gzip).write(to: path)
    try check(ArrayImages(HDF5Array(path: path, name: "x")), start: 0, count: 24, channels: 3)
    #expect(throws: EngineError.self) {
      try Inflation(file: file, span: 0..<file.size, form: .gzip, limit: 1000).write(to: path + "2")
    }
    #expect(!FileManager.default.fileExists(atPath: path + "2"))
  }

  /// What each says, without the file's name.
  @Test(arguments: [
    ("truncated.h5", "x", "cannot be read as HDF5: it is no HDF5 file, or is truncated"),
    ("medical.npz", "x", "cannot be read as HDF5: it is no HDF5 file, or is truncated"),
    ("camelyonpatch_level_2_split_test_x.h5", "images", "it has no array \"images\"; it has: x"),
    ("floats.h5", "x", "does not hold 8-bit numbers; save the images as unsigned 8-bit"),
    ("floats.h5", "y", "has the shape 4, which is none of images"),
    ("external.h5", "x", "its numbers lie in other files, which is not read"),
    ("none.h5", "x", "none.h5"),
  ]) func refusesWhatIsNoImages(_ file: String, _ array: String, _ message: String) throws {
    let error = #expect(throws: EngineError.self) {
      _ = try ArrayImages(HDF5Array(path: "\(Self.folder)/\(file)", name: array))
    }
    #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
  }

  @Test func refusesOtherNumPyFiles() throws {
    let scratch = try ScratchFolder()
    func message(_ body: () throws -> Void) -> String {
      (#expect(throws: EngineError.self) { try body() })?.message ?? ""
    }
    #expect(
      message { _ = try NumPyArchive("\(Self.folder)/fortran.npz", scratch: scratch.path).array("x") }
        .contains("it is in column-major order"))
    #expect(
      message { _ = try NumPyArchive("\(Self.folder)/medical.npz", scratch: scratch.path).array("images") }
        .contains("has no array \"images\"; it has test_images, test_labels"))
    #expect(
      message { _ = try NumPyArchive("\(Self.folder)/floats.h5", scratch: scratch.path) }.contains("NumPy archive"))
    let gzip = try NativeReader("\(Self.folder)/truncated.h5.gz")
    #expect(
      message { _ = try Inflation(file: gzip, span: 0..<gzip.size, form: .gzip).write(to: "\(scratch.path)/x") }
        .contains("it is cut off"))
  }
}
