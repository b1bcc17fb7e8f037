import Foundation
import Testing

/// Analyses by their commands and in a study's run.
@Suite(.serialized) struct MeasureTests {
  /// Every analysis in a run, its report, and single ones of single cells.
  @Test(.timeLimit(.minutes(5))) func analysesOfAStudyAndOfOneCell() throws {
    let folder = try TemporaryFolder()
    let analyses = """
      analyses:
        - {name: knn, k: 10}
        - {name: layerwise_knn, k: 10}
        - layer_importance
        - l2
        - cka
        - cross_cka
        - {name: embedding, methods: [pca]}
        - {name: distance, backbone: resnet_micro, source: shapes}
        - {name: test_bootstrap, draws: 200}
      """
    try folder.write(Studies.small(epochs: 1, seeds: 1) + "\n" + analyses + "\n", to: "small.yaml")
    let run = try GraftProcess.run(["run", "small.yaml", "--quiet"], in: folder)
    try #require(run.status == 0, "\(run.errors)")
    #expect(try GraftProcess.run(["report", "small.yaml"], in: folder).status == 0)
    for figure in ["knn", "layerwise-knn", "layer-importance", "l2", "cka", "cross-cka", "embedding", "convergence"] {
      #expect(folder.exists("results/small/figures/\(figure).svg"), "\(figure)")
    }
    let layers = try GraftProcess.run(["export", "small.yaml", "--table", "layers"], in: folder)
    let kinds = Set(layers.output.split(separator: "\n").dropFirst().map { $0.split(separator: ",")[6] })
    #expect(kinds == ["layerwise_knn", "layer_importance", "l2", "cka", "cross_cka"], "\(kinds)")

    let settings = try GraftProcess.run(["export", "small.yaml", "--table", "settings"], in: folder).output
    #expect(
      settings.contains(",test_bootstrap,quadratic_kappa.sd,") || settings.contains(",test_bootstrap,accuracy.sd,"))
    #expect(try folder.text("results/small/report.html").contains("Test-set uncertainty"))

    // What the run found is not found again; other options are other stages.
    let cell = "grading/resnet_micro/1.0/WT/0"
    let known = try GraftProcess.run(["knn", "small.yaml", cell, "--option", "k=10"], in: folder)
    #expect(known.status == 0 && known.errors.contains("nothing to run"), "\(known.errors)")
    let other = try GraftProcess.run(["knn", "small.yaml", cell, "--option", "k=5", "--format", "csv"], in: folder)
    #expect(other.status == 0 && other.output.hasPrefix("metric,value\naccuracy,"), "\(other.output)")
    let all = try GraftProcess.run(["knn", "small.yaml", cell], in: folder)
    #expect(all.errors.contains("fewer than k = 200: all vote"), "\(all.errors)")

    for (arguments, status, message) in [
      (
        ["knn", "small.yaml", cell, "--option", "kk=5"], Int32(65), "--option kk=5: error: unknown option of `knn` `kk`"
      ),
      (["knn", "small.yaml", cell, "--option", "k"], 64, "--option k: there is no `=` in it"),
      (["cross-cka", "small.yaml", "grading/resnet_micro/1.0/RI/0"], 64, "has no cross_cka"),
      (["distance", "small.yaml", cell, "--option", "source=nowhere"], 65, "unknown data set `nowhere`"),
      (
        ["distance", "small.yaml", cell, "--option", "backbone=resnet_micro", "--option", "statistics=no.npz"], 1,
        "no.npz"
      ),
    ] {
      let result = try GraftProcess.run(arguments, in: folder)
      #expect(result.status == status && result.errors.contains(message), "\(arguments): \(result.errors)")
    }

    try testOfAFile(cell, in: folder)
  }

  /// The metrics of a model's file are those of the cell that it comes from; another's is refused with all that is wrong.
  private func testOfAFile(_ cell: String, in folder: TemporaryFolder) throws {
    let tested = try GraftProcess.run(["test", "small.yaml", cell], in: folder)
    let lines = tested.output.split(separator: "\n").map(String.init)
    let model = try #require(lines.first { $0.hasPrefix("model ") }).dropFirst("model ".count)
    let file = try GraftProcess.run(["test", "small.yaml", cell, "--model", String(model)], in: folder)
    try #require(file.status == 0, "\(file.errors)")
    let metrics = lines.filter { $0.hasPrefix("test ") }
    #expect(metrics.count == 3 && file.output.split(separator: "\n").map(String.init).dropLast() == metrics[...])
    let other = try GraftProcess.run(
      ["test", "small.yaml", "grading/vit_micro/1.0/WT/0", "--model", String(model)], in: folder)
    #expect(other.status == 65 && other.errors.contains("missing: cls_token"), "\(other.errors)")
    let missing = try GraftProcess.run(["test", "small.yaml", cell, "--model", "nowhere.pth"], in: folder)
    #expect(missing.status == 66 && missing.errors.contains("there is no file"), "\(missing.errors)")
  }

  /// A pair whose partner's training fails waits, with that reason, and takes nothing from the others.
  @Test(.timeLimit(.minutes(3))) func aPairWaitsForAPartnerThatFailed() throws {
    let folder = try TemporaryFolder()
    // Statistics transfer alone is asked for more images in a batch than there are: its training fails.
    let text =
      Studies.small(epochs: 1, seeds: 1)
      + "\nanalyses: [cross_cka, l2]\nrules: [{when: {init: ST}, set: {training.batch_size: 5000}}]\n"
    try folder.write(text, to: "small.yaml")
    let run = try GraftProcess.run(["run", "small.yaml", "--quiet"], in: folder)
    #expect(run.status == 1)
    let status = try GraftProcess.run(["status", "small.yaml", "--format", "csv"], in: folder)
    #expect(status.output.contains("cross_cka,2,0,0,0,0,0"), "\(status.output)")
    let explained = try GraftProcess.run(["explain", "small.yaml", "grading/resnet_micro/1.0/WT/0"], in: folder)
    #expect(explained.output.contains("waits for train grading/resnet_micro/1.0/ST/0"), "\(explained.output)")
    #expect(try GraftProcess.run(["report", "small.yaml"], in: folder).status == 0)
    let page = try folder.text("results/small/report.html")
    #expect(page.contains("waits for train grading/resnet_micro/1.0/ST/0"), "the report does not say why")
    let cells = try folder.text("results/small/cells.csv").split(separator: "\n").map(String.init)
    #expect(cells.contains { $0.contains("grading/resnet_micro/1.0/WT/0") && $0.contains(",done,") })
  }
}
