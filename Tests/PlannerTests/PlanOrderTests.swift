import Planner
import Testing

/// The order of stages and cells.
@Suite struct PlanOrderTests {
  static func quickstart() throws -> Plan {
    let studyCase = try #require(StudyCase.all.first { $0.name == "quickstart" })
    let text = try String(contentsOf: studyCase.folder.appending(path: "study.yaml"), encoding: .utf8)
    return try StudyReader.read(text: text, fileName: "quickstart.yaml").plan(contents: [:])
  }

  @Test func theQuickstartSharesItsStages() throws {
    let plan = try Self.quickstart()
    #expect(plan.cells.count == 120)
    let counts = Dictionary(grouping: plan.stages, by: \.kind).mapValues(\.count)
    #expect(counts == [.dataset: 3, .pretrain: 2, .train: 120, .test: 120])
    #expect(Set(plan.stages.map(\.key)).count == plan.stages.count)
  }

  @Test func inputsComeFirst() throws {
    var seen: Set<StageKey> = []
    for stage in try Self.quickstart().stages {
      for input in stage.inputs { #expect(seen.contains(input.key), "\(stage.label) before its \(input.role)") }
      seen.insert(stage.key)
    }
  }

  @Test func everySettingHasItsFirstSeedBeforeTheSecondOfAny() throws {
    let plan = try Self.quickstart()
    let seeds = plan.stages.filter { $0.kind == .train }.compactMap { $0.parameters["seed"]?.intValue }
    #expect(seeds == seeds.sorted())
    let first = plan.stages.filter { $0.kind == .train }.prefix(6).map(\.label)
    #expect(
      first == [
        "train grading/resnet_micro/0.25/RI/0", "train grading/resnet_micro/0.25/ST/0",
        "train grading/resnet_micro/0.25/WT/0", "train grading/resnet_micro/1.0/RI/0",
        "train grading/resnet_micro/1.0/ST/0", "train grading/resnet_micro/1.0/WT/0",
      ])
  }

  @Test func aTestFollowsItsTraining() throws {
    let stages = try Self.quickstart().stages
    for (index, stage) in stages.enumerated() where stage.kind == .train {
      #expect(stages[index + 1].kind == .test)
      #expect(stages[index + 1].inputs.contains(StageInput(role: "model", key: stage.key)))
    }
  }

  @Test func cellsStandInTheOrderOfTheAxes() throws {
    let cells = try Self.quickstart().cells
    #expect(cells[0].id.text == "grading/resnet_micro/0.25/RI/0")
    #expect(cells[1].id.text == "grading/resnet_micro/0.25/RI/1")
    #expect(cells[5].id.text == "grading/resnet_micro/0.25/ST/0")
    #expect(cells[119].id.text == "screening/vit_micro/1.0/WT/4")
  }

  @Test func onlyTransferReadsWeights() throws {
    let plan = try Self.quickstart()
    let stages = Dictionary(uniqueKeysWithValues: plan.stages.map { ($0.key, $0) })
    for cell in plan.cells {
      let train = try #require(cell.stages[.train].flatMap { stages[$0] })
      #expect(train.inputs.map(\.role) == (cell.initialisation == "RI" ? ["dataset"] : ["dataset", "weights"]))
      #expect((cell.stages[.pretrain] != nil) == (cell.initialisation != "RI"))
    }
  }

  @Test func aFilterKeepsWhatItsCellsNeed() throws {
    let studyCase = try #require(StudyCase.all.first { $0.name == "quickstart" })
    let text = try String(contentsOf: studyCase.folder.appending(path: "study.yaml"), encoding: .utf8)
    let study = try StudyReader.read(text: text, fileName: "quickstart.yaml")
    let plan = study.plan(contents: [:], filter: try CellFilter("dataset=grading,init=RI,seed=3,backbone=vit*"))
    #expect(plan.cells.map(\.id.text) == ["grading/vit_micro/0.25/RI/3", "grading/vit_micro/1.0/RI/3"])
    #expect(plan.stages.map(\.kind) == [.dataset, .train, .test, .train, .test])
  }

  @Test func noopStagesAreApart() {
    let plan = Plan.noop(count: 1000)
    #expect(Set(plan.stages.map(\.key)).count == 1000)
    #expect(plan.stages.allSatisfy { $0.inputs.isEmpty && $0.kind == .noop })
  }

  @Test func aLargeGridIsPlannedWhole() throws {
    let text = """
      study: large
      axes: {dataset: [a], backbone: [resnet_micro, vit_micro], fraction: [0.1, 0.5], init: [RI]}
      seeds: 5000
      datasets:
        a: {format: phantom, domain: grading, images: {train: 9, val: 9, test: 9}}
      """
    let study = try StudyReader.read(text: text, fileName: "large.yaml")
    #expect(study.cellCount == 20_000)
    #expect(study.plan(contents: [:]).stages.count == 40_001)
  }
}
