import Foundation
import Report
import Store
import Testing

/// Whole reports, byte for byte. `GRAFT_RECORD=1` rewrites the snapshots, and fails, so that nobody records by accident.
@Suite struct SnapshotTests {
  static let studies: [(name: String, study: PhantomStudy)] = [
    ("whole", PhantomStudy()),
    ("broken", broken),
    ("random-only", PhantomStudy(study: "random-only", fractions: [1], initialisations: ["RI"])),
    ("one-seed", PhantomStudy(study: "one-seed", datasets: ["derma"], fractions: [1], seeds: 1)),
    ("long-names", longNames),
    ("distances", distances),
    ("rates", PhantomStudy(study: "rates", seeds: 1, searchesRates: true)),
  ]

  static let broken = PhantomStudy(
    study: "broken", fractions: [1],
    fate: { cell in
      switch (cell.dataset, cell.backbone, cell.initialisation, cell.seed) {
      case ("derma", "vit_micro", "RI", 3): (.diverged, "its training loss stopped being finite at step 120")
      case ("derma", "vit_micro", "WT", _): (.failed, "weights/vit.safetensors: no such file, \"weights\" stage failed")
      case ("nodules", "resnet_micro", _, 2...): (.missing, "not yet run")
      default: nil
      }
    })

  static let longNames = PhantomStudy(
    study: "long-names",
    datasets: ["a_data_set_of_chest_radiographs_with_a_very_long_name", "x,y & \"<z>\"", "短い"],
    backbones: (1...30).map { "backbone_number_\($0)_patch16_224_in21k" }, fractions: [1], seeds: 2)

  static let distances = PhantomStudy(
    study: "distances", datasets: ["aptos2019", "ddsm", "isic2019", "chexpert", "camelyon"],
    backbones: ["deit_small", "swin_tiny", "inception_v3", "resnet50"], fractions: [1],
    distances: ["aptos2019": 160, "ddsm": 155, "isic2019": 141, "chexpert": 181, "camelyon": 202])

  @Test(arguments: studies.map(\.name)) func report(name: String) throws {
    let study = try #require(Self.studies.first { $0.name == name }).study
    for file in ReportWriter.renderFiles(results: study.results) where Self.isKept(file.path, name) {
      try Snapshot.expect(file.text, "\(name)/\(file.path)")
    }
  }

  /// The large studies are kept for what is hard to draw in them, not for their tables.
  private static func isKept(_ path: String, _ name: String) -> Bool {
    switch name {
    case "long-names": ["figures/figure-1.svg", "tables/performance.tex", "tables/performance.md"].contains(path)
    case "distances": path == "figures/figure-1.svg" || path == "figures/figure-1.csv"
    case "rates": path.contains("lr") || path == "report.html"
    default: true
    }
  }
}

enum Snapshot {
  static func expect(_ text: String, _ path: String, _ location: SourceLocation = #_sourceLocation) throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Snapshots/\(path)")
    if ProcessInfo.processInfo.environment["GRAFT_RECORD"] == "1" {
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
      Issue.record("recorded \(path)", sourceLocation: location)
      return
    }
    let recorded = FileManager.default.contents(atPath: file.path)
    let expected = recorded.map { String(decoding: $0, as: UTF8.self) }
    if expected == text { return }
    let lines = (expected ?? "").split(separator: "\n", omittingEmptySubsequences: false)
    let found = text.split(separator: "\n", omittingEmptySubsequences: false)
    let line =
      zip(lines, found).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? min(lines.count, found.count)
    Issue.record(
      """
      \(path) differs from its snapshot at line \(line + 1):
      recorded: \(line < lines.count ? String(lines[line].prefix(300)) : "(end)")
      found:    \(line < found.count ? String(found[line].prefix(300)) : "(end)")
      If the change is meant, record it with GRAFT_RECORD=1 and look at it.
      """, sourceLocation: location)
  }
}
