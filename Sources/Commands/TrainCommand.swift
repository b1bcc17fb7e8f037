import ArgumentParser
import Planner
import Store
import WorkerProtocol

/// `graft train`: trains and tests one model without a study file, as a run of one cell.
struct TrainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Train and test one model without a study file: a run of one cell.",
    discussion: """
      The data set is one of --study FILE, or a folder. A folder of class folders needs nothing more; of other formats \
      the rest is given by --set, for example: --dataset wounds --format csv --set datasets.wounds.labels=labels.csv \
      --set datasets.wounds.image=file --set datasets.wounds.target=class
      """)

  @OptionGroup var model: ModelArguments
  @OptionGroup(title: "Running options") var running: RunArguments
  @Flag(help: "Print the study of one cell that is run, and run nothing.") var printStudy = false
  @Flag(help: "Print the metrics as JSON.") var json = false

  func run() async throws {
    let signals = RunSignals()
    let file = try model.file()
    if printStudy {
      Console.write(String(decoding: file.data, as: UTF8.self))
      return
    }
    let loaded = try model.load(file)
    let (workspace, plan) = try await StudyRun(arguments: running).perform(loaded, signals: signals)
    guard let cell = plan.cells.first else { return }
    let result = try ModelResult(of: cell, in: workspace)
    Console.write(json ? result.json.canonicalText + "\n" : result.text)
  }
}

/// What became of one trained model.
struct ModelResult {
  let cell: Cell
  /// The file of the best weights; nil where a diverged training left none.
  let modelFile: String?
  let diverged: Bool
  /// By split and name, the validation's first.
  let metrics: [MetricValue]

  /// The file of a `train` stage's artifact that holds the best weights.
  private static let weightsName = "best.safetensors"

  init(of cell: Cell, in workspace: Workspace) throws {
    self.cell = cell
    func dossier(_ kind: StageKind) throws -> StageDossier? {
      try cell.stages[kind].flatMap { key in try explaining { try workspace.dossier(of: key) } }
    }
    let train = try dossier(.train)
    let test = try dossier(.test)
    diverged = train?.outcome?.diverged ?? false
    metrics = (train?.outcome?.metrics ?? []) + (test?.outcome?.metrics ?? [])
    let hasWeights = train?.files.contains { $0.name == Self.weightsName } ?? false
    modelFile = hasWeights ? train?.artifactFolder.map { "\($0)/\(Self.weightsName)" } : nil
  }

  /// Lines for a person, and for scripts that cut them at spaces.
  var text: String {
    var text = "cell \(cell.id)\n"
    if diverged { text += "diverged: its loss stopped being finite\n" }
    for metric in metrics { text += "\(metric.split) \(metric.name) \(metric.value)\n" }
    if let modelFile { text += "model \(modelFile)\n" }
    return text
  }

  var json: JSONValue {
    var bySplit: [String: [String: JSONValue]] = [:]
    for metric in metrics { bySplit[metric.split, default: [:]][metric.name] = .number(metric.value) }
    return [
      "cell": .string(cell.id.text), "diverged": .bool(diverged),
      "metrics": .object(bySplit.mapValues { .object($0) }), "model": modelFile.map { .string($0) } ?? .null,
      "train_key": cell.stages[.train].map { .string($0.hex) } ?? .null,
    ]
  }
}
