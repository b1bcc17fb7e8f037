import Foundation
import Planner
import Testing

/// Results from elsewhere beside a study's own, and tables in other forms.
@Suite(.serialized) struct ImportTests {
  private func graft(_ arguments: [String], in folder: TemporaryFolder) throws -> GraftProcess.Result {
    try GraftProcess.run(arguments, in: folder)
  }

  @Test(.timeLimit(.minutes(2))) func whatIsImportedStandsBesideTheStudysOwn() throws {
    let folder = try TemporaryFolder()
    try folder.write(Studies.small(), to: "small.yaml")
    try folder.write(
      """
      dataset,backbone,init,seed,accuracy,quadratic_kappa
      grading,resnet_micro,RI,0,0.5,0.4
      grading,resnet_micro,RI,1,0.52,0.42
      grading,resnet_micro,WT,0,0.7,0.65
      grading,resnet_micro,WT,1,0.72,
      """, to: "published.csv")
    let imported = try graft(["import", "small.yaml", "published.csv"], in: folder)
    #expect(
      imported.status == 0
        && imported.output.hasPrefix("7 results of 4 runs stand beside small as source published"), "\(imported.errors)"
    )
    let report = try graft(["report", "small.yaml"], in: folder)
    #expect(report.output.contains("0 of 12 cells and 4 imported"), "\(report.output) \(report.errors)")
    let cells = try folder.text("results/small/cells.csv")
    let row = #/published:grading/resnet_micro/1\.0/RI/0,.*,published,RI,0,done,imported from published\.csv on /#
    #expect(cells.contains(row))
    let gains = try folder.text("results/small/gains.csv")
    #expect(gains.contains("grading,resnet_micro,1,published,quadratic_kappa"))
    #expect(try folder.text("results/small/report.html").contains("named by their source: published"))

