import Foundation
import Planner
import Testing

enum JSONDecoding {
  static func value(_ text: String) throws -> JSONValue {
    try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
  }
}

/// Why a stage would run or is skipped.
@Suite struct ReasonTests {
  /// data set, weights, then for RI and WT a training and its test.
  private let plan: Plan
  private let dataset: StageKey
  private let weights: StageKey
  private let trains: [StageKey]
  private let tests: [StageKey]

  init() throws {
    let plan = try KeyTests.plan(KeyTests.base).narrowed(to: "seed=0,fraction=1")
    func keys(_ kind: StageKind) -> [StageKey] { plan.stages.filter { $0.kind == kind }.map(\.key) }
    let shared = try [#require(keys(.dataset).first), #require(keys(.weights).first)]
    self.plan = plan
    dataset = shared[0]
    weights = shared[1]
    trains = keys(.train)
    tests = keys(.test)
  }

  @Test func atFirstAllRuns() {
    let reasons = plan.reasons(records: [:])
    #expect(reasons[dataset] == .notYetRun)
    #expect(reasons[trains[0]] == .inputWillRun(dataset))
    #expect(reasons[tests[1]] == .inputWillRun(trains[1]))
    #expect(reasons.values.allSatisfy { $0.wouldRun })
  }

  @Test func whatIsDoneIsSkipped() {
    let all = Dictionary(uniqueKeysWithValues: plan.stages.map { ($0.key, RecordedStage.done(hasArtifact: true)) })
    #expect(plan.reasons(records: all).values.allSatisfy { $0 == .done })
  }

  @Test func aMissingArtifactRunsAlone() {
    var records = Dictionary(uniqueKeysWithValues: plan.stages.map { ($0.key, RecordedStage.done(hasArtifact: true)) })
    records[weights] = .done(hasArtifact: false)
    let reasons = plan.reasons(records: records)
    #expect(reasons.countToRun == 1)
    #expect(reasons[weights] == .artifactMissing)
  }

  @Test func aFailureHoldsBackOnlyWhatReadsIt() {
    let records: [StageKey: RecordedStage] = [dataset: .done(hasArtifact: true), weights: .failed]
    let kept = plan.reasons(records: records, retriesFailures: false)
    #expect(kept[weights] == .failed)
    #expect(kept[trains[0]] == .notYetRun)
    #expect(kept[trains[1]] == .inputFailed(weights))
    #expect(kept[tests[1]] == .inputFailed(trains[1]))
    let retried = plan.reasons(records: records)
    #expect(retried[weights] == .failedBefore)
    #expect(retried[trains[1]] == .inputWillRun(weights))
  }

  @Test func anInterruptedTrainingGoesOn() {
    let records: [StageKey: RecordedStage] = [
      dataset: .done(hasArtifact: true), weights: .done(hasArtifact: true), trains[0]: .stopped, trains[1]: .running,
    ]
    let reasons = plan.reasons(records: records)
    #expect(reasons[trains[0]] == .interrupted)
    #expect(reasons[trains[1]] == .running)
  }

  @Test func sentencesNameStages() {
    let labels = Dictionary(uniqueKeysWithValues: plan.stages.map { ($0.key, $0.label) })
    #expect(
      StageReason.inputFailed(weights).sentence { labels[$0] ?? "?" }
        == "It waits for weights resnet_micro, which failed.")
  }

  @Test func theGraphJoinsStagesAlike() throws {
    let dot = PlanGraph(try PlanOrderTests.quickstart()).dot
    #expect(dot.hasPrefix("digraph \"quickstart\" {\n"))
    #expect(dot.contains("[label=\"train grading, resnet_micro x 30\"];"))
    #expect(dot.contains("[label=\"pretrain vit_micro on shapes\"];"))
    #expect(dot.count { $0 == "\n" } == 3 + 13 + 18 + 1)
  }
}

extension Plan {
  /// The plan with those cells alone that a filter means.
  fileprivate func narrowed(to filter: String) throws -> Plan {
    let filter = try CellFilter(filter)
    let cells = cells.filter(filter.matches)
    let needed = Set(cells.flatMap(\.stages.values))
    return Plan(study: study, cells: cells, stages: stages.filter { needed.contains($0.key) }, resources: resources)
  }
}
