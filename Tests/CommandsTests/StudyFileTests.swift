import Foundation
import Testing

/// How commands read the files of a study: several of them, and none that never ends.
@Suite struct StudyFileTests {
  fileprivate static let base = """
    axes: {dataset: [marks], backbone: [resnet_micro], init: [RI]}
    seeds: 2
    data: images
    training: {epochs: 3}
    datasets: {marks: {format: folder, root: marks}}

    """

  /// What is no file of a bounded size, and what is said of it.
  enum NoFile: String, CaseIterable {
    case pipe, zeros, folder, hundredMegabytes, notReadable
  }

  @Test(.timeLimit(.minutes(1)), arguments: NoFile.allCases) func whatIsNoStudyFileIsNotRead(_ kind: NoFile) throws {
    let folder = try TemporaryFolder()
    let path = folder.url.appendingPathComponent("base.yaml").path
    let words: String
    var isRefused = true
    switch kind {
    case .pipe:
      try #require(mkfifo(path, 0o600) == 0)
      words = "it is a pipe or a device, not a file"
    case .zeros:
      try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/dev/zero")
      words = "it is a pipe or a device, not a file"
    case .folder:
      try folder.write("", to: "base.yaml/x")
      words = "it is a folder"
    case .hundredMegabytes:
      try folder.write("study: x\n", to: "base.yaml")
      try #require(truncate(path, 100 << 20) == 0)
      words = "it has 104857600 bytes; a study may have 1048576"
    case .notReadable:
      try folder.write("study: x\n", to: "base.yaml")
      try #require(chmod(path, 0) == 0)
      words = "Permission denied"
      isRefused = geteuid() != 0
    }
    guard isRefused else { return }
    for command in ["check", "plan", "status"] {
      let result = try GraftProcess.run([command, "base.yaml"], in: folder)
      #expect(result.status == (kind == .hundredMegabytes ? 65 : 66), "\(result.errors)")
      #expect(result.errors.contains(words), "\(result.errors)")
    }
    try folder.write("study: child\nextends: base.yaml\n", to: "child.yaml")
    let extended = try GraftProcess.run(["check", "child.yaml"], in: folder)
    #expect(extended.status == 65)
    #expect(
      extended.errors.contains("child.yaml:2:10: error: `base.yaml` cannot be extended: \(words)"), "\(extended.errors)"
    )
  }

  /// What asks for much more memory or time than it is worth.
  enum Attack: String, CaseIterable {
    case laughs, levels, values, keys, range, text

    var study: String {
      switch self {
      case .laughs: (1...9).map(Self.tenfold).joined()
      case .levels: "study: " + String(repeating: "[", count: 100_000)
      case .values: "study: " + String(repeating: "[", count: 900) + String(repeating: "a,", count: 520_000)
      case .keys: (0..<90_000).map { "k\($0): 1\n" }.joined()
      case .range: StudyFileTests.base + "study: s\nblocks: [{axes: {training.epochs: {range: [0, 1000000000000]}}}]\n"
      case .text: "study: " + String(repeating: "x", count: 1_000_000)
      }
    }

    /// A list that names the one before it ten times.
    private static func tenfold(_ level: Int) -> String {
      let value = level > 1 ? "*a\(level - 1)" : "x"
      let values = Array(repeating: value, count: 10).joined(separator: ", ")
      return "a\(level): &a\(level) [\(values)]\n"
    }
  }

  @Test("is refused within half a gigabyte and half a minute", .timeLimit(.minutes(3)), arguments: Attack.allCases)
  func hostileTexts(_ attack: Attack) throws {
    let folder = try TemporaryFolder()
    try folder.write(attack.study, to: "x.yaml")
    // `ulimit -v` counts in KiB and takes in what is mapped and never touched.
    let script = "ulimit -v 1500000; ulimit -d 500000; ulimit -t 30; exec \(GraftProcess.binary.path) check x.yaml"
    let result = try GraftProcess.start(["-c", script], in: folder, program: URL(fileURLWithPath: "/bin/sh")).finish()
    let shown = String(result.errors.prefix(400))
    #expect(result.status == 65, "\(shown)")
    #expect(shown.contains("x.yaml") && shown.contains(": error: "), "\(shown)")
  }

  @Test func everyCommandReadsWhatAStudyExtends() throws {
    let folder = try TemporaryFolder()
    try folder.write(Self.base, to: "shared/base.yaml")
    try folder.write("study: child\nextends: shared/base.yaml\nseeds: 1\n", to: "child.yaml")
    let checked = try GraftProcess.run(["check", "child.yaml"], in: folder)
    #expect(checked.output == "child.yaml: child: 1 cells, no faults\n", "\(checked.errors)")
    let planned = try GraftProcess.run(
      ["plan", "child.yaml", "--cells", "--set", "seeds={range: [4, 6]}", "--only", "seed>4"], in: folder)
    #expect(planned.output.contains("marks/resnet_micro/1.0/RI/6") && !planned.output.contains("RI/4"))
    for command in [
      ["status", "child.yaml"], ["doctor", "child.yaml"], ["explain", "child.yaml", "marks/resnet_micro/1.0/RI/0"],
    ] {
      let result = try GraftProcess.run(command, in: folder)
      #expect(result.status != 65, "\(command): \(result.errors)")
    }
    let one = try GraftProcess.run(
      [
        "train", "--study", "child.yaml", "--dataset", "marks", "--backbone", "resnet_micro", "--print-study",
      ], in: folder)
    #expect(
      one.output.contains("data: shared/images") && one.output.contains("epochs: 3"), "\(one.output)\(one.errors)")

    try folder.write(Self.base.replacing("epochs", with: "epocs"), to: "shared/base.yaml")
    let wrong = try GraftProcess.run(["check", "../\(folder.url.lastPathComponent)/child.yaml"], in: folder)
    #expect(wrong.errors.contains("/shared/base.yaml:4:12: error: unknown training option `epocs`"), "\(wrong.errors)")
  }

  /// What a run keeps: the texts of all files, and their digests beside the results.
  @Test(.timeLimit(.minutes(2))) func aRunKeepsAllTexts() throws {
    let folder = try TemporaryFolder()
    try folder.write(Studies.small(), to: "shared/base.yaml")
    try folder.write("study: child\nextends: shared/base.yaml\nseeds: 1\ntraining: {epochs: 1}\n", to: "child.yaml")
    let only = ["--only", "init=RI,backbone=resnet_micro"]
    let run = try GraftProcess.run(["run", "child.yaml"] + only, in: folder)
    #expect(run.status == 0, "\(run.errors)")
    #expect(try GraftProcess.run(["report", "child.yaml"] + only, in: folder).status == 0)
    let provenance = try folder.text("results/child/provenance.json")
    #expect(provenance.contains("\"study_extends\"") && provenance.contains("\"shared/base.yaml\""), "\(provenance)")
    #expect(!provenance.contains("dataset: [grading]"), "\(provenance)")
    // The same cells in one file are the same stages.
    let whole = Studies.small(epochs: 1, seeds: 1).replacing("study: small", with: "study: child")
    try folder.write(whole, to: "child.yaml")
    let again = try GraftProcess.run(["plan", "child.yaml"] + only, in: folder)
    #expect(again.output.contains("nothing to run: every stage is done"), "\(again.output)")
  }
}
