import Engine
import Foundation
import Planner
import Stages
import Testing
import WorkerProtocol

@Suite struct StageTests {
  /// What the engine computes is in the planner's catalogue: the same names, image sizes, depths and parameters.
  @Test(arguments: Engine.Backbone.all.map(\.name)) func theCataloguesAgree(_ name: String) throws {
    let backbone = try #require(Engine.Backbone.named(name))
    let entry = try #require(BackboneCatalogue.named(name), "\(name) cannot be planned")
    #expect(backbone.nativeImageSize == entry.imageSize)
    let network = try backbone.make(classes: 1000)
    #expect(network.parameterCount == entry.parameters)
    let depths = Set(network.tensors.filter { !$0.isHead }.map(\.depth))
    #expect(depths == Set(-1...entry.deepest))
  }

  @Test func theListsAgree() {
    #expect(Set(BackboneCatalogue.all.map(\.name)) == Set(Engine.Backbone.all.map(\.name)))
    #expect(Set(Planner.Metric.allCases.map(\.rawValue)) == Set(Engine.Metric.allCases.map(\.rawValue)))
    #expect(
      Set(Planner.PhantomDomain.allCases.map(\.rawValue)) == Set(PhantomOptions.Domain.allCases.map(\.rawValue)))
  }

  @Test(.timeLimit(.minutes(3))) func everyKindOfStageRunsAndLeavesWhatTheNextOnesRead() throws {
    let run = try InProcessRun(smallStudy)
    try run.runAll()
    #expect(run.stages(.dataset).count == 2)
    #expect(run.stages(.pretrain).count == 2)
    #expect(run.stages(.train).count == 6)
    for stage in run.stages(.train) {
      let outcome = try #require(run.outcomes[stage.key])
      #expect(outcome.history.count == 2)
      #expect(outcome.facts["training_images"]?.intValue == 40)
      #expect(!outcome.diverged)
    }
    // Subsets do not depend on the initialisation.
    let digests = Set(run.stages(.train).compactMap { run.outcomes[$0.key]?.facts["subset_digest"]?.stringValue })
    #expect(digests.count == 1)
  }

  /// Each initialisation of a WT-ST-n curve, from the planner's name to what was done to each tensor.
  @Test(.timeLimit(.minutes(3))) func aCurveOfMixturesTakesTheSourceUpToEachDepth() throws {
    let run = try InProcessRun(
      smallStudy.replacing("[RI, ST, WT]", with: "[WT-ST-*]").replacing("epochs: 2", with: "epochs: 1"))
    try run.runAll()
    // resnet_micro has depths -1 to 3, vit_micro -1 to 4; the ends are ST and WT.
    #expect(run.stages(.train).count == 6 + 7)
    for stage in run.stages(.train) {
      let parameters = try TrainParameters(stage.parameters)
      let limit =
        switch parameters.initialisation {
        case .mixture(let depth): depth
        case .weights: Int.max
        case .statistics, .random: -2
        }
      let path = "\(run.artifact(stage.key))/\(InitialisationRecord.fileName)"
      let data = try #require(FileManager.default.contents(atPath: path))
      let records = try JSONDecoder().decode([JSONValue].self, from: data).map(InitialisationRecord.init)
      #expect(records.contains { $0.depth != nil && $0.treatment != .kept } == (limit < .max), "\(stage.label)")
      for record in records {
        guard let depth = record.depth else {
          #expect(record.treatment == .fresh)
          continue
        }
        let isPositional = ["cls_token", "pos_embed"].contains(record.tensor)
        #expect((record.treatment == .kept) == (depth <= limit || isPositional), "\(stage.label): \(record.tensor)")
      }
    }
  }

  /// A metric computed again from the kept predictions is the metric that was recorded.
  @Test(.timeLimit(.minutes(3))) func predictionsGiveTheMetricsAgain() throws {
    let run = try InProcessRun(smallStudy)
    try run.runAll()
    for stage in run.stages(.test) {
      let outcome = try #require(run.outcomes[stage.key])
      let text = try String(contentsOfFile: run.artifact(stage.key) + "/predictions.csv", encoding: .utf8)
      let rows = text.split(separator: "\n").map { $0.split(separator: ",").map(String.init) }
      let classes = rows[0].dropFirst(2).map { String($0.dropFirst(2).dropLast()) }
      #expect(rows.count == 41)
      var labels: [Int] = []
      var probabilities: [Float] = []
      for row in rows.dropFirst() {
        labels.append(try #require(classes.firstIndex(of: row[1])))
        probabilities += try row.dropFirst(2).map { try #require(Float($0)) }
      }
      for metric in outcome.metrics {
        guard let kind = Engine.Metric(rawValue: metric.name) else {
          Issue.record("the metric \(metric.name) is not the engine's")
          continue
        }
        let again = kind.value(probabilities: probabilities, labels: labels, classes: classes.count)
        #expect(again == metric.value, "\(stage.label): \(metric.name)")
      }
      #expect(outcome.metrics.contains { $0.name == "quadratic_kappa" })
    }
  }

  /// Stopped after any step and run again, a training leaves the same bytes as one that nothing stopped.
  @Test(.timeLimit(.minutes(3))) func aStoppedTrainingGoesOnToTheSameBytes() throws {
    let calm = try InProcessRun(smallStudy)
    let stormy = try InProcessRun(smallStudy)
    try calm.runAll()
    var stops = 0
    for stage in stormy.plan.stages {
      if stage.kind == .train {
        let context = StageContext()
        context.requestStop()
        #expect(throws: StageStopped.self) { try stormy.run(stage, context: context) }
        stops += 1
      }
      try stormy.run(stage)
    }
    #expect(stops == 6)
    for stage in calm.stages(.train) + calm.stages(.test) {
      #expect(stormy.outcomes[stage.key] == calm.outcomes[stage.key], "\(stage.label)")
      for file in ["best.safetensors", "model.json", "predictions.csv"] {
        let path = "/\(file)"
        #expect(
          FileManager.default.contents(atPath: calm.artifact(stage.key) + path)
            == FileManager.default.contents(atPath: stormy.artifact(stage.key) + path), "\(stage.label): \(file)")
      }
    }
  }

  /// The backbone's options reach its network: patches of another size, and drops that change what is learnt.
  @Test(.timeLimit(.minutes(3))) func theBackbonesOptionsReachItsNetwork() throws {
    func trained(_ options: String) throws -> (weights: StateDict, parameters: Int?) {
      let run = try InProcessRun(
        smallStudy.replacing("[resnet_micro, vit_micro]", with: "[vit_micro]")
          .replacing("init: [RI, ST, WT]", with: "init: [RI]")
          .replacing("  image_size: 32", with: "  image_size: 32\n\(options)"))
      try run.runAll()
      let stage = run.stages(.train)[0]
      return (
        try Safetensors.read(run.artifact(stage.key) + "/best.safetensors").tensors,
        run.outcomes[stage.key]?.facts["parameters"]?.intValue
      )
    }
    let plain = try trained("")
    let coarse = try trained("  patch_size: 16\n")
    #expect(plain.weights["patch_embed.proj.weight"]?.shape == [48, 3, 8, 8])
    #expect(coarse.weights["patch_embed.proj.weight"]?.shape == [48, 3, 16, 16])
    #expect(coarse.weights["pos_embed"]?.shape == [1, 5, 48])
    let dropped = try trained("  drop_path: 0.5\n")
    #expect(dropped.parameters == plain.parameters && dropped.weights != plain.weights)
  }

  @Test func missingWeightsSayWhereToPutThem() throws {
    let study =
      smallStudy.replacing("{pretrain: {dataset: shapes, epochs: 1}}", with: "{file: weights/none.safetensors}")
    let run = try InProcessRun(study)
    let stage = try #require(run.stages(.weights).first)
    let failure = #expect(throws: StageFailure.self) { try run.run(stage) }
    #expect(failure?.failureClass == .data)
    #expect(failure?.message.contains("weights/none.safetensors") == true, "\(failure?.message ?? "")")
    #expect(failure?.remedy?.contains("put the backbone's source weights there") == true)
  }

  /// Where weights are published, the error says how to fetch them; for another kind, those.
  @Test(arguments: [
    ("deit_tiny: {file: w.pth}", "`graft fetch weights deit_tiny` fetches deit_tiny_patch16_224-a1311bcf.pth"),
    ("resnet18: {file: w.pth, kind: dino}", "put the backbone's source weights there"),
  ])
  func missingWeightsSayHowToFetchThem(_ weights: String, _ words: String) throws {
    let study = """
      study: missing
      axes: {dataset: [grading], backbone: [\(weights.prefix { $0 != ":" })], init: [WT]}
      seeds: 1
      datasets:
        grading: {format: phantom, domain: grading, images: {train: 8, val: 8, test: 8}, size: 40, seed: 8}
      weights: {\(weights)}
      """
    let run = try InProcessRun(study)
    let stage = try #require(run.stages(.weights).first)
    let failure = #expect(throws: StageFailure.self) { try run.run(stage) }
    #expect(failure?.remedy?.hasPrefix(words) == true, "\(failure?.remedy ?? "")")
  }

  /// Grey images enter by a stem of one channel, and source weights for another image size are resized: both are on record.
  @Test(.timeLimit(.minutes(3))) func stemsAndPositionsAreBroughtToTheCell() throws {
    let study =
      smallStudy.replacing("  image_size: 32\n", with: "  image_size: 48\n  stem: first\n")
      .replacing("size: 40, seed: 8}", with: "size: 60, seed: 8, channels: 1}")
      .replacing("epochs: 1}", with: "epochs: 1, image_size: 32}")
    let run = try InProcessRun(study)
    try run.runAll()
    #expect(run.stages(.train).count == 6)
    for stage in run.stages(.train) {
      let facts = try #require(run.outcomes[stage.key]).facts
      let readsWeights = stage.parameters["initialisation"] != "RI"
      let isTransformer = stage.parameters["backbone"] == "vit_micro"
      #expect(facts["stem"]?.stringValue == (readsWeights ? "first" : nil), "\(stage.label)")
      #expect(
        facts["resized"]?.arrayValue
          == (readsWeights && isTransformer ? ["pos_embed: bicubic from 4 x 4 to 6 x 6 patches"] : nil),
        "\(stage.label)")
      let weights = try Safetensors.read(run.artifact(stage.key) + "/best.safetensors").tensors
      #expect(
        (isTransformer
          ? weights["patch_embed.proj.weight"]?.shape == [48, 1, 8, 8]
          : weights["conv1.weight"]?.shape == [16, 1, 3, 3]))
    }
    #expect(run.stages(.test).allSatisfy { run.outcomes[$0.key]?.metrics.isEmpty == false })
    // On images of three channels, the option has nothing to act on.
    let colour = try InProcessRun(study.replacing(", channels: 1", with: ""))
    try colour.runAll()
    for stage in colour.stages(.train) { #expect(colour.outcomes[stage.key]?.facts["stem"] == nil, "\(stage.label)") }
  }
}
