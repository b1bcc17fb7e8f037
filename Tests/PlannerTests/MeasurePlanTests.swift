import Planner
import Testing

/// Analyses as stages of a plan.
@Suite struct MeasurePlanTests {
  static let base = """
    study: measures
    axes: {dataset: [grading, screening], backbone: [resnet_micro], fraction: [0.5, 1.0], init: [RI, ST, WT]}
    seeds: 2
    datasets:
      shapes: {format: phantom, domain: source, images: {train: 100, val: 20, test: 20}}
      grading: {format: phantom, domain: grading, images: {train: 100, val: 20, test: 20}}
      screening: {format: phantom, domain: screening, images: {train: 100, val: 20, test: 20}}
    weights: {resnet_micro: {pretrain: {dataset: shapes}}}
    """

  func plan(_ analyses: String, only filter: String? = nil, in text: String = base) throws -> Plan {
    try StudyReader.read(text: "\(text)\n\(analyses)\n", fileName: "study.yaml")
      .plan(contents: [:], filter: filter.map { try CellFilter($0) })
  }

  func count(_ plan: Plan, _ kind: StageKind) -> Int { plan.stages.count { $0.kind == kind } }

  /// 2 x 2 x 3 x 2 = 24 cells.
  @Test(arguments: [
    ("knn", StageKind.knn, 24), ("layer_importance", .layerImportance, 24), ("l2", .l2, 24), ("cka", .cka, 24),
    ("embedding", .embedding, 24),
    // Of each cell as trained and as it began; of the source once for each data set at fraction 1, and for each seed below.
    ("layerwise_knn", .layerwiseKNN, 24 * 2 + 2 * (1 + 2)),
    // A pair for each data set, fraction and seed.
    ("cross_cka", .crossCKA, 8),
    ("{name: distance, backbone: resnet_micro, source: shapes}", .distance, 2),
    ("{name: test_bootstrap, draws: 200}", .testBootstrap, 24),
  ])
  func aStageForEachCellThatIsLookedAt(analysis: String, kind: StageKind, stages: Int) throws {
    let plan = try plan("analyses: [\(analysis)]")
    #expect(count(plan, kind) == stages)
    // What was there before is as it was.
    let before = try self.plan("analyses: [test]")
    #expect(Set(before.stages.map(\.key)).isSubset(of: plan.stages.map(\.key)))
    let places = Dictionary(uniqueKeysWithValues: plan.stages.enumerated().map { ($1.key, $0) })
    for (place, stage) in plan.stages.enumerated() {
      for input in stage.inputs { #expect(try #require(places[input.key]) < place, "\(stage.label)") }
    }
  }

  @Test func aPairIsOfOneSeedAndMadeEvenWhereOneOfItIsNotWanted() throws {
    let plan = try plan("analyses: [cross_cka]", only: "dataset=grading,fraction=1,init=WT,seed=1")
    let cell = try #require(plan.cells.first)
    #expect(plan.cells.count == 1 && cell.measures.map(\.partner) == ["ST"])
    let stage = try #require(plan.stages.first { $0.kind == .crossCKA })
    let trainings = stage.inputs.filter { $0.role != "dataset" }.compactMap { input in
      plan.stages.first { $0.key == input.key }
    }
    #expect(
      trainings.map(\.label) == [
        "train grading/resnet_micro/1.0/WT/1", "train grading/resnet_micro/1.0/ST/1",
      ])
    #expect(try PairParameters(stage.parameters).canonical == stage.parameters)
  }

