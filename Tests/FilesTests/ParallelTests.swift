import Files
import Foundation
import Synchronization
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

  /// Whoever has no part of the outer work left helps with the inner one: its two parts wait for each other.
  @Test(.enabled(if: ProcessInfo.processInfo.activeProcessorCount > 1))
  func whoeverIsDoneHelpsWithInnerWork() {
    let begun = Atomic(0)
    let inner = Parallel.map(2) { outer -> [Int] in
      guard outer == 1 else { return [] }
      return Parallel.map(2) { part in
        begun.add(1, ordering: .sequentiallyConsistent)
        while begun.load(ordering: .sequentiallyConsistent) < 2 { usleep(100) }
        return part
      }
    }
    #expect(inner == [[], [0, 1]])
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

  /// How many pieces are made and not given back.
  private final class Tally: Sendable {
    let count = Atomic(0)
  }

  private final class Piece: BytePiece {
    private let bytes: [UInt8]
    private let tally: Tally

    init(_ bytes: [UInt8], _ tally: Tally) {
      self.bytes = bytes
      self.tally = tally
      tally.count.add(1, ordering: .relaxed)
      // Some come later than those after them.
      if bytes.count % 3 == 1 { usleep(2000) }
    }

    func withBytes<Value>(_ body: (UnsafeRawBufferPointer) throws -> Value) rethrows -> Value {
      try bytes.withUnsafeBytes(body)
    }

    func giveBack() { tally.count.subtract(1, ordering: .relaxed) }
  }

  private static func made(_ pieces: [[UInt8]], _ tally: Tally = Tally()) -> BytePieces {
    BytePieces(pieces.count) { Piece(pieces[$0], tally) }
  }

  @Test(
    arguments: [
      [], [[]], [[1, 2, 3]], [[1], [], [2, 3]], [large], [[1], large, [2]], [[1, 2], [3], [4, 5], large, [6]],
    ] as [[[UInt8]]])
  func areWrittenOneAfterAnother(pieces: [[UInt8]]) throws {
    try Self.inNewFolder { folder in
      let path = "\(folder)/inner/a"
      let bytes = Self.made(pieces)
      let whole = pieces.flatMap(\.self)
      #expect(bytes.joined == whole)
      let file = try #require(try bytes.output(to: path))
      #expect(access(path, F_OK) != 0)
      try file.commit()
      #expect(try DurableFiles.read(path) == whole)
      #expect(try bytes.output(to: path) == nil)
      var others = [pieces + [[0]], [[0]] + pieces]
      if !whole.isEmpty { others.append([Array(whole.dropLast())]) }
      if var last = pieces.last, !last.isEmpty {
        last[last.count - 1] &+= 1
        others.append(pieces.dropLast() + [last])
      }
      for other in others {
        let changed = try #require(try Self.made(other).output(to: path))
        #expect(try DurableFiles.read(path) == whole)
        try changed.commit()
        #expect(try DurableFiles.read(path) == other.flatMap(\.self))
        try #require(try bytes.output(to: path)).commit()
        #expect(try DurableFiles.read(path) == whole)
      }
      #expect(try DurableFiles.names(in: "\(folder)/inner") == ["a"])
    }
  }

  @Test func everyPieceIsGivenBackThoughItsFileCannotBeWritten() throws {
    try Self.inNewFolder { folder in
      let tally = Tally()
      let pieces = Self.made((0..<50).map { Array(repeating: 1, count: $0) }, tally)
      #expect(try pieces.output(to: "\(folder)/b") != nil)
      try DurableFiles.makeFolder("\(folder)/a.part")
      #expect(throws: FileFault.self) { try pieces.output(to: "\(folder)/a") }
      #expect(tally.count.load(ordering: .relaxed) == 0)
    }
  }
}
