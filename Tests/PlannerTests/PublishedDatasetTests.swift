import Foundation
import Planner
import Testing

/// The study's data sets by name.
@Suite struct PublishedDatasetTests {
  private func plan(_ dataset: String, _ datasets: String = "") throws -> Plan {
    let study = """
      study: published
      axes: {dataset: [\(dataset)], backbone: [resnet18], init: [RI]}
      seeds: 1
      \(datasets)
      """
    return try StudyReader.read(text: study, fileName: "study.yaml").plan(contents: [:])
  }

  private func options(_ plan: Plan) throws -> DatasetOptions {
    try DatasetParameters(try #require(plan.stages.first { $0.kind == .dataset }).parameters).options
  }

  /// A name alone is the same stage as all that it stands for written out.
  @Test(arguments: PublishedDataset.allCases) func aNameStandsForItsDefaults(_ dataset: PublishedDataset) throws {
    let named = try plan(dataset.rawValue)
    let facts = dataset.facts
    let found = try options(named)
    #expect(found.task == facts.task && found.metric == facts.metric && found.channels == facts.channels)
    let stage = try #require(named.stages.first { $0.kind == .dataset })
    #expect(stage.locations["root"] == "datasets/\(facts.folder)")
    #expect(try DatasetParameters(stage.parameters).canonical == stage.parameters)
    let written = try plan(
      dataset.rawValue,
      "datasets: {\(dataset.rawValue): {format: \(dataset.rawValue), root: elsewhere, missing: fail, "
        + "split: \(facts.splits[0].rawValue), channels: \(facts.channels), metric: \(facts.metric.rawValue)}}")
    #expect(written.stages.map(\.key) == named.stages.map(\.key))
    #expect(written.stages[0].locations["root"] == "datasets/elsewhere")
  }

  @Test(arguments: [
    ("chexpert", "uncertain: ignore"), ("chexpert", "split: released_overlapping"), ("chexpert", "missing: skip"),
    ("isic2019", "split: {kind: patient, seed: 7}"), ("cbis_ddsm", "view: cropped"), ("aptos2019", "split: random"),
  ])
  func whatChangesADataSetChangesItsKey(_ name: String, _ option: String) throws {
    let changed = try plan(name, "datasets: {\(name): {\(option)}}")
    #expect(changed.stages[0].key != (try plan(name)).stages[0].key)
    #expect(try DatasetParameters(changed.stages[0].parameters).canonical == changed.stages[0].parameters)
  }

  /// A data set of one's own may bear the name.
  @Test func namesMayBeTaken() throws {
    let own = try plan("ddsm", "datasets: {ddsm: {format: folder, root: mine}}")
    #expect(try options(own).format == .folder)
    #expect(try plan("ddsm", "datasets: {other: {format: folder, root: mine}}").stages.count == 3)
  }

  /// Options of tables that came later are no part of a key at their defaults.
  @Test func laterOptionsOfTablesChangeNoKeyAtTheirDefaults() throws {
    func key(_ further: String) throws -> StageKey {
      try plan("own", "datasets: {own: {format: csv, root: r, labels: l.csv, image: f, target: c\(further)}}").stages[0]
        .key
    }
    let plain = try key("")
    #expect(try key(", delimiter: auto, blank: fail, missing: fail, task: multiclass") == plain)
    for further in [", delimiter: tab", ", missing: skip", ", separator: \"|\""] { #expect(try key(further) != plain) }
    let column = try key(", split: {column: part}")
    #expect(try key(", split: {column: part, shared_groups: fail}") == column)
    #expect(try key(", split: {column: part, group: who}") != column)
  }

  @Test func theStandardOnesLieInTheirFolders() {
    let all = PublishedDataset.standard(dataFolder: "/srv")
    #expect(all.map(\.name) == PublishedDataset.allCases.map(\.rawValue))
    #expect(all.compactMap(\.root).allSatisfy { $0.hasPrefix("/srv/") })
  }
}