  @Test func aCellOfTwoBlocksIsAskedForWhatBothAsk() throws {
    let plan = try plan(
      """
      analyses: [knn]
      blocks:
        - {axes: {dataset: [grading]}, analyses: [l2, knn, {name: knn, k: 20}]}
        - {axes: {dataset: [grading], init: [RI]}, seeds: [0]}
      """)
    for cell in plan.cells {
      #expect(
        cell.measures.map(\.kind) == (cell.dataset == "grading" ? [.knn, .l2, .knn] : [.knn]), "\(cell.id)")
    }
    #expect(count(plan, .knn) == 24 + 12)
  }

  @Test func anOptionAtItsDefaultIsNoOtherStage() throws {
    let plain = try plan("analyses: [knn, cka]")
    let spelt = try plan(
      """
      analyses:
        - {name: knn, k: 200, temperature: 0.1, bank: fraction}
        - {name: cka, estimator: unbiased, batch_size: 64, probe: branch}
      """)
    #expect(plain.stages.map(\.key) == spelt.stages.map(\.key))
    let other = try plan("analyses: [{name: knn, k: 100}, {name: cka, estimator: released}]")
    for kind in [StageKind.knn, .cka] {
      let keys = [plain, other].map { plan in Set(plan.stages.filter { $0.kind == kind }.map(\.key)) }
      #expect(keys[0].isDisjoint(with: keys[1]))
    }
  }

  @Test func parametersAreReadAsTheyAreWritten() throws {
    let plan = try plan(
      """
      analyses: [knn, layerwise_knn, {name: layer_importance, mode: rerand}, l2, cka, embedding, test_bootstrap,
        {name: distance, backbone: resnet_micro, source: shapes}]
      """)
    for stage in plan.stages {
      let again: JSONValue? =
        switch stage.kind {
        case .layerwiseKNN where !stage.inputs.contains { $0.role == "model" }:
          try SourceMeasureParameters(stage.parameters, of: stage.kind).canonical
        case .knn, .layerwiseKNN, .layerImportance, .l2, .cka, .embedding, .testBootstrap:
          try MeasureParameters(stage.parameters, of: stage.kind).canonical
        case .distance: try DistanceParameters(stage.parameters).canonical
        default: nil
        }
      if let again { #expect(again == stage.parameters, "\(stage.label)") }
    }
  }

  /// It looks at a test's predictions, and at no model.
  @Test func testSetsAreDrawnFromWhatATestLeft() throws {
    let plan = try plan("analyses: [test_bootstrap]")
    let stage = try #require(plan.stages.first { $0.kind == .testBootstrap })
    #expect(stage.inputs.map(\.role) == ["dataset", "test"])
    #expect(plan.stages.first { $0.key == stage.inputs[1].key }?.kind == .test)
    #expect(stage.parameters["draws"]?.intValue == 1000)
  }

  @Test func aFileOfStatisticsIsPartOfTheKey() throws {
    let study = try StudyReader.read(
      text: Self.base + "\nanalyses: [{name: distance, backbone: resnet_micro, statistics: source.npz}]\n",
      fileName: "study.yaml")
    let request = try #require(study.contentRequests.first { $0.path == "source.npz" })
    let keys = ["a", "b"].map { digest in
      study.plan(contents: [request.id: digest], folder: "/f").stages.filter { $0.kind == .distance }
    }
    #expect(keys[0].allSatisfy { $0.locations["statistics"] == "/f/source.npz" })
    #expect(Set(keys[0].map(\.key)).isDisjoint(with: keys[1].map(\.key)))
  }

  @Test func oneAnalysisCanBeAskedOfAnyStudy() throws {
    let study = try StudyReader.read(text: Self.base, fileName: "study.yaml")
    let asked = try study.asking(
      AnalysisSpec.named(.knn, options: [("k", "20"), ("bank", "split")], in: study))
    let plan = asked.plan(contents: [:])
    let written = try self.plan("analyses: [{name: knn, k: 20, bank: split}]")
    #expect(plan.stages.map(\.key) == written.stages.map(\.key))
    let error = #expect(throws: StudyFaults.self) {
      try AnalysisSpec.named(.knn, options: [("k", "0"), ("kk", "1")], in: study)
    }
    #expect(
      error?.description.contains("--option k=0: error: `k` must be a whole number from 1 to 10000, not `0`") == true)
    #expect(throws: StudyFaults.self) {
      try study.asking(AnalysisSpec.named(.distance, options: [("source", "shapes")], in: study))
    }
  }
}
