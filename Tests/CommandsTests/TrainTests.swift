import Foundation
import Planner
import Testing

/// One model without a study file, and what it began with.
@Suite(.serialized) struct TrainTests {
  /// A model of a study's data set by a mixture: the same cell as the study's own, trained once.
  @Test(.timeLimit(.minutes(3))) func aModelOfAStudyIsACellOfIt() throws {
    let folder = try TemporaryFolder()
    let text = Studies.small(epochs: 1, seeds: 1).replacing("init: [RI, ST, WT]", with: "init: [WT-ST-1]")
    try folder.write(
      text + "rules: [{when: {init: {min: ST}, backbone: vit*}, set: {training.batch_size: 24, training.epochs: 2}}]\n",
      to: "small.yaml")
    let arguments = [
      "train", "--study", "small.yaml", "--dataset", "grading", "--backbone", "vit_micro", "--init", "WT-ST-1",
    ]

    let shown = try GraftProcess.run(arguments + ["--print-study", "--set", "training.epochs=3"], in: folder)
    #expect(shown.status == 0, "\(shown.errors)")
    #expect(!folder.exists(".graft"))
    let study = try StudyReader.read(text: shown.output, fileName: "shown.yaml")
    #expect(study.cellCount == 1)
    #expect(shown.output.contains("init: [WT-ST-1]"), "\(shown.output)")
    // What a rule sets for such a cell holds for the model, and what the command line says holds before it.
    let training = try #require(study.plan(contents: [:]).stages.first { $0.kind == .train }?.parameters["training"])
    #expect(training["batch_size"] == 24 && training["epochs"] == 3, "\(shown.output)")

    let misspelt = try GraftProcess.run(
      ["train", "--study", "small.yaml", "--dataset", "grding", "--backbone", "vit_micro"], in: folder)
    #expect(misspelt.status == 65 && misspelt.errors.contains("did you mean `grading`?"), "\(misspelt.errors)")

    let trained = try GraftProcess.run(arguments, in: folder)
    try #require(trained.status == 0, "\(trained.errors)")
    let lines = trained.output.split(separator: "\n").map(String.init)
    #expect(lines.first == "cell grading/vit_micro/1.0/WT-ST-1/0", "\(trained.output)")
    #expect(lines.contains { $0.hasPrefix("test quadratic_kappa ") }, "\(trained.output)")
    let model = try #require(lines.first { $0.hasPrefix("model ") }).dropFirst(6)
    #expect(FileManager.default.fileExists(atPath: String(model)))

    // The study finds its cell done, and a second call finds nothing to do and says the same.
    let plan = try GraftProcess.run(
      ["plan", "small.yaml", "--only", "backbone=vit_micro", "--format", "json"], in: folder)
    #expect(plan.output.contains("\"stages_to_run\":0"), "\(plan.output)")
    let again = try GraftProcess.run(arguments, in: folder)
    #expect(again.output == trained.output && again.errors.contains("nothing to run"), "\(again.errors)")
    let json = try GraftProcess.run(arguments + ["--json"], in: folder)
    let result = try JSONDecoder().decode(JSONValue.self, from: Data(json.output.utf8))
    #expect(result["metrics"]?["test"]?["quadratic_kappa"]?.doubleValue != nil, "\(json.output)")
    #expect(result["model"]?.stringValue == String(model))

    let tested = try GraftProcess.run(["test", "small.yaml", "grading/vit_micro/1.0/WT-ST-1/0"], in: folder)
    #expect(tested.status == 0 && tested.output == trained.output, "\(tested.errors)")
    let byKey = try GraftProcess.run(
      ["test", "small.yaml", try #require(result["train_key"]?.stringValue), "--json"], in: folder)
    #expect(byKey.output == json.output, "\(byKey.errors)")
    let untrained = try GraftProcess.run(["test", "small.yaml", "backbone=resnet_micro"], in: folder)
    #expect(untrained.status == 66 && untrained.errors.contains("not trained yet"), "\(untrained.errors)")

    try explain(folder)
  }

  /// The trained cell explained: by treatment, and tensor by tensor.
  private func explain(_ folder: TemporaryFolder) throws {
    let cell = "grading/vit_micro/1.0/WT-ST-1/0"
    let whole = try GraftProcess.run(["explain", "small.yaml", cell], in: folder)
    #expect(whole.output.contains("  began    kept "), "\(whole.output)")
    #expect(whole.output.contains("  began    sampled "), "\(whole.output)")
    let tensors = try GraftProcess.run(["explain", "small.yaml", cell, "--tensors", "--format", "csv"], in: folder)
    let rows = tensors.output.split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    #expect(rows.first == ["tensor", "depth", "numbers", "treatment", "mean", "sd"], "\(tensors.output)")
    // Of 4 blocks the first two are kept, and so are the patches and positions before them.
    for (tensor, depth, treatment) in [
      ("pos_embed", "-1", "kept"), ("patch_embed.proj.weight", "-1", "kept"), ("blocks.1.mlp.fc2.bias", "1", "kept"),
      ("blocks.2.attn.qkv.weight", "2", "sampled"), ("blocks.3.norm1.weight", "3", "reset"),
      ("norm.bias", "4", "reset"), ("head.weight", "", "fresh"),
    ] {
      let row = try #require(rows.first { $0[0] == tensor }, "\(tensors.output)")
      #expect(row[1] == depth && row[3] == treatment, "\(row)")
      #expect((Double(row[5]) ?? 0 > 0) == (treatment == "sampled"), "\(row)")
    }
    let summary = try GraftProcess.run(["explain", "small.yaml", cell, "--format", "json"], in: folder)
    let list = try JSONDecoder().decode([JSONValue].self, from: Data(summary.output.utf8))
    #expect(list.compactMap { $0["treatment"]?.stringValue } == ["kept", "sampled", "reset", "fresh"])
    #expect(list.compactMap { $0["tensors"]?.intValue }.reduce(0, +) == rows.count - 1)

    let untrained = try GraftProcess.run(
      ["explain", "small.yaml", "grading/resnet_micro/1.0/WT-ST-1/0", "--tensors"], in: folder)
    #expect(untrained.status == 66 && untrained.errors.contains("help:"), "\(untrained.errors)")
  }

  /// A folder of class folders needs no study; images that Graft draws need no folder.
  @Test(.timeLimit(.minutes(3))) func aModelOfOnesOwnImages() throws {
    let folder = try TemporaryFolder()
    let small = ["--set", "training={epochs: 1, batch_size: 8}", "--set", "resources.jobs=1"]
    let drawn = try GraftProcess.run(
      [
        "train", "--dataset", "marks", "--format", "phantom", "--set", "datasets.marks.domain=screening",
        "--set", "datasets.marks.images={train: 24, val: 12, test: 12}", "--backbone", "resnet_micro",
      ] + small, in: folder)
    try #require(drawn.status == 0, "\(drawn.errors)")
    #expect(drawn.output.contains("test roc_auc "), "\(drawn.output)")

    let images = folder.files(under: ".graft/artifacts/dataset").filter { $0.hasSuffix(".png") }.sorted()
    try #require(images.count == 48)
    for (index, image) in images.enumerated() {
      let data = try folder.data(".graft/artifacts/dataset/\(image)")
      try folder.write(data, to: "my images/\(index % 2 == 0 ? "a" : "b")/\(index).png")
    }
    let own = try GraftProcess.run(
      ["train", "--dataset", "my images", "--backbone", "resnet_micro", "--set", "datasets.my-images.store.size=40"]
        + small, in: folder)
    try #require(own.status == 0, "\(own.errors)")
    #expect(own.output.hasPrefix("cell my-images/resnet_micro/1.0/RI/0\n"), "\(own.output)")
    #expect(own.output.contains("test accuracy "), "\(own.output)")
  }

  @Test(
    arguments: [
      (["--dataset", "nowhere"], 64, "there is no folder"),
      (["--dataset", ".", "--init", "WT-ST-9"], 65, "`resnet_micro` has no `WT-ST-9`"),
      (["--dataset", ".", "--init", "WT"], 65, "which has no weights"),
      (["--dataset", ".", "--set", "training.epocs=3"], 65, "did you mean `epochs`?"),
      (["--dataset", ".", "--seed", "one"], 65, "`seeds` must be a whole number"),
      (["--dataset", ".", "--format", "tiff"], 65, "unknown format `tiff`"),
      (["--dataset", ".", "--study", "none.yaml"], 66, "there is no study file none.yaml"),
      (["--dataset", ".", "--set", "x"], 64, "there is no `=` in it"),
      (["--dataset", ".", "--set", "seeds=3"], 64, "these values are 3 cells"),
      (["--dataset", ".", "--init", "WT-ST-*", "--weights", "w.safetensors"], 64, "these values are 6 cells"),
    ] as [([String], Int32, String)])
  func wrongArguments(_ arguments: [String], status: Int32, saying part: String) throws {
    let folder = try TemporaryFolder()
    let result = try GraftProcess.run(["train", "--backbone", "resnet_micro"] + arguments, in: folder)
    #expect(result.status == status, "\(result.errors)")
    #expect(result.errors.contains(part), "\(result.errors)")
    #expect(!folder.exists(".graft"))
  }
}
