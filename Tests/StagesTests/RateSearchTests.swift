import Foundation
import Planner
import Stages
import Testing
import WorkerProtocol

/// A learning rate that is searched for, and the cells that train with it.
@Suite struct RateSearchStageTests {
  static func study(_ search: String) -> String {
    """
    study: searched
    axes: {dataset: [grading], backbone: [vit_micro], init: [RI]}
    seeds: 2
    training:
      epochs: 2
      batch_size: 16
      schedule: []
      optimizer: {lr: search}
      lr_search: \(search)
    datasets:
      grading: {format: phantom, domain: grading, images: {train: 64, val: 40, test: 40}, size: 40, seed: 8}
    """
  }

  static func rate(_ run: InProcessRun) throws -> Double {
    let stage = try #require(run.stages(.lrSearch).first)
    let text = try String(contentsOfFile: run.artifact(stage.key) + "/rate.json", encoding: .utf8)
    return try #require(try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))["rate"]?.doubleValue)
  }

  static func rows(_ run: InProcessRun) throws -> [[String]] {
    let stage = try #require(run.stages(.lrSearch).first)
    let text = try String(contentsOfFile: run.artifact(stage.key) + "/rates.csv", encoding: .utf8)
    return text.split(separator: "\n").dropFirst().map { row in
      row.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
  }

  @Test(.timeLimit(.minutes(3))) func theCellsTrainWithTheRateOfTheBestMetric() throws {
    let run = try InProcessRun(
      Self.study("{min_pow: -4, max_pow: -2, resolution: 3, n_epochs: 2, report_intermediate_steps: true}"))
    #expect(run.plan.stages.map(\.kind) == [.dataset, .lrSearch, .train, .test, .train, .test])
    try run.runAll()
    let rate = try Self.rate(run)
    let rows = try Self.rows(run)
    // Three rates of two validations each; the last of each counts, the loss where metrics are equal.
    #expect(rows.count == 6)
    let last = stride(from: 1, to: 6, by: 2).map { rows[$0].compactMap(Double.init) }
    let best = try #require(last.max { ($0[5], -$0[4]) < ($1[5], -$1[4]) })
    #expect(rate == best[0])
    let search = try #require(run.stages(.lrSearch).first)
    let facts = try #require(run.outcomes[search.key]?.facts)
    #expect(facts["learning_rate"]?.doubleValue == rate)
    #expect(facts["form"]?.stringValue == "grid")
    let tried = try #require(facts["tried"]?.arrayValue).compactMap(RateTrial.init)
    #expect(tried.contains { $0.rate == rate && $0.metric != nil })
    for stage in run.stages(.train) {
      let history = try #require(run.outcomes[stage.key]).history
      #expect(history.count == 2 && history.allSatisfy { $0.learningRate == rate })
    }
    // The search's own training with that rate is the first seed's: the same images, the same weights.
    let first = try #require(run.outcomes[run.stages(.train)[0].key]).history.last
    #expect(first?.validationMetric == best[5])
  }

  @Test(.timeLimit(.minutes(3))) func aStoppedSearchGoesOnToTheSameBytes() throws {
    let study = Self.study("{min_pow: -4, max_pow: -2, resolution: 2, n_epochs: 1, random_lr: true}")
    let calm = try InProcessRun(study)
    try calm.runAll()
    let stormy = try InProcessRun(study)
    var stops = 0
    for stage in stormy.plan.stages {
      if stage.kind == .lrSearch {
        while true {
          let context = StageContext()
          context.requestStop()
          do {
            try stormy.run(stage, context: context)
            break
          } catch is StageStopped { stops += 1 }
        }
      } else {
        try stormy.run(stage)
      }
    }
    // Two trainings of four steps; the last step of each ends it.
    #expect(stops == 6)
    #expect(try Self.rows(stormy) == Self.rows(calm))
    for stage in calm.plan.stages { #expect(stormy.outcomes[stage.key] == calm.outcomes[stage.key], "\(stage.label)") }
  }

  @Test(.timeLimit(.minutes(3))) func aRangeTestGivesATenthOfARateThatItTried() throws {
    let run = try InProcessRun(Self.study("{kind: range, min_pow: -5, max_pow: 0, n_epochs: 4}"))
    try run.runAll()
    let rows = try Self.rows(run).map { [$0[0], $0[3]].compactMap(Double.init) }
    #expect(rows.count <= 16)
    let least = try #require(rows.min { $0[1] < $1[1] })
    #expect(try Self.rate(run) == least[0] / 10)
  }

  @Test(.timeLimit(.minutes(3))) func ratesThatAllDivergeAreSaid() throws {
    let study = Self.study("{min_pow: 2.5, max_pow: 3, resolution: 2, n_epochs: 9}")
      .replacing("{lr: search}", with: "{name: sgd, lr: search}\n  gradient_clipping: 0")
    let failure = #expect(throws: StageFailure.self) { try InProcessRun(study).runAll() }
    #expect(failure?.message.contains("no rate from") == true, "\(failure?.message ?? "")")
    #expect(failure?.failureClass == .spec)
    #expect(failure?.remedy == "lower `max_pow` of `lr_search`")
  }
}
