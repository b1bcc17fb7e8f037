import Engine
import Foundation
import Planner
import Stages
import Testing
import WorkerProtocol

/// Measures of a trained model as stages.
@Suite struct MeasureTests {
  static let study =
    smallStudy.replacing("init: [RI, ST, WT]", with: "init: [ST, WT]") + "\n" + """
      analyses:
        - {name: knn, k: 15}
        - {name: layerwise_knn, k: 15}
        - layer_importance
        - {name: layer_importance, mode: rerand}
        - l2
        - {name: cka, batch_size: 16}
        - cka
        - {name: cka, estimator: released, probe: residual}
        - cross_cka
        - embedding
        - {name: distance, backbone: resnet_micro, source: shapes}
      """

  /// Every stage of a model given its companions and one worker's memory, as a run does it.
  private func runTogether(_ run: InProcessRun) throws {
    let dispatcher = StageDispatcher()
    for (index, stage) in run.plan.stages.enumerated() {
      var request = run.request(for: stage)
      let model = stage.kind.isModelMeasure ? stage.inputs.first { $0.role == "model" }?.key : nil
      if let model {
        request.companions = run.plan.stages[(index + 1)...].filter { other in
          other.kind.isModelMeasure && other.inputs.contains { $0.role == "model" && $0.key == model }
        }.map { other in
          CompanionStage(
            key: other.key, kind: other.kind, parameters: other.parameters, inputs: run.request(for: other).inputs)
        }
      }
      try run.run(stage, request, by: dispatcher)
    }
  }

  /// What a stage finds does not depend on who shares its passes.
  @Test(.timeLimit(.minutes(5))) func togetherIsAsAlone() throws {
    let alone = try InProcessRun(Self.study)
    try alone.runAll()
    let together = try InProcessRun(Self.study)
    try runTogether(together)
    #expect(alone.plan.stages.count { $0.kind.isModelMeasure } == 4 * (1 + 1 + 2 + 2 + 1 + 3 + 1) + 2)
    for stage in alone.plan.stages {
      #expect(alone.outcomes[stage.key] == together.outcomes[stage.key], "\(stage.label)")
      for name in try FileManager.default.contentsOfDirectory(atPath: alone.artifact(stage.key)).sorted() {
        let files = [alone, together].map { FileManager.default.contents(atPath: "\($0.artifact(stage.key))/\(name)") }
        #expect(files[0] == files[1], "\(stage.label): \(name)")
      }
    }
    try check(alone)
  }

