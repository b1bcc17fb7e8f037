import ArgumentParser
import Foundation
import Planner
import Store
import WorkerProtocol

/// `graft test`: a trained cell's metrics again, or those of a model's file on a cell's test images.
struct TestCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "test", abstract: "Print a trained cell's metrics, measuring what was not measured yet.",
    usage: "graft test \(CellArguments.usage)")

  @OptionGroup var arguments: CellArguments
  @OptionGroup(title: "Running options") var running: RunArguments
  @Option(
    help: ArgumentHelp(
      "Test this file's weights in the cell's backbone on its data set's test images, and record nothing: "
        + "safetensors or torch.save's, head and all.", valueName: "file"), completion: .file())
  var model: String?
  @Flag(help: "Print the metrics as JSON.") var json = false

  func run() async throws {
    let signals = RunSignals()
    let loaded = try arguments.load()
    if let model { return try await test(absolutePath(model), loaded, signals) }
    let (workspace, plan) = try await StudyRun(arguments: running).perform(loaded, signals: signals) {
      plan, workspace in try CellLookup.alone(arguments.what, in: plan, workspace: workspace)
    }
    guard let cell = plan.cells.first else { return }
    let result = try ModelResult(of: cell, in: workspace)
    Console.write(json ? result.json.canonicalText + "\n" : result.text)
  }

  /// Decodes the cell's data set where that is not done yet, and lets a worker test the file on it.
  private func test(_ file: String, _ loaded: LoadedStudy, _ signals: RunSignals) async throws {
    guard FileManager.default.fileExists(atPath: file) else {
      throw CommandFailure(.noSuchFile, "there is no file \(file)", remedy: "name a model's file with --model")
    }
    var whole: Plan?
    let (workspace, plan) = try await StudyRun(arguments: running).perform(loaded, signals: signals) {
      plan, workspace in
      whole = plan
      return try CellLookup.datasetAlone(arguments.what, in: plan, workspace: workspace)
    }
    guard let cell = plan.cells.first, let dataset = plan.stages.first, let stages = whole?.stages,
      let training = stages.first(where: { $0.key == cell.stages[.train] })?.parameters["training"],
      let test = stages.first(where: { $0.key == cell.stages[.test] }),
      let metrics = test.parameters["metrics"]?.arrayValue?.compactMap(\.stringValue),
      let folder = try explaining({ try workspace.dossier(of: dataset.key) })?.artifactFolder
    else { return }
    let options = try running.machine.options(of: plan)
    let request = CheckpointTestRequest(
      file: file, backbone: cell.backbone, training: training, dataset: folder, metrics: metrics,
      threads: options.threadsPerJob, device: options.devices.name(slot: 0))
    let answer: CheckpointTestAnswer = try WorkerProgram.answer("--test-model", to: request)
    switch answer {
    case .failure(let failure): throw CommandFailure(failure, of: cell.id.text)
    case .metrics(let metrics, let images):
      if json {
        let values = Dictionary(metrics.map { ($0.name, JSONValue.number($0.value)) }) { first, _ in first }
        let object: JSONValue = [
          "cell": .string(cell.id.text), "model": .string(file), "images": .number(Double(images)),
          "metrics": ["test": .object(values)],
        ]
        Console.write(object.canonicalText + "\n")
      } else {
        for metric in metrics { Console.writeLine("test \(metric.name) \(metric.value)") }
        Console.writeLine("model \(file)")
      }
    }
  }
}

extension CommandFailure {
  /// What a worker that was started for one answer could not do.
  init(_ failure: StageFailure, of what: String) {
    let status: ExitStatus =
      switch failure.failureClass {
      case .data, .spec: .studyOrData
      case .disk: .cannotWrite
      default: .machineLacks
      }
    self.init(status, "\(what): \(failure.message)", remedy: failure.remedy)
  }
}
