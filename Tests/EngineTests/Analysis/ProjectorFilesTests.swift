import Engine
import Foundation
import Testing

@Suite struct ProjectorFilesTests {
  private static func text(_ folder: ScratchFolder, _ name: String) throws -> String {
    try String(contentsOfFile: "\(folder.path)/\(name)", encoding: .utf8)
  }

  @Test func haveARowAnImage() throws {
    let folder = try ScratchFolder()
    try ProjectorFiles.write(
      features: [0.1, -2, 1e-7, 16_777_216, 3.4e38, 0], d: 3, names: ["a\tb.png", "c\r\nd\u{2028}é.png"],
      classes: ["x", ""], title: "deit \"small\" \\ final", to: folder.path)
    #expect(try Self.text(folder, ProjectorFiles.tensors) == "0.1\t-2.0\t1e-07\n16777216.0\t3.4e+38\t0.0\n")
    #expect(try Self.text(folder, ProjectorFiles.metadata) == "name\tclass\na b.png\tx\nc  d é.png\t-\n")
    #expect(
      try Self.text(folder, ProjectorFiles.configuration) == """
        embeddings {
          tensor_name: "deit \\"small\\" \\\\ final"
          tensor_path: "tensors.tsv"
          metadata_path: "metadata.tsv"
        }

        """)
  }

  @Test func haveNoTitleOverASingleColumn() throws {
    let folder = try ScratchFolder()
    try ProjectorFiles.write(features: [1, 2], d: 1, names: ["a", "\n"], title: "t", to: folder.path)
    #expect(try Self.text(folder, ProjectorFiles.metadata) == "a\n-\n")
  }

  /// More rows than are written at a time; every number comes back.
  @Test func keepEveryNumber() throws {
    let folder = try ScratchFolder()
    let features = Fixture.formula("projector", count: 2500 * 3).map { Float(pow(10, $0 * 37)) }
    try ProjectorFiles.write(
      features: features, d: 3, names: (0..<2500).map { "\($0)" }, title: "t", to: folder.path)
    let rows = try Self.text(folder, ProjectorFiles.tensors).split(separator: "\n").map { $0.split(separator: "\t") }
    #expect(rows.count == 2500 && rows.allSatisfy { $0.count == 3 })
    #expect(rows.flatMap { $0.compactMap { Float($0) } } == features)
  }

  @Test func refuseWhatDoesNotFit() throws {
    let folder = try ScratchFolder()
    func write(_ features: [Float], _ names: [String], _ classes: [String]? = nil) throws {
      try ProjectorFiles.write(features: features, d: 2, names: names, classes: classes, title: "t", to: folder.path)
    }
    let count = #expect(throws: EngineError.self) { try write([1, 2, 3], ["a"]) }
    #expect(count?.message == "3 numbers cannot be the features of 1 images, 2 each")
    let classes = #expect(throws: EngineError.self) { try write([1, 2], ["a"], ["x", "y"]) }
    #expect(classes?.message == "2 classes cannot be those of 1 images")
    #expect(throws: EngineError.self) { try write([], []) }
    #expect(throws: EngineError.self) { try write([1, .nan], ["a"]) }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
  }
}
