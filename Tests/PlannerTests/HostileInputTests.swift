import Foundation
import Planner
import Testing

/// Studies that are made to hurt: refused with few words, whatever they ask for. What they may cost at most is shown by the same
/// texts under limits of memory and time, in the tests of commands.
@Suite struct HostileInputTests {
  /// A text and what its first fault must say.
  struct Attack: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let text: String
    let words: String

    init(_ name: String, _ text: String, _ words: String) {
      testDescription = name
      self.text = text
      self.words = words
    }
  }

  private static let grid = """
    study: s
    axes: {dataset: [marks], backbone: [resnet_micro], init: [RI]}
    seeds: 1
    datasets: {marks: {format: folder, root: marks}}

    """

  /// The grid with one more axis.
  private static func axis(_ text: String) -> String { grid.replacing("init:", with: "\(text), init:") }

  private static func repeated(_ text: String, _ count: Int) -> String { String(repeating: text, count: count) }

  /// Aliases that stand for `10^levels` values.
  private static func bomb(levels: Int) -> String {
    "a0: &a0 [x]\n"
      + (1...levels).map { "a\($0): &a\($0) [\(Array(repeating: "*a\($0 - 1)", count: 10).joined(separator: ", "))]\n" }
      .joined()
  }

  static let attacks: [Attack] = [
    Attack("a billion laughs", grid + bomb(levels: 9), "the file stands for more than 500000 values"),
    Attack("laughs as keys", grid + bomb(levels: 9) + "? *a9\n: 1\n", "a key must be a plain word"),
    Attack(
      "a thousand and one aliases", grid + "x: &x 1\ny: [" + repeated("*x, ", 1001) + "1]\n", "more than 1000 aliases"),
    Attack("100,000 levels of lists", "study: " + repeated("[", 100_000), "nested more than 32 levels deep"),
    Attack("100,000 levels of mappings", "study: " + repeated("{a: ", 100_000), "nested more than 32 levels deep"),
    Attack("100,000 levels in one line", repeated("- ", 100_000) + "a", "nested more than 32 levels deep"),
    Attack("1,400 levels by indentation", (0..<1400).map { repeated(" ", $0) + "a:\n" }.joined(), "32 levels deep"),
    Attack(
      "900 levels and many values", "study: " + repeated("[", 900) + repeated("a,", 100_000), "this is not YAML"),
    Attack("half a million values", grid + "x: [" + repeated("a,", 510_000) + "]\n", "more than 500000 values"),
    Attack("a hundred thousand keys", (0..<80_000).map { "k\($0): 1\n" }.joined(), "unknown section `k0`"),
    Attack("a megabyte of text", "study: " + repeated("x", 1_000_000), "cannot be the name of a study"),
    Attack(
      "a megabyte of letters beyond ASCII", "study: " + repeated("ü", 500_000), "cannot be the name of a study"),
    Attack(
      "a megabyte of variables", "study: \"" + repeated("${A:-x}", 140_000) + "\"",
      "cannot be the name of a study"),
    Attack("more than a megabyte", repeated("# x\n", 300_000), "a study may have 1048576"),
    Attack("empty lines", repeated("\n", 1_000_000), "holds no study"),
    Attack("keys without values", repeated("? ", 100_000), "nested more than 32 levels deep"),
    Attack(
      "a range of a billion", grid.replacing("seeds: 1", with: "seeds: {range: [0, 1000000000]}"),
      "1000000001 values of `seeds` are more than 100000"),
    Attack(
      "a spacing of a billion", axis("training.optimizer.lr: {log: [1, 2, 1000000000]}"),
      "1000000000 values of `training.optimizer.lr` are more than 100000"),
    Attack(
      "axes of a hundred thousand each",
      axis("training.epochs: {range: [1, 100000]}, training.log_every: {range: [1, 100000]}"),
      "the grid has more than 10000000 cells"),
    Attack(
      "rules without number",
      grid + "rules: [" + repeated("{when: {init: RI}, set: {training.epochs: 1}}, ", 1001) + "]\n",
      "1001 rules are more than 1000"),
    Attack(
      "blocks without number", grid + "blocks: [" + repeated("{}, ", 1001) + "]\n", "1001 blocks are more than 1000"),
    Attack(
      "a pattern of stars", grid + "exclude: [{dataset: \"" + repeated("*a", 200_000) + "\"}]\n",
      "400000 letters in a pattern are more than 1000"),
    Attack(
      "patterns without number", grid + "exclude: [{dataset: [" + repeated("a*, ", 1001) + "]}]\n",
      "1001 patterns are more than 1000"),
    Attack(
      "data sets that are none",
      grid.replacing("[marks]", with: "[" + (0..<60_000).map { "d\($0), " }.joined() + "marks]"),
      "unknown data set `d0`"),
    Attack(
      "analyses without number",
      grid + "analyses: [" + (1...9_000).map { "{name: knn, k: \($0)}, " }.joined() + "x]\n",
      "unknown analysis `x`"),
  ]

  @Test("is refused in few words", arguments: attacks) func refused(_ attack: Attack) throws {
    let faults = #expect(throws: StudyFaults.self) { try StudyReader.read(text: attack.text, fileName: "s.yaml") }
    let text = faults?.description ?? ""
    #expect(text.contains(attack.words), "\(text.prefix(600))")
    #expect(text.utf8.count < 100_000)
  }

  /// Files that extend each other are bounded in depth, and each in size.
  @Test func extendedFilesAreBounded() throws {
    let endless = BaseFiles(ownIdentity: "s") { path in
      let number = Int(path.filter(\.isNumber)) ?? 0
      return BaseFiles.File(name: path, data: Data("extends: b\(number + 1).yaml\n".utf8), identity: path)
    }
    let faults = #expect(throws: StudyFaults.self) {
      try StudyReader.read(text: "study: s\nextends: b0.yaml\n", fileName: "s.yaml", bases: endless)
    }
    #expect(faults?.description.hasPrefix("b8.yaml:1:10: error: files extend each other more than 9 deep") == true)
    let large = BaseFiles(["b.yaml": Data(count: 2 << 20)])
    let refused = #expect(throws: StudyFaults.self) {
      try StudyReader.read(text: "study: s\nextends: b.yaml\n", fileName: "s.yaml", bases: large)
    }
    #expect(refused?.description.hasPrefix("b.yaml: error: the file has 2097152 bytes") == true)
  }

  /// Nothing that a study calls by a name can lead out of a folder.
  @Test(arguments: [
    "../x", "..", ".", "/etc/x", "a/b", "a\\b", "-rf", "", "A b", "x\u{0}y", "\u{202e}x", "~", "~root", "a\nb",
  ])
  func namesAreNoPaths(_ name: String) {
    let quoted = JSONValue.string(name).canonicalText
    for text in [
      Self.grid.replacing("study: s", with: "study: \(quoted)"),
      Self.grid.replacing("marks", with: quoted),
      Self.axis("training.epochs: {named: {\(quoted): 3}}"),
    ] {
      #expect(throws: StudyFaults.self, "\(text)") { try StudyReader.read(text: text, fileName: "s.yaml") }
    }
  }
}
