import Files
import Foundation
import Testing

@Suite struct ParallelTests {
  @Test(arguments: [(0, 1), (1, 1), (7, 3), (1000, 1), (1000, 64), (3, 100)])
  func valuesComeInOrder(count: Int, block: Int) {
    #expect(Parallel.map(count, block: block) { $0 * $0 } == (0..<count).map { $0 * $0 })
  }

  /// Work within work, deeper than there are cores, comes to its end.
  @Test func mayBeNested() {
    let sums = Parallel.map(20) { outer in
      Parallel.map(20) { inner in Parallel.map(5) { outer * inner + $0 }.reduce(0, +) }.reduce(0, +)
    }
    #expect(sums == (0..<20).map { outer in (0..<20).reduce(0) { $0 + 5 * outer * $1 + 10 } })
  }

  @Test func aTaskIsWaitedFor() {
    let tasks = (0..<20).map { number in Parallel.Task { Parallel.map(10) { $0 + number } } }
    for (number, task) in tasks.enumerated() { #expect(task.value == (0..<10).map { $0 + number }) }
  }
}

@Suite struct BytePiecesTests {
  private static func inNewFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("graft-pieces-\(UUID().uuidString)").path
    try DurableFiles.makeFolder(folder)
    defer { try? DurableFiles.remove(folder) }
    try body(folder)
  }

  private static let large = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 / 251) }

  @Test(
    arguments: [
      [], [[]], [[1, 2, 3]], [[1], [], [2, 3]], [large], [[1], large, [2]],
    ] as [[[UInt8]]])
  func areWrittenOneAfterAnother(pieces: [[UInt8]]) throws {
    try Self.inNewFolder { folder in
      let path = "\(folder)/a"
      let bytes = BytePieces(pieces)
      #expect(bytes.joined == pieces.flatMap(\.self) && bytes.count == bytes.joined.count)
      #expect(!bytes.isContent(of: path))
      let file = try bytes.write(besides: path)
      #expect(access(path, F_OK) != 0)
      try file.commit()
      #expect(try DurableFiles.read(path) == bytes.joined)
      #expect(bytes.isContent(of: path) && !bytes.isContent(of: folder))
      #expect(!BytePieces(pieces + [[0]]).isContent(of: path))
      if var last = pieces.last, !last.isEmpty {
        last[last.count - 1] &+= 1
        #expect(!BytePieces(pieces.dropLast() + [last]).isContent(of: path))
      }
    }
  }
}
