import Planner
import Store
import Testing
import WorkerProtocol

@Suite("Results for reports")
struct ResultsTests {
  static func cell(_ seed: Int, _ dataset: Stage, _ train: Stage, _ test: Stage) -> Cell {
    Cell(
      id: CellID("derma/resnet18/1/WT/\(seed)"), dataset: "derma", backbone: "resnet18", fraction: 1,
      initialisation: "WT", seed: seed, furtherAxes: [],
      stages: [.dataset: dataset.key, .train: train.key, .test: test.key], metric: "accuracy")
  }

  @Test func eachCellSaysHowItStands() throws {
    let folder = try TestFolder()
    let workspace = try Workspace.open(folder.workspace, command: "test")
    let journal = try RunJournal(workspace: workspace)
    let dataset = try TestFolder.stage("0", .dataset)
    let trains = try "12345".map { try TestFolder.stage($0, inputs: [dataset]) }
    let tests = try zip("abcde", trains).map { try TestFolder.stage($0, .test, inputs: [$1]) }
    let cells = (0..<5).map { Self.cell($0, dataset, trains[$0], tests[$0]) }
    try workspace.record(
      StudySource(name: "study", file: "study.yaml", text: "study: study\n", facts: ["host": "here"]))
    try workspace.finish(
      dataset, journal,
      StageOutcome(facts: [
        "classes": ["benign", "malignant"], "images": ["train": 70, "val": 15, "test": 15], "unreadable": 2,
      ]))
    let entry = HistoryEntry(
      step: 3, epoch: 1, learningRate: 1e-3, trainingLoss: 0.5, validationLoss: 0.25, validationMetric: 0.75)
    // Done; diverged; failed in training; failed in testing; not yet run.
    try workspace.finish(trains[0], journal, StageOutcome(history: [entry]), files: true)
    try workspace.finish(
      tests[0], journal, StageOutcome(metrics: [MetricValue(split: "test", name: "accuracy", value: 0.1 + 0.2)]))
    try workspace.finish(trains[1], journal, StageOutcome(diverged: true))
    try workspace.fail(trains[2], journal, StageFailure(.spec, "no such layer\nsecond line"))
    try workspace.finish(trains[3], journal)
    try workspace.fail(tests[3], journal, StageFailure(.crash, "it died"))

    let plan = TestFolder.plan([dataset] + trains + tests, cells: cells)
    let results = try Workspace.openForReading(folder.workspace).results(of: plan)
    #expect(results.cells.map(\.state) == [.done, .diverged, .failed, .failed, .missing])
    #expect(
      results.cells.map(\.reason) == [
        nil, "its loss stopped being finite", "train 3 failed: no such layer", "test d failed: it died", "not yet run",
      ])
    #expect(results.cells[0].score == 0.1 + 0.2)
    #expect(results.cells[0].history == [entry])
    // Read before the plan is there, it is the same.
    let meanwhile = try Workspace.openForReading(folder.workspace).results(expecting: 1000) { plan }
    #expect(meanwhile.cells.map(\.state) == results.cells.map(\.state))
    #expect(meanwhile.cells.map(\.reason) == results.cells.map(\.reason))
    #expect(meanwhile.cells.map(\.metrics) == results.cells.map(\.metrics))
    #expect(meanwhile.cells.map(\.history) == results.cells.map(\.history))
    #expect(meanwhile.datasets == results.datasets && meanwhile.provenance == results.provenance)
    #expect(results.backbones == ["resnet18"])
    #expect(
      results.datasets == [
        DatasetResult(
          name: "derma", metric: "accuracy", classes: ["benign", "malignant"], trainingImages: 70, validationImages: 15,
          testImages: 15, unreadable: 2)
      ])
    #expect(results.provenance["study_file"] == "study.yaml" && results.provenance["host"] == "here")
  }

  @Test func aFailedInputIsTheReason() throws {
    let folder = try TestFolder()
    let workspace = try Workspace.open(folder.workspace, command: "test")
    let journal = try RunJournal(workspace: workspace)
    let source = try TestFolder.stage("f", .dataset)
    let dataset = try TestFolder.stage("0", .pretrain, inputs: [source])
    let train = try TestFolder.stage("1", inputs: [dataset])
    let test = try TestFolder.stage("a", .test, inputs: [train])
    try workspace.fail(source, journal, StageFailure(.data, "x.png is truncated"))
    var cell = Self.cell(0, dataset, train, test)
    cell = Cell(
      id: cell.id, dataset: cell.dataset, backbone: cell.backbone, fraction: 1, initialisation: "WT", seed: 0,
      furtherAxes: [], stages: [.train: train.key, .test: test.key], metric: "accuracy")
    let results = try workspace.results(of: TestFolder.plan([source, dataset, train, test], cells: [cell]))
    #expect(results.cells[0].state == .missing)
    #expect(results.cells[0].reason == "waits for dataset f, which failed: x.png is truncated")
  }

  @Test func aDivergedTrainingsHistoryIsKept() throws {
    let folder = try TestFolder()
    let workspace = try Workspace.open(folder.workspace, command: "test")
    let train = try TestFolder.stage("1")
    let entry = HistoryEntry(
      step: 3, epoch: 1, learningRate: 1e-3, trainingLoss: .nan, validationLoss: .infinity, validationMetric: 0)
    try workspace.finish(train, try RunJournal(workspace: workspace), StageOutcome(diverged: true, history: [entry]))
    let back = try #require(try workspace.dossier(of: train.key)?.outcome?.history.first)
    #expect(back.trainingLoss.isNaN && back.validationLoss == .infinity && back.validationMetric == 0)
  }
}