  /// What the numbers must be, whatever they are.
  private func check(_ run: InProcessRun) throws {
    func layers(_ stage: Stage) -> LayerMeasures { LayerMeasures(facts: run.outcomes[stage.key]?.facts ?? [:]) }
    for stage in run.stages(.cka) {
      let matrices = layers(stage).matrices
      #expect(
        matrices.map { [$0.rows.state, $0.columns.state] } == [
          [.initial, .initial], [.trained, .initial], [.trained, .trained],
        ])
      for matrix in [matrices[0], matrices[2]] {
        let count = matrix.rows.layers.count
        for row in 0..<count {
          #expect(abs((matrix.values[row * count + row] ?? 0) - 1) < 1e-9)
          for column in 0..<count {
            let pair = (matrix.values[row * count + column] ?? 9, matrix.values[column * count + row] ?? 8)
            #expect(abs(pair.0 - pair.1) < 1e-9)
          }
        }
      }
    }
    for stage in run.stages(.layerImportance) {
      let outcome = try #require(run.outcomes[stage.key])
      let test = try #require(run.stages(.test).first { $0.inputs.contains { $0.key == stage.inputs[1].key } })
      let metric = try TestParameters(test.parameters).primary.rawValue
      #expect(outcome.metrics.first?.value == run.outcomes[test.key]?.metrics.first { $0.name == metric }?.value)
      #expect(layers(stage).series.map(\.metric) == [metric, "relative_\(metric)"])
    }
    for stage in run.stages(.l2) {
      let series = layers(stage).series
      #expect(series[0].values.allSatisfy { ($0 ?? 0) > 0 })
      #expect(!series[1].layers.contains { $0.contains("norm") || $0.contains(".bn") })
    }
    // A model of weight transfer begins as the source is, but for its head.
    for source in run.stages(.layerwiseKNN) where !source.inputs.contains(where: { $0.role == "model" }) {
      let backbone = try SourceMeasureParameters(source.parameters, of: .layerwiseKNN).backbone
      let begun = try #require(
        run.stages(.layerwiseKNN).first { $0.label.hasSuffix("\(backbone)/0.5/WT/0 (initial)") })
      for (own, other) in zip(layers(source).series, layers(begun).series) {
        #expect(own.part == other.part && own.values == Array(other.values.prefix(own.values.count)))
      }
    }
    for stage in run.stages(.distance) {
      let outcome = try #require(run.outcomes[stage.key])
      #expect((outcome.facts["distance"]?.doubleValue ?? -1) > 0)
      #expect(outcome.facts["images"]?.intValue == 80 && outcome.facts["width"]?.intValue == 64)
    }
  }

  /// With no room for more than a layer the bank passes once for each, and the votes are the same.
  @Test(.timeLimit(.minutes(3))) func littleRoomTakesMorePasses() throws {
    let run = try InProcessRun(
      smallStudy.replacing("init: [RI, ST, WT]", with: "init: [RI]") + "\nanalyses: [{name: layerwise_knn, k: 15}]\n")
    try run.runAll()
    for stage in run.stages(.layerwiseKNN) where stage.inputs.contains(where: { $0.role == "model" }) {
      let request = run.request(for: stage)
      let passes = ModelPasses(try MeasuredModel(request), budget: 1)
      let parameters = try MeasureParameters(stage.parameters, of: stage.kind)
      let outcome = try LayerwiseKNNStage(request: request, passes: passes).run(StageContext())
      #expect(LayerMeasures(facts: outcome.facts) != LayerMeasures())
      let inOrder = LayerMeasures(facts: outcome.facts)
      #expect(inOrder == LayerMeasures(facts: run.outcomes[stage.key]?.facts ?? [:]), "\(stage.label)")
      let network = try #require(try passes.model.trained())
      #expect(outcome.facts["passes"]?.intValue == network.probes.count)
      #expect(parameters.fraction == 0.5)
    }
  }

  @Test(.timeLimit(.minutes(3))) func aSmallBankSaysSo() throws {
    let run = try InProcessRun(
      smallStudy.replacing("init: [RI, ST, WT]", with: "init: [RI]") + "\nanalyses: [knn, {name: knn, bank: split}]\n")
    try run.runAll()
    #expect(
      run.stages(.knn).map { run.outcomes[$0.key]?.facts["neighbours"]?.intValue } == [40, 80, 40, 80])
    let facts = try #require(run.outcomes[run.stages(.knn)[0].key]?.facts)
    #expect(
      facts["remarks"]?.arrayValue?.compactMap(\.stringValue) == [
        "the bank has 40 images, fewer than k = 200: all vote"
      ])
  }

  /// A model that is not of the weights it says, and one that began otherwise than can be made again.
  @Test(.timeLimit(.minutes(3))) func anotherModelsFilesAreRefused() throws {
    let run = try InProcessRun(
      smallStudy.replacing("init: [RI, ST, WT]", with: "init: [RI]") + "\nanalyses: [knn, l2]\n")
    for stage in run.plan.stages where [.dataset, .pretrain, .train].contains(stage.kind) { try run.run(stage) }
    let trainings = run.stages(.train).map { run.artifact($0.key) }
    let measures = run.stages(.l2)
    // The weights of the other backbone.
    let own = try Data(contentsOf: URL(fileURLWithPath: "\(trainings[0])/best.safetensors"))
    let other = try Data(contentsOf: URL(fileURLWithPath: "\(trainings[1])/best.safetensors"))
    try other.write(to: URL(fileURLWithPath: "\(trainings[0])/best.safetensors"))
    let failure = #expect(throws: StageFailure.self) { try run.run(run.stages(.knn)[0]) }
    #expect(failure?.failureClass == .data)
    try own.write(to: URL(fileURLWithPath: "\(trainings[0])/best.safetensors"))
    try run.run(measures[0])
    // A description of another beginning.
    let path = "\(trainings[0])/model.json"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    let digest = try #require(text.firstMatch(of: /"initial_digest":"([0-9a-f]{64})"/)?.1)
    try text.replacing(digest, with: String(repeating: "0", count: 64)).write(
      toFile: path, atomically: true, encoding: .utf8)
    let changed = #expect(throws: StageFailure.self) { try run.run(measures[0]) }
    #expect(changed?.message.contains("cannot be made again") == true)
  }

  /// A small published data set's study with analyses.
  private func published(_ dataset: String, _ layout: TinyLayout, _ further: String) throws -> InProcessRun {
    let tests = PublishedDataTests()
    return try tests.run(layout, tests.study(dataset, further))
  }

  /// Images that show several findings, some of them unknown.
  @Test(.timeLimit(.minutes(3))) func imagesOfSeveralClassesAreMeasuredToo() throws {
    let run = try published(
      "chexpert", .chexpert,
      """
      analyses: [{name: knn, k: 5}, {name: layerwise_knn, k: 5}, layer_importance, l2, cka, {name: embedding, methods: [pca]}]
      datasets: {chexpert: {uncertain: ignore, split: patient}}
      """)
    try run.runAll()
    let knn = try #require(run.outcomes[run.stages(.knn)[0].key])
    #expect(knn.metrics.map(\.name) == ["roc_auc"] && (0...1).contains(knn.metrics[0].value), "\(knn.metrics)")
    for kind in [StageKind.layerwiseKNN, .layerImportance] {
      for stage in run.stages(kind) {
        let series = LayerMeasures(facts: try #require(run.outcomes[stage.key]).facts).series
        #expect(series[0].metric == "roc_auc" && series[0].values.allSatisfy { (0...1).contains($0 ?? -1) })
      }
    }
    let points = try #require(
      FileManager.default.contents(atPath: run.artifact(run.stages(.embedding)[0].key) + "/points.json"))
    let read = try #require(EmbeddingPoints(json: try JSONDecoder().decode(JSONValue.self, from: points)))
    #expect(read.labels.count == run.outcomes[run.stages(.test)[0].key]?.facts["images"]?.intValue)
  }

  /// A class that the test images have and the training images lack is seen before anything is trained or asked.
  @Test(.timeLimit(.minutes(3))) func aClassThatTheBankWouldLackIsRefused() throws {
    let run = try published(
      "own", .aptos2019,
      """
      analyses: [{name: knn, k: 5}]
      datasets:
        own: {format: csv, labels: labels.csv, image: f, target: c, root: APTOS2019, task: multiclass, metric: accuracy,
              split: {column: part}}
      """)
    var table = "f,c,part\n"
    for number in 0..<60 {
      let part = ["train", "val", "test"][number % 3]
      table += "train_images/img\(number).png,\(number % 3 == 2 ? "rare" : "c\(number / 3 % 2)"),\(part)\n"
    }
    try Data(table.utf8).write(to: run.folder.appending(path: "data/APTOS2019/labels.csv"))
    let failure = #expect(throws: StageFailure.self) { try run.run(run.stages(.dataset)[0]) }
    #expect(
      failure?.failureClass == .data && failure?.message.contains("class rare has no image in the train split") == true)
  }
}
