import Foundation
import Planner
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
    ("small-measures", smallMeasures),
    ("measures", measures),
    ("broken-measures", brokenMeasures),
    ("deep-measures", deepMeasures),
    ("published", published),
    ("depths", depths),
    ("capacities", capacities),
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

  /// Every kind, on networks small enough to read the whole report.
  static let smallMeasures = PhantomStudy(
    study: "small-measures", datasets: ["derma"], backbones: ["deit_tiny"], fractions: [1], seeds: 2,
    measures: PhantomMeasures(layers: { _ in ["patch_embed", "blocks.0.attn", "blocks.0.mlp", "head"] }, images: 12))

  static let measures = PhantomStudy(
    study: "measures", backbones: ["deit_small", "resnet50"], fractions: [1], seeds: 3,
    distances: ["derma": 141, "nodules": 181], measures: PhantomMeasures())

  /// A cell diverged, measures failed, were never run or have no value for a layer; one seed of one data set.
  static let brokenMeasures = PhantomStudy(
    study: "broken-measures", datasets: ["a_data_set_of_chest_radiographs_with_a_very_long_name", "derma"],
    backbones: ["deit_small_patch16_224_in21k"], fractions: [1], seeds: 2,
    fate: { cell in
      cell.dataset == "derma" && cell.initialisation == "RI" && cell.seed == 0
        ? (.diverged, "its training loss stopped being finite at step 120") : nil
    },
    measures: PhantomMeasures(
      kinds: [.knn, .layerwiseKNN, .layerImportance, .l2, .cka, .crossCKA, .embedding], images: 700, classes: 14,
      fate: { cell, kind in
        switch (kind, cell.dataset, cell.initialisation, cell.seed) {
        case (.cka, "derma", "RI", _):
          (.failed, "cka failed: the device has too little memory for a batch of 64 images")
        case (.cka, _, "ST", 1): (.missing, "not yet run")
        case (.embedding, "derma", "WT", _): (.missing, "not yet run")
        case (.knn, "derma", "ST", _): (.failed, "knn failed: <no> \"images\"")
        case (.l2, "derma", _, 1): (.missing, "not yet run")
        default: nil
        }
      },
      varies: { cell, layer in !(cell.initialisation == "ST" && layer == "blocks.4.mlp") }))

  /// The paper's settings, a data set of which has no results yet, beside its own figure 1.
  static let published = PhantomStudy(
    study: "published", datasets: ["aptos2019", "ddsm", "isic2019", "chexpert", "camelyon"],
    backbones: ["deit_small", "swin_tiny", "inception_v3", "resnet50"], fractions: [1], seeds: 2,
    reporting: Reporting(
      correction: .benjaminiHochberg, published: true,
      question: "Does what helped on <natural> images help on ours, and is it the features?"),
    fate: { $0.dataset == "camelyon" ? (.stale, "version 1 of train made it") : nil })

  /// Every second mixture by depth at three fractions; some runs failed.
  static let depths = PhantomStudy(
    study: "depths", datasets: ["derma", "nodules"], backbones: ["deit_small"], fractions: [0.1, 0.5, 1],
    initialisations: ["RI", "ST", "WT-ST-1", "WT-ST-3", "WT-ST-5", "WT-ST-7", "WT-ST-9", "WT"], seeds: 3, slots: 4,
    fate: { $0.initialisation == "WT-ST-5" && $0.seed == 1 ? (.failed, "the machine was out of memory") : nil })

  /// Families of two and three sizes, one network without others of its family.
  static let capacities = PhantomStudy(
    study: "capacities", datasets: ["derma", "nodules"],
    backbones: ["deit_tiny", "deit_small", "deit_base", "resnet18", "resnet50", "inception_v3"], fractions: [1],
    seeds: 3)

  /// A network of sixty layers, two fractions of the images, one seed.
  static let deepMeasures = PhantomStudy(
    study: "deep-measures", datasets: ["derma"], backbones: ["resnet152"], fractions: [0.1, 1], seeds: 1,
    measures: PhantomMeasures(layers: { _ in PhantomMeasures.resnet(blocks: [3, 8, 44, 3]) }, images: 2500, classes: 9))

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
    case "published": path.contains("published") || path == "report.html" || path == "comparisons.csv"
    case "depths": ["depth", "fraction", "stages", "timeline"].contains { path.contains("/\($0)") }
    case "capacities": path.contains("capacity") || path == "correlations.csv"
    case "distances": path == "figures/figure-1.svg" || path == "figures/figure-1.csv"
    case "rates": path.contains("lr") || path == "report.html"
    case "measures": isOfMeasures(path) && path.hasSuffix("svg")
    case "broken-measures": path == "cells.csv" || isOfMeasures(path) && path.hasSuffix("svg")
    // Maps of sixty layers are large: one figure of them is enough.
    case "deep-measures":
      isOfMeasures(path) && path.hasSuffix("svg") && !["cka", "embedding"].contains { path.hasSuffix("/\($0).svg") }
    default: true
    }
  }

  private static func isOfMeasures(_ path: String) -> Bool {
    let names = ["knn", "layerwise-knn", "layer-importance", "l2", "cka", "cross-cka", "embedding", "convergence"]
    return names.contains { path.hasPrefix("figures/\($0).") }
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
