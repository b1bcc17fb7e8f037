import Planner
import Testing

/// What an edit of a study does to its plan.
@Suite struct DifferenceTests {
  private static func plan(_ changes: [(String, String)] = [], versions: KindVersions = .current) throws -> Plan {
    let text = """
      study: s
      axes: {dataset: [d], backbone: [resnet_micro], fraction: [0.5, 1.0], init: [RI, WT]}
      seeds: 2
      training: {epochs: 2, batch_size: 8}
      datasets:
        d: {format: phantom, domain: grading, images: {train: 40, val: 20, test: 20}, size: 32, seed: 1, difficulty: 0.2}
      weights: {resnet_micro: {pretrain: {dataset: d, epochs: 1}}}
      """
    let overrides = changes.map { (name: $0.0, value: $0.1) }
    return try StudyReader.read(text: text, fileName: "s.yaml", overrides: overrides)
      .plan(contents: [:], versions: versions)
  }

  @Test func anEditOfNothingIsNone() throws {
    let difference = PlanDifference(from: try Self.plan(), to: try Self.plan())
    #expect(difference.isEmpty && difference.same == 8)
  }

  @Test func aGrownGridAddsCellsAndChangesNone() throws {
    let difference = PlanDifference(from: try Self.plan(), to: try Self.plan([("seeds", "3")]))
    #expect(difference.added.count == 4 && difference.removed.isEmpty && difference.changed.isEmpty)
    #expect(difference.addedValues == ["seed: 2"])
    let back = PlanDifference(from: try Self.plan([("seeds", "3")]), to: try Self.plan())
    #expect(back.removed.count == 4 && back.removedValues == ["seed: 2"] && back.same == 8)
  }

  @Test func aChangedOptionIsNamedWithItsValues() throws {
    let difference = PlanDifference(from: try Self.plan(), to: try Self.plan([("training.epochs", "3")]))
    #expect(difference.changed.count == 8)
    #expect(difference.changes.map(\.text) == ["training.epochs: 2 -> 3"] && difference.changes[0].cells == 8)
  }

  @Test func aChangedSourceIsTheReasonOfThoseThatReadIt() throws {
    let difference = PlanDifference(
      from: try Self.plan(), to: try Self.plan([("weights.resnet_micro.pretrain.epochs", "2")]))
    #expect(difference.changed.count == 4 && difference.same == 4)
    #expect(difference.changes.map(\.text) == ["pretrain.training.epochs: 1 -> 2"])
  }

  @Test func aFurtherAnalysisIsSaid() throws {
    let difference = PlanDifference(from: try Self.plan(), to: try Self.plan([("analyses", "[test, knn]")]))
    #expect(difference.changes.map(\.text) == ["also asks for knn"] && difference.changes[0].cells == 8)
  }

  @Test func aMovedVersionIsSaid() throws {
    let versions = try #require(KindVersions("train=2"))
    let difference = PlanDifference(from: try Self.plan(), to: try Self.plan(versions: versions))
    #expect(difference.changes.map(\.text) == ["version of train: 1 -> 2"] && difference.changes[0].cells == 8)
  }

  @Test func anAcceptedVersionKeepsAllKeys() throws {
    let accepted = Acceptance(kind: .train, from: 1, to: 2, by: "anna@node", date: "today", note: "")
    let versions = try #require(KindVersions("train=2")).accepting([accepted])
    #expect(versions[.train] == 1 && versions.ofCode(.train) == 2)
    #expect(PlanDifference(from: try Self.plan(), to: try Self.plan(versions: versions)).isEmpty)
  }

  @Test func whatStaleCausesAreSaid() throws {
    let plan = try Self.plan()
    let place = try #require(plan.stages.kinds.firstIndex(of: .dataset))
    let reasons = plan.reasons(
      records: Array(repeating: nil, count: plan.stages.count), stale: [place: .content(doneOn: "2026-01-01")])
    #expect(reasons.values[place] == .stale(.content(doneOn: "2026-01-01")) && reasons.values[place].wouldRun)
    #expect(reasons.values[place].sentence { $0.short }.contains("have changed since they were read on 2026-01-01"))
  }
}