    // The same source again stands in place of what it had.
    try folder.write(
      "dataset,backbone,init,metric,value\ngrading,resnet_micro,RI,test_kappa,0.5\n", to: "published.csv")
    #expect(try graft(["import", "small.yaml", "published.csv"], in: folder).output.hasPrefix("1 results of 1 runs"))
    let unknown = try graft(["import", "small.yaml", "--remove", "--source", "publisht"], in: folder)
    #expect(unknown.status == 64 && unknown.errors.contains("its sources: published"), "\(unknown.errors)")
    #expect(try graft(["import", "small.yaml", "--remove", "--source", "published"], in: folder).status == 0)
    #expect(try graft(["report", "small.yaml"], in: folder).output.contains("0 of 12 cells;"))
    #expect(!(try folder.text("results/small/cells.csv").contains("imported")))
  }

  /// What the study's released code leaves of a model.
  @Test(.timeLimit(.minutes(1))) func metricsOfTheReleasedCodeAreTaken() throws {
    let folder = try TemporaryFolder()
    try folder.write(Studies.small(), to: "small.yaml")
    try folder.write(
      #"{"test_loss": 0.6, "test_accuracy": 0.81, "test_kappa": 0.9, "iters": 800}"#,
      to: "results/deit_tul_5-run_3/metrics_results.json")
    let path = "results/deit_tul_5-run_3/metrics_results.json"
    let lost = try graft(["import", "small.yaml", path], in: folder)
    #expect(lost.status == 64 && lost.errors.contains("--dataset, --backbone"), "\(lost.errors)")
    let taken = try graft(
      ["import", "small.yaml", path, "--dataset", "grading", "--backbone", "deit_small", "--source", "released"],
      in: folder)
    #expect(taken.output.hasPrefix("2 results of 1 runs"), "\(taken.errors)")
    #expect(try graft(["report", "small.yaml"], in: folder).status == 0)
    #expect(try folder.text("results/small/cells.csv").contains("released:grading/deit_small/1.0/WT-ST-5/3"))
  }

  @Test(
    .timeLimit(.minutes(1)),
    arguments: [
      ("init,dataset\nRI,x\n", "line 1: there is no column `backbone`"),
      ("dataset,backbone,init\nx,y,RI\n", "line 1: there is neither a column `metric`"),
      ("dataset,backbone,init,accuracy\nx,y,RT,0.5\n", "line 2: `RT` is no initialisation"),
      ("dataset,backbone,init,accuracy\nx,y,RI,high\n", "line 2: `high` is no number"),
      ("dataset,backbone,init,accuracy,fraction\nx,y,RI,0.5,2\n", "line 2: `fraction` must be above 0"),
      ("dataset,backbone,init,accuracy,seed\nx,y,RI,0.5,1.5\n", "line 2: `seed` must be a whole number"),
      ("dataset,backbone,init,accuracy\nx,y,RI\n", "line 2: it has 3 fields, and the header 4"),
      (
        "dataset,backbone,init,metric,value\nx,y,RI,acuracy,0.5\n",
        "line 2: `acuracy` is no metric: did you mean accuracy?"
      ),
      ("dataset,backbone,init,seed,accuracy\nx,y,RI,0,0.5\nx,y,RI,0,0.6\n", "line 3: the run has its accuracy twice"),
      ("dataset,backbone,init,accuracy\n\"x,y,RI,0.5\n", "a quote is not closed"),
      ("dataset,backbone,init,accuracy\n", "no row of it has a result"),
    ])
  func whatCannotBeTakenIsSaid(text: String, message: String) throws {
    let folder = try TemporaryFolder()
    try folder.write(Studies.small(), to: "small.yaml")
    try folder.write(text, to: "table.csv")
    let result = try graft(["import", "small.yaml", "table.csv"], in: folder)
    #expect(result.status == 65 && result.errors.contains("table.csv: error: \(message)"), "\(result.errors)")
    #expect(result.errors.contains("nothing was imported"))
  }

  @Test(.timeLimit(.minutes(2))) func tablesComeInOtherForms() throws {
    let folder = try TemporaryFolder()
    try folder.write(Studies.small(), to: "small.yaml")
    try folder.write(
      """
      dataset,backbone,init,seed,accuracy,quadratic_kappa
      grading,1,RI,0,0.5,0.4
      grading,1,RI,1,0.7,0.42
      """, to: "elsewhere.csv")
    #expect(try graft(["import", "small.yaml", "elsewhere.csv"], in: folder).status == 0)
    let json = try graft(["export", "small.yaml", "--table", "settings", "--format", "json"], in: folder).output
    let rows = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [[String: Any]])
    let row = try #require(
      rows.first { $0["source"] as? String == "elsewhere" && $0["metric"] as? String == "accuracy" })
    #expect(row["mean"] as? Double == 0.6 && row["backbone"] as? String == "1" && row["n"] as? Int == 2)
    let wide = try graft(["export", "small.yaml", "--wide", "--format", "json"], in: folder).output
    let cells = try #require(try JSONSerialization.jsonObject(with: Data(wide.utf8)) as? [[String: Any]])
    #expect(cells.count == 14)
    let cell = try #require(cells.first { ($0["cell"] as? String)?.hasPrefix("elsewhere:") == true })
    #expect(cell["test.accuracy"] as? Double == 0.5 && cell["test.quadratic_kappa"] as? Double == 0.4)
    let settings = try graft(["export", "small.yaml", "--table", "settings", "--wide"], in: folder).output
    #expect(settings.contains(",RI.mean,") && settings.contains(",WT.n,"))
    let strict = try graft(["export", "small.yaml", "--table", "settings", "--wide", "--crlf"], in: folder).output
    #expect(strict == CSVText.withCRLF(settings) && strict.hasSuffix("\r\n"))
    #expect(try graft(["export", "small.yaml", "--format", "json", "--crlf"], in: folder).status == 64)
    let none = try graft(["export", "small.yaml", "--table", "gains", "--wide"], in: folder)
    #expect(none.status == 64 && none.errors.contains("has no wide form"))
    let stages = try graft(["export", "small.yaml", "--table", "stages"], in: folder).output
    #expect(stages.hasPrefix("stage,kind,label,reason,cells,inputs,attempts,seconds\n"))
    #expect(stages.split(separator: "\n").count { $0.contains(",train,") } == 12)
  }
}
